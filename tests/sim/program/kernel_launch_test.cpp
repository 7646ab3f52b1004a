// Kernels launched as one: their items one after the other, each with its place in the whole.

#include "sim/program/kernel_launch.h"

#include <gtest/gtest.h>

#include "tests/support/programs.h"

namespace orrery::test {
namespace {

TEST(KernelLaunch, DealsTheItemsOfOneKernelAfterThoseOfTheOther) {
  TileKernel first = load_kernel(3, 10, 64, 4, 2);
  TileKernel second = load_kernel(2, 7, 32, 4, 2);
  second.split_k = 2;
  TileKernel third = load_kernel(1, 5, 4096, 4, 2);
  const KernelLaunch launch({first, second, third});
  ASSERT_EQ(launch.items(), 3U + 4U + 1U);
  const std::vector<TileKernel> kernels = {first, second, third};
  std::uint64_t index = 0;
  for (std::uint32_t k = 0; k < kernels.size(); ++k) {
    for (std::uint64_t i = 0; i < kernels[k].items(); ++i, ++index) {
      const WorkItem alone = work_item(kernels[k], i);
      const WorkItem item = launch.item(index);
      EXPECT_EQ(item.index, index);
      EXPECT_EQ(item.kernel, k);
      EXPECT_EQ(item.m, alone.m);
      EXPECT_EQ(item.split, alone.split);
      EXPECT_EQ(item.k_begin, alone.k_begin);
      EXPECT_EQ(item.k_end, alone.k_end);
      EXPECT_EQ(&launch.of(item), &launch.kernels()[k]);
    }
  }
  EXPECT_EQ(launch.scratchpad_bytes(true), third.scratchpad_bytes(true));  // the largest
  EXPECT_EQ(launch.input_bytes().value(), 3U * 10 * 64 + 2 * 7 * 32 + 5 * 4096);
}

TEST(KernelLaunch, OfOneKernelIsThatKernel) {
  const TileKernel kernel = load_kernel(5, 2, 8, 1, 2);
  const KernelLaunch launch = kernel;
  ASSERT_EQ(launch.items(), kernel.items());
  for (std::uint64_t i = 0; i < kernel.items(); ++i) {
    EXPECT_EQ(launch.item(i).m, work_item(kernel, i).m);
    EXPECT_EQ(launch.item(i).kernel, 0U);
  }
}

}  // namespace
}  // namespace orrery::test
