#pragma once
// Subcommands of `orrery sweep`.

#include "tools/orrery/options.h"

namespace orrery {

int sweep_status_command(const Arguments& arguments);
int sweep_export_command(const Arguments& arguments);
int sweep_pareto_command(const Arguments& arguments);
int sweep_merge_command(const Arguments& arguments);
int sweep_diff_command(const Arguments& arguments);
int sweep_submit_command(const Arguments& arguments);

}  // namespace orrery
