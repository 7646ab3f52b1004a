#pragma once
// Subcommands of `orrery sweep`.

#include "tools/orrery/options.h"

namespace orrery {

// "arch.dram.channels=8" among the arguments: a key, changed for all points.
bool is_override(const std::string& argument);

int sweep_status_command(const Arguments& arguments);
int sweep_export_command(const Arguments& arguments);
int sweep_pareto_command(const Arguments& arguments);
int sweep_merge_command(const Arguments& arguments);
int sweep_diff_command(const Arguments& arguments);
int sweep_submit_command(const Arguments& arguments);

}  // namespace orrery
