#include <fmt/format.h>

#include <iostream>

#include "sim/report/plot_file.h"
#include "sim/report/result_page.h"
#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "tools/orrery/commands.h"
#include "tools/orrery/options.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

const char* const kReportUsage =
    "orrery report FILE [FILE ...] --output PAGE\n"
    "Results that were saved (--format json) as a page that stands alone: verdict, where time and energy "
    "go,\n"
    "phases, roofline of operators, and how far figures may be off. Of run, compare, kernel and serve.";
const char* const kReportExamples =
    "  orrery compare --arch gpu/a100-sxm-80gb --arch asic/tpu-v5e --model llama-3-8b --format json > "
    "two.json\n"
    "  orrery report two.json --output two.html\n"
    "  orrery report run-1.json run-2.json --output both.pdf\n";

// The results of a file, one or a list.
void read_results(const std::string& file, std::vector<ordered_json>& results) {
  const std::string text = read_text_file(file);
  ordered_json value;
  try {
    value = ordered_json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    throw ConfigError(file, std::string("is no JSON: ") + error.what());
  }
  const std::size_t before = results.size();
  if (value.is_array()) {
    results.insert(results.end(), value.begin(), value.end());
  } else {
    results.push_back(value);
  }
  if (results.size() == before) throw ConfigError(file, "holds no result");
}

}  // namespace

int report_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("file", po::value<std::vector<std::string>>()->required()->value_name("FILE"),
       "results as JSON (may stand alone, several)")  //
      ("output,o", po::value<std::string>()->required()->value_name("PAGE"),
       "page to write: .html, or .pdf where Chromium is installed");
  const ParsedOptions parsed = parse_options(arguments, options, kReportUsage, kReportExamples, "file");
  if (parsed.help) return 0;
  std::vector<ordered_json> results;
  const auto files = parsed.values["file"].as<std::vector<std::string>>();
  for (const std::string& file : files) read_results(file, results);
  std::string html;
  try {
    html = result_page(results).html();
  } catch (const ConfigError& error) {
    throw ConfigError(files.size() == 1 ? files.front() : fmt::format("{} files", files.size()),
                      error.what());
  }
  const std::string instead = write_page(html, parsed.values["output"].as<std::string>());
  if (!instead.empty()) std::cerr << "orrery: " << instead << '\n';
  return 0;
}

}  // namespace orrery
