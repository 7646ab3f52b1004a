#pragma once
// The subcommands. Each gets the arguments after its own name and returns the exit code.

#include <string>
#include <vector>

namespace orrery {

using Arguments = std::vector<std::string>;

int run_command(const Arguments& arguments);
int compare_command(const Arguments& arguments);
int kernel_command(const Arguments& arguments);
int plan_command(const Arguments& arguments);
int explain_command(const Arguments& arguments);
int report_command(const Arguments& arguments);
int serve_command(const Arguments& arguments);
int sweep_command(const Arguments& arguments);
int train_command(const Arguments& arguments);
int trace_command(const Arguments& arguments);
int list_command(const Arguments& arguments);
int check_command(const Arguments& arguments);
int probe_command(const Arguments& arguments);
int validate_command(const Arguments& arguments);
int cost_command(const Arguments& arguments);
int schema_command(const Arguments& arguments);
int doctor_command(const Arguments& arguments);
int store_command(const Arguments& arguments);

}  // namespace orrery
