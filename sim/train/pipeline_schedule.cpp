#include "sim/train/pipeline_schedule.h"

#include <algorithm>

#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr double kNotYet = -1;

// One pass of one micro-batch through a chunk of a device.
struct Pass {
  std::uint64_t micro_batch = 0, chunk = 0;
  bool backward = false;
};

class Schedule {
 public:
  Schedule(const std::vector<std::vector<ChunkTimes>>& times, std::uint64_t micro_batches)
      : times_(times), devices_(times.size()), chunks_(times.front().size()), micro_batches_(micro_batches) {
    for (std::vector<double>* done : {&forward_, &backward_})
      done->assign(devices_ * chunks_ * micro_batches_, kNotYet);
  }

  double seconds() {
    std::vector<std::uint64_t> next(devices_, 0);
    std::vector<double> free(devices_, 0);
    const std::uint64_t all = 2 * chunks_ * micro_batches_;
    for (bool moved = true; moved;) {
      moved = false;
      for (std::uint64_t d = 0; d < devices_; ++d) {
        for (; next[d] < all; ++next[d]) {
          const Pass pass = pass_of(d, next[d]);
          const double ready = ready_at(d, pass);
          if (ready < 0) break;
          const ChunkTimes& t = times_[d][pass.chunk];
          free[d] = std::max(free[d], ready) + (pass.backward ? t.backward : t.forward);
          done(d, pass) = free[d];
          moved = true;
        }
      }
    }
    if (std::any_of(next.begin(), next.end(), [all](std::uint64_t n) { return n < all; }))
      throw SimulationError("", "a pipeline's schedule waits for itself");
    return *std::max_element(free.begin(), free.end());
  }

 private:
  const std::vector<std::vector<ChunkTimes>>& times_;
  const std::uint64_t devices_, chunks_, micro_batches_;
  std::vector<double> forward_, backward_;  // when each pass is done

  double& done(std::uint64_t device, const Pass& pass) {
    return (pass.backward ? backward_
                          : forward_)[(pass.micro_batch * chunks_ + pass.chunk) * devices_ + device];
  }

  // The n-th pass of a direction on a device: groups of as many micro-batches as devices, chunk by chunk.
  Pass nth(std::uint64_t n, bool backward) const {
    if (chunks_ == 1) return {n, 0, backward};
    const std::uint64_t group = devices_ * chunks_;
    const std::uint64_t chunk = n % group / devices_;
    return {n / group * devices_ + n % devices_, backward ? chunks_ - 1 - chunk : chunk, backward};
  }

  Pass pass_of(std::uint64_t device, std::uint64_t n) const {
    const std::uint64_t first = warm_up(devices_, chunks_, device, micro_batches_);
    const std::uint64_t each = chunks_ * micro_batches_;
    if (n < first) return nth(n, false);
    const std::uint64_t paired = each - first;  // one forward, one backward
    if (n < first + 2 * paired) {
      const std::uint64_t pair = (n - first) / 2;
      return (n - first) % 2 == 0 ? nth(first + pair, false) : nth(pair, true);
    }
    return nth(n - each, true);
  }

  // When what it takes is there; negative while that is not known.
  double ready_at(std::uint64_t device, const Pass& pass) {
    const bool first = device == 0;
    const bool last = device + 1 == devices_;
    if (!pass.backward) {
      if (!first) return done(device - 1, pass);
      if (pass.chunk == 0) return 0;
      return done(devices_ - 1, {pass.micro_batch, pass.chunk - 1, false});
    }
    if (!last) return done(device + 1, pass);
    if (pass.chunk + 1 == chunks_) return done(device, {pass.micro_batch, pass.chunk, false});
    return done(0, {pass.micro_batch, pass.chunk + 1, true});
  }
};

}  // namespace

std::uint64_t warm_up(std::uint64_t devices, std::uint64_t chunks, std::uint64_t device,
                      std::uint64_t micro_batches) {
  const std::uint64_t behind = devices - 1 - device;
  const std::uint64_t passes = chunks == 1 ? behind : 2 * behind + (chunks - 1) * devices;
  return std::min(passes, chunks * micro_batches);
}

double pipeline_seconds(const std::vector<std::vector<ChunkTimes>>& times, std::uint64_t micro_batches) {
  return Schedule(times, micro_batches).seconds();
}

}  // namespace orrery
