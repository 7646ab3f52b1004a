#pragma once
// Printing results in the format asked for, timing a command, and progress on a terminal.

#include <chrono>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/report/plot.h"
#include "sim/serve/inference.h"
#include "sim/stats/run_result.h"
#include "sim/util/enum_names.h"
#include "tools/orrery/options.h"

namespace orrery {

enum class OutputFormat : std::uint8_t { table, json, csv };
template <>
struct EnumNames<OutputFormat> {
  static constexpr std::array<const char*, 3> kWords = {"table", "json", "csv"};
};

// --format table, json or csv.
void add_format(po::options_description& options);
OutputFormat format_from(const po::variables_map& values);

// --plot FILE: `what` it shows. check_plot throws UsageError for an ending that no plot has, before anything
// is simulated; draw_plot draws into the file that was asked for, if one was.
void add_plot(po::options_description& options, const char* what);
void check_plot(const po::variables_map& values);
void draw_plot(const po::variables_map& values, const Plot& plot);
void draw_plot(const po::variables_map& values, const BarPlot& plot);

// Prints one result (an object) or several (an array) as JSON, as CSV rows, or as the text `table` makes of
// it.
void print_result(OutputFormat format, const nlohmann::ordered_json& value,
                  const std::function<std::string()>& table);

// Measures from construction on.
class Stopwatch {
 public:
  Stopwatch();
  void stop(RunInfo& info) const;

 private:
  std::chrono::steady_clock::time_point wall_;
  std::clock_t cpu_;
};

// Writes "prefix: phase done/total" over one line of stderr while it is a terminal; nothing otherwise.
class TerminalProgress {
 public:
  explicit TerminalProgress(std::string prefix);
  ~TerminalProgress();
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;
  void show(const char* phase, std::uint64_t done, std::uint64_t total);
  Progress callback();

 private:
  std::string prefix_;
  bool terminal_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace orrery
