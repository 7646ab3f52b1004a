#include "tools/orrery/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>

#include "sim/report/csv.h"
#include "sim/report/plot_file.h"
#include "sim/util/errors.h"

namespace orrery {

namespace {

// JSON cannot say NaN or infinity, and a table must not: what holds one is no result.
void check_numbers(const nlohmann::ordered_json& value, const std::string& name) {
  if (value.is_structured()) {
    for (const auto& [key, item] : value.items()) check_numbers(item, name.empty() ? key : name + "." + key);
  } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    throw SimulationError("result", fmt::format("'{}' came out as {}", name, value.get<double>()));
  }
}

void draw(const po::variables_map& values, const nlohmann::ordered_json& vega, const std::string& said) {
  if (values.count("plot") == 0) return;
  const std::string instead = write_plot(vega, said, values["plot"].as<std::string>());
  if (!instead.empty()) std::cerr << "orrery: " << instead << '\n';
}

}  // namespace

void add_format(po::options_description& options) {
  options.add_options()("format", po::value<std::string>()->default_value("table")->value_name("F"),
                        "table, json or csv");
}

OutputFormat format_from(const po::variables_map& values) {
  return named<OutputFormat>(values["format"].as<std::string>(), "--format");
}

void add_plot(po::options_description& options, const char* what) {
  options.add_options()(
      "plot", po::value<std::string>()->value_name("FILE"),
      (std::string(what) + ": .html, or .svg (Node.js) or .pdf (Chromium) where installed").c_str());
}

void check_plot(const po::variables_map& values) {
  if (values.count("plot") == 0) return;
  const auto path = values["plot"].as<std::string>();
  if (is_plot_file(path)) return;
  throw UsageError("--plot '" + path + "': a plot is a file .html, .svg or .pdf");
}

void draw_plot(const po::variables_map& values, const Plot& plot) {
  draw(values, vega_of(plot), plot.title);
}

void draw_plot(const po::variables_map& values, const BarPlot& plot) {
  draw(values, vega_of(plot), plot.title);
}

void print_result(OutputFormat format, const nlohmann::ordered_json& value,
                  const std::function<std::string()>& table) {
  check_numbers(value, "");
  switch (format) {
    case OutputFormat::json:
      std::cout << value.dump(2) << '\n';
      break;
    case OutputFormat::csv: {
      std::vector<nlohmann::ordered_json> rows = {value};
      if (value.is_array()) rows.assign(value.begin(), value.end());
      std::cout << to_csv(rows);
      break;
    }
    case OutputFormat::table:
      std::cout << table();
      break;
  }
}

Stopwatch::Stopwatch() : wall_(std::chrono::steady_clock::now()), cpu_(std::clock()) {}

void Stopwatch::stop(RunInfo& info) const {
  info.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count();
  info.cpu_s = static_cast<double>(std::clock() - cpu_) / CLOCKS_PER_SEC;
}

TerminalProgress::TerminalProgress(std::string prefix)
    : prefix_(std::move(prefix)), terminal_(isatty(STDERR_FILENO) != 0) {}

TerminalProgress::~TerminalProgress() {
  if (terminal_) std::cerr << "\r\033[K" << std::flush;
}

void TerminalProgress::show(const char* phase, std::uint64_t done, std::uint64_t total) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (done < total && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  std::cerr << fmt::format("\r\033[K{}: {} ({} of at most {} steps simulated)", prefix_, phase, done, total)
            << std::flush;
}

Progress TerminalProgress::callback() {
  return [this](const char* phase, std::uint64_t done, std::uint64_t total) { show(phase, done, total); };
}

}  // namespace orrery
