#pragma once
// Boost.Program_options with Orrery's manners: a misspelt option is answered with the nearest one, --help
// ends the command, and every fault is a UsageError (exit code 2).

#include <boost/program_options.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/util/dtype.h"
#include "tools/orrery/commands.h"

namespace orrery {

class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace po = boost::program_options;

// Alone, it asks a command for its options as JSON: {usage, examples, options: [{name, value, description}]}.
inline constexpr const char* kDescribe = "--describe-options";

struct ParsedOptions {
  po::variables_map values;
  bool help = false;  // already printed
};

// `usage` and `examples` frame the option list in --help. `positional` takes the arguments
// without a name; with `rest`, the first of them, and `rest` those that follow.
ParsedOptions parse_options(const Arguments& arguments, po::options_description options,
                            const std::string& usage, const std::string& examples,
                            const char* positional = nullptr, const char* rest = nullptr);

// What is given for an option that may be left out: "" and none then.
std::string given(const po::variables_map& values, const char* option);
std::vector<std::string> all_given(const po::variables_map& values, const char* option);

// The number given for an option; UsageError with the option, the value and the range where it lies outside
// [least, most]. Whole numbers are options of std::int64_t.
std::uint64_t whole_between(const po::variables_map& values, const char* option, std::uint64_t least,
                            std::uint64_t most);
double real_between(const po::variables_map& values, const char* option, double least, double most);

// "a,b": its parts.
std::vector<std::string> parts_of(const std::string& list);
// "300,400.5": positive numbers of `what`. UsageError names the option, the list and the bad part.
std::vector<double> positive_numbers(const std::string& option, const std::string& list,
                                     const std::string& what);

// --jobs N: `what` goes on at a time, in processes of their own; as many as there are cores unless said.
void add_jobs(po::options_description& options, const char* what);
std::size_t jobs_from(const po::variables_map& values);

DType parse_dtype_option(const std::string& name);

}  // namespace orrery
