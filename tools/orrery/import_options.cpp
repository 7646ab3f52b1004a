#include "tools/orrery/import_options.h"

#include <iostream>

namespace orrery {
namespace {

constexpr std::uint64_t kMostDevices = 65536;

}  // namespace

po::options_description import_options() {
  po::options_description options("What a file of another tool leaves open");
  options.add_options()  //
      ("devices", po::value<std::int64_t>()->value_name("N"),
       "chips that do what a lone rank's file does")  //
      ("dtype", po::value<std::string>()->value_name("T"),
       "format of the arithmetic, where the file states none (default fp16; of a machine, its own) or "
       "another is meant");
  return options;
}

ImportOptions import_options_from(const po::variables_map& values, DType unstated) {
  ImportOptions options;
  options.unstated = unstated;
  if (values.count("devices") != 0)
    options.devices = static_cast<std::uint32_t>(whole_between(values, "devices", 1, kMostDevices));
  if (values.count("dtype") != 0) options.dtype = parse_dtype_option(values["dtype"].as<std::string>());
  return options;
}

ImportedTrace read_told(const std::string& file, const ImportOptions& options) {
  ImportedTrace trace = read_any_trace(file, options);
  if (!trace.coverage.format.empty()) std::cerr << describe(trace.coverage) << '\n';
  return trace;
}

}  // namespace orrery
