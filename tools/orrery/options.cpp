#include "tools/orrery/options.h"

#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

std::vector<std::string> option_names(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back(option->long_name());
  return names;
}

// Whether an option that may stand alone may do so more than once.
bool takes_several(const po::options_description& options, const char* name) {
  using Several = po::typed_value<std::vector<std::string>>;
  return dynamic_cast<const Several*>(options.find(name, false).semantic().get()) != nullptr;
}

// What --help prints, for programs that write manuals and completions.
nlohmann::ordered_json described(const po::options_description& options, const std::string& usage,
                                 const std::string& examples) {
  nlohmann::ordered_json out = {{"usage", usage}, {"examples", examples}};
  out["options"] = nlohmann::ordered_json::array();
  for (const auto& option : options.options()) {
    const bool takes_value = option->semantic()->max_tokens() > 0;
    out["options"].push_back({{"name", option->long_name()},
                              {"value", takes_value ? option->format_parameter() : ""},
                              {"description", option->description()}});
  }
  return out;
}

constexpr const char* kUnexpected = "unexpected argument";

}  // namespace

ParsedOptions parse_options(const Arguments& arguments, po::options_description options,
                            const std::string& usage, const std::string& examples, const char* positional,
                            const char* rest) {
  options.add_options()("help,h", "print this help");
  ParsedOptions parsed;
  if (arguments == Arguments{kDescribe}) {
    std::cout << described(options, usage, examples).dump() << '\n';
    parsed.help = true;
    return parsed;
  }
  po::options_description all = options;
  all.add_options()(kUnexpected, po::value<std::vector<std::string>>());
  po::positional_options_description places;
  const bool takes_all = positional != nullptr && rest == nullptr && takes_several(options, positional);
  if (positional != nullptr) places.add(positional, takes_all ? -1 : 1);
  if (rest != nullptr) places.add(rest, -1);
  if (!takes_all && rest == nullptr) places.add(kUnexpected, -1);
  try {
    using Style = po::command_line_style::style_t;
    const int style = po::command_line_style::unix_style & ~static_cast<int>(Style::allow_guessing);
    auto parser = po::command_line_parser(arguments).options(all).style(style).positional(places);
    po::store(parser.run(), parsed.values);
    if (parsed.values.count("help") != 0) {
      std::cout << usage << "\n\n" << options << "\nExamples:\n" << examples;
      parsed.help = true;
      return parsed;
    }
    if (parsed.values.count(kUnexpected) != 0)
      throw UsageError("unexpected argument '" +
                       parsed.values[kUnexpected].as<std::vector<std::string>>().front() + "'; see --help");
    po::notify(parsed.values);
  } catch (const po::unknown_option& error) {
    std::string name = error.get_option_name();
    name.erase(0, name.find_first_not_of('-'));
    throw UsageError("unknown option '--" + name + "'" + did_you_mean(name, option_names(options)) +
                     "; --help lists them");
  } catch (const po::error& error) {
    throw UsageError(std::string(error.what()) + "; see --help");
  }
  return parsed;
}

std::uint64_t whole_between(const po::variables_map& values, const char* option, std::uint64_t least,
                            std::uint64_t most) {
  const auto value = values[option].as<std::int64_t>();
  if (value < 0 || static_cast<std::uint64_t>(value) < least || static_cast<std::uint64_t>(value) > most)
    throw UsageError(fmt::format("--{} is {}; expected {} to {}", option, value, least, most));
  return static_cast<std::uint64_t>(value);
}

double real_between(const po::variables_map& values, const char* option, double least, double most) {
  const double value = values[option].as<double>();
  if (!(value >= least && value <= most))
    throw UsageError(fmt::format("--{} is {:g}; expected {:g} to {:g}", option, value, least, most));
  return value;
}

std::string given(const po::variables_map& values, const char* option) {
  return values.count(option) != 0 ? values[option].as<std::string>() : "";
}

std::vector<std::string> all_given(const po::variables_map& values, const char* option) {
  return values.count(option) != 0 ? values[option].as<std::vector<std::string>>()
                                   : std::vector<std::string>();
}

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  std::stringstream rest(list);
  for (std::string part; std::getline(rest, part, ',');) parts.push_back(part);
  return parts;
}

std::vector<double> positive_numbers(const std::string& option, const std::string& list,
                                     const std::string& what) {
  std::vector<double> numbers;
  for (const std::string& text : parts_of(list)) {
    char* end = nullptr;
    numbers.push_back(std::strtod(text.c_str(), &end));
    if (text.empty() || *end != '\0' || !(numbers.back() > 0) || !std::isfinite(numbers.back()))
      throw UsageError(option + " '" + list + "': '" + text + "' is no " + what);
  }
  return numbers;
}

void add_jobs(po::options_description& options, const char* what) {
  const std::int64_t cores = std::max(1U, std::thread::hardware_concurrency());
  options.add_options()("jobs,j", po::value<std::int64_t>()->default_value(cores)->value_name("N"), what);
}

std::size_t jobs_from(const po::variables_map& values) {
  return whole_between(values, "jobs", 1, 1024);
}

DType parse_dtype_option(const std::string& name) {
  const auto dtype = from_word<DType>(name);
  if (!dtype) throw UsageError("unknown --dtype '" + name + "'" + did_you_mean(name, words_of<DType>()));
  return *dtype;
}

}  // namespace orrery
