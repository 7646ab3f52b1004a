// Schedules of pipelines against their closed forms.

#include "sim/train/pipeline_schedule.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

using Times = std::vector<std::vector<ChunkTimes>>;

Times even(std::size_t devices, std::size_t chunks, double forward, double backward) {
  const double n = static_cast<double>(chunks);
  return {devices, std::vector<ChunkTimes>(chunks, {forward / n, backward / n})};
}

TEST(PipelineSchedule, OneForwardOneBackwardHasTheBubbleOfFillAndDrain) {
  for (const std::uint64_t devices : {1, 2, 4, 8}) {
    for (const std::uint64_t micro_batches : {1, 2, 8, 24}) {
      const double expected = 3.0 * static_cast<double>(micro_batches + devices - 1);
      EXPECT_NEAR(pipeline_seconds(even(devices, 1, 1, 2), micro_batches), expected, 1e-9)
          << devices << " " << micro_batches;
    }
  }
}

// Narayanan et al., SC'21, section 2.2.2: the bubble shrinks by the number of chunks.
TEST(PipelineSchedule, InterleavedChunksShrinkTheBubble) {
  for (const std::uint64_t devices : {2, 4, 8}) {
    for (const std::uint64_t chunks : {2, 3, 5}) {
      for (const std::uint64_t times : {1, 2, 6}) {
        const std::uint64_t micro_batches = devices * times;
        const double bubble = 3.0 * static_cast<double>(devices - 1) / static_cast<double>(chunks);
        EXPECT_NEAR(pipeline_seconds(even(devices, chunks, 1, 2), micro_batches),
                    3.0 * static_cast<double>(micro_batches) + bubble, 1e-9)
            << devices << " " << chunks << " " << micro_batches;
      }
    }
  }
}

TEST(PipelineSchedule, TheSlowestStageSetsThePace) {
  Times times = even(4, 1, 1, 2);
  times[2][0] = {2, 4};
  // Its own 32 micro-batches; the way there and back of one; and a second that it waits for the first to come
  // back.
  EXPECT_NEAR(pipeline_seconds(times, 32), 32 * 6 + 2 + 4 + 1, 1e-9);
}

TEST(PipelineSchedule, StagesKeepAsManyMicroBatchesAsLieBehindThem) {
  EXPECT_EQ(warm_up(4, 1, 0, 100), 3U);
  EXPECT_EQ(warm_up(4, 1, 3, 100), 0U);
  EXPECT_EQ(warm_up(4, 1, 0, 2), 2U);
  EXPECT_EQ(warm_up(4, 2, 0, 8), 10U);
}

}  // namespace
}  // namespace orrery::test
