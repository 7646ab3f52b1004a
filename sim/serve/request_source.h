#pragma once
// Where requests come from: lengths and arrivals, drawn or read one at a time, so that any number of them
// streams through.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/serve/request.h"
#include "sim/util/enum_names.h"

namespace orrery {

enum class ArrivalProcess : std::uint8_t { poisson, gamma, fixed };
template <>
struct EnumNames<ArrivalProcess> {
  static constexpr std::array<const char*, 3> kWords = {"poisson", "gamma", "fixed"};
};

// Tokens of a prompt or an answer: between two numbers, all alike likely.
struct LengthRange {
  std::uint32_t low = 0, high = 0;
};
// Where nothing is said.
inline constexpr LengthRange kUsualInput = {1024, 1024};
inline constexpr LengthRange kUsualOutput = {128, 128};

// A load as it is asked for. One of `rate`, `concurrency`, `offline`, or the trace's own arrivals.
struct LoadSpec {
  std::string trace;                         // a file of requests; "" = lengths are drawn
  std::optional<LengthRange> input, output;  // in place of the trace's
  double rate = 0;                           // requests/s
  ArrivalProcess arrivals = ArrivalProcess::poisson;
  double cv = 1;                             // of gamma's gaps: standard deviation over mean
  std::uint64_t concurrency = 0;             // users who each wait for an answer
  double think_s = 0;                        // between an answer and the user's next request
  bool offline = false;                      // all at once
  bool shuffled = false;                     // a trace's lengths in an order of their own
  std::string output_column;                 // of a CSV trace; "" = the usual one
  double input_scale = 1, output_scale = 1;  // of the trace's lengths
  double speedup = 1;                        // of the trace's arrivals
  std::uint64_t requests = 0;                // at most; 0 = as many as the trace has
  std::uint64_t distinct_prompts = 0;        // that are sent in turn; 0 = no two begin alike
  std::uint32_t shared_prefix = 0;           // tokens that all prompts begin with
  std::uint64_t seed = 1;
  bool closed() const { return concurrency > 0; }
};

class RequestSource {
 public:
  virtual ~RequestSource() = default;
  // The next one in the order of arrival; false where there are no more. Throws ConfigError: the file's line.
  virtual bool next(Request& request) = 0;
};

// Of the first requests of a source, at most so many: mean tokens, and how many come a second (0 where all
// come at once).
struct LoadMeans {
  double input = 0, output = 0, rate = 0;
};
LoadMeans means_of(RequestSource& source, std::uint64_t most);

// Throws ConfigError: a file that is not there or says nothing.
std::unique_ptr<RequestSource> open_source(const LoadSpec& load);
// Means of a load's lengths, whenever its requests come; of a long trace, of its beginning.
LoadMeans mean_lengths(LoadSpec load);

}  // namespace orrery
