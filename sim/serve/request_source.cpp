#include "sim/serve/request_source.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "sim/serve/request_trace.h"
#include "sim/util/random.h"

namespace orrery {
namespace {

double positive_uniform(RandomStream& random) {
  return 1.0 - random.uniform();
}

double normal(RandomStream& random) {
  const double radius = std::sqrt(-2 * std::log(positive_uniform(random)));
  return radius * std::cos(2 * 3.14159265358979323846 * random.uniform());
}

// Marsaglia and Tsang, ACM TOMS 26 (2000); of scale 1.
double gamma(RandomStream& random, double shape) {
  if (shape < 1) return gamma(random, shape + 1) * std::pow(positive_uniform(random), 1 / shape);
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(random);
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    if (std::log(positive_uniform(random)) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

// A source's requests, each once, in an order that the seed draws: a file may be sorted by length.
class Shuffled : public RequestSource {
 public:
  Shuffled(RequestSource& source, std::uint64_t seed) {
    for (Request r; source.next(r);) requests_.push_back(r);
    RandomStream random(~seed);
    for (std::size_t i = requests_.size(); i > 1; --i)
      std::swap(requests_[i - 1], requests_[static_cast<std::size_t>(random.below(i))]);
  }
  bool next(Request& request) override {
    if (sent_ == requests_.size()) return false;
    request = requests_[sent_++];
    return true;
  }

 private:
  std::vector<Request> requests_;
  std::size_t sent_ = 0;
};

// Arrivals and lengths as the load asks for them, over what `lengths` gives.
class DrawnSource : public RequestSource {
 public:
  DrawnSource(const LoadSpec& load, std::unique_ptr<RequestSource> trace)
      : load_(load), trace_(std::move(trace)), arrivals_(load.seed), lengths_(load.seed ^ 0x5eedULL) {}

  bool next(Request& request) override {
    if (load_.requests > 0 && sent_ == load_.requests) return false;
    request.content.clear();
    request.arrival_s = 0;
    if (trace_ && !trace_->next(request)) return false;
    if (trace_) scale(request);
    if (!trace_ || load_.input) request.input = drawn(load_.input.value_or(kUsualInput));
    if (!trace_ || load_.output) request.output = drawn(load_.output.value_or(kUsualOutput));
    if (load_.input || !trace_) request.content.clear();
    set_content(request);
    if (load_.rate > 0) {
      time_ += sent_ == 0 ? 0 : gap();
      request.arrival_s = time_;
    } else if (load_.offline || load_.closed()) {
      request.arrival_s = 0;
    } else {
      request.arrival_s /= load_.speedup;
    }
    ++sent_;
    return true;
  }

 private:
  const LoadSpec load_;
  std::unique_ptr<RequestSource> trace_;
  RandomStream arrivals_, lengths_;
  std::uint64_t sent_ = 0;
  double time_ = 0;

  void scale(Request& request) const {
    const auto scaled = [](std::uint32_t tokens, double by) {
      return static_cast<std::uint32_t>(std::lround(by * static_cast<double>(tokens)));
    };
    if (load_.input_scale != 1) request.input = std::max(1U, scaled(request.input, load_.input_scale));
    if (load_.output_scale != 1) request.output = scaled(request.output, load_.output_scale);
  }
  std::uint32_t drawn(const LengthRange& range) {
    return range.low + static_cast<std::uint32_t>(lengths_.below(std::uint64_t{range.high} - range.low + 1));
  }
  double gap() {
    if (load_.arrivals == ArrivalProcess::fixed) return 1 / load_.rate;
    if (load_.arrivals == ArrivalProcess::poisson) return -std::log(positive_uniform(arrivals_)) / load_.rate;
    const double shape = 1 / (load_.cv * load_.cv);
    return gamma(arrivals_, shape) / shape / load_.rate;
  }
  void set_content(Request& request) {
    if (load_.distinct_prompts > 0) {
      request.content = {RandomStream(sent_ % load_.distinct_prompts).next()};
      request.content_tokens = std::max(1U, request.input);
    } else if (load_.shared_prefix > 0 && request.content.empty()) {
      // The beginning in one piece, the rest in pieces of the same length.
      request.content_tokens = load_.shared_prefix;
      request.content = {1};
      for (std::uint32_t at = load_.shared_prefix; at < request.input; at += load_.shared_prefix)
        request.content.push_back(RandomStream(~sent_).next());
    }
  }
};

}  // namespace

LoadMeans means_of(RequestSource& source, std::uint64_t most) {
  LoadMeans means;
  double last = 0;
  std::uint64_t count = 0;
  for (Request r; count < most && source.next(r); ++count) {
    means.input += r.input;
    means.output += r.output;
    last = r.arrival_s;
  }
  if (count == 0) return means;
  means.input /= static_cast<double>(count);
  means.output /= static_cast<double>(count);
  if (last > 0) means.rate = static_cast<double>(count - 1) / last;
  return means;
}

std::unique_ptr<RequestSource> open_source(const LoadSpec& load) {
  std::unique_ptr<RequestSource> trace;
  const bool needs_arrivals = load.rate <= 0 && !load.closed() && !load.offline;
  if (!load.trace.empty()) trace = open_request_trace(load.trace, needs_arrivals, load.output_column);
  if (trace && load.shuffled) trace = std::make_unique<Shuffled>(*trace, load.seed);
  return std::make_unique<DrawnSource>(load, std::move(trace));
}

LoadMeans mean_lengths(LoadSpec load) {
  constexpr std::uint64_t kMostRead = 20000;
  load.offline = true;
  load.rate = 0;
  return means_of(*open_source(load), kMostRead);
}

}  // namespace orrery
