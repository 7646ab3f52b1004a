#include "tools/orrery/import_options.h"

#include <iostream>

namespace orrery {
namespace {

constexpr std::uint64_t kMostDevices = 65536;
constexpr std::uint64_t kMostExtent = std::uint64_t{1} << 24;

}  // namespace

po::options_description past_option() {
  po::options_description options("What a graph of another tool leaves open");
  options.add_options()("past", po::value<std::int64_t>()->value_name("N"),
                        "tokens of a sequence before its new ones (0)");
  return options;
}

po::options_description import_options() {
  po::options_description options("What a file of another tool leaves open");
  options.add_options()  //
      ("devices", po::value<std::int64_t>()->value_name("N"),
       "chips that do what a lone rank's file does")  //
      ("dtype", po::value<std::string>()->value_name("T"),
       "format of the arithmetic, where the file states none (default fp16) or another is meant")  //
      ("batch", po::value<std::int64_t>()->value_name("N"), "sequences (1)")                       //
      ("input", po::value<std::int64_t>()->value_name("N"), "new tokens of a sequence (1)")        //
      ("past", po::value<std::int64_t>()->value_name("N"), "tokens of a sequence before those (0)");
  return options;
}

ImportOptions import_options_from(const po::variables_map& values, DType unstated) {
  ImportOptions options;
  options.unstated = unstated;
  const auto whole = [&values](const char* option, std::uint64_t least,
                               std::uint64_t most) -> std::optional<std::uint64_t> {
    if (values.count(option) == 0 || values[option].defaulted()) return std::nullopt;
    return whole_between(values, option, least, most);
  };
  if (const auto devices = whole("devices", 1, kMostDevices))
    options.devices = static_cast<std::uint32_t>(*devices);
  if (values.count("dtype") != 0) options.dtype = parse_dtype_option(values["dtype"].as<std::string>());
  options.asked_batch = whole("batch", 1, kMostExtent);
  options.asked_tokens = whole("input", 1, kMostExtent);
  options.asked_past = whole("past", 0, kMostExtent);
  return options;
}

ImportedTrace read_told(const std::string& file, const ImportOptions& options) {
  ImportedTrace trace = read_any_trace(file, options);
  if (!trace.coverage.format.empty()) std::cerr << describe(trace.coverage) << '\n';
  return trace;
}

}  // namespace orrery
