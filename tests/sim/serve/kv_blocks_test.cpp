#include "sim/serve/kv_blocks.h"

#include <gtest/gtest.h>

#include "sim/util/random.h"

namespace orrery::test {
namespace {

Request prompt(std::uint32_t input, std::vector<std::uint64_t> content, std::uint32_t each) {
  Request r;
  r.input = input;
  r.output = 1;
  r.content = std::move(content);
  r.content_tokens = each;
  return r;
}

// Computes a prompt whole and leaves.
void pass(KvBlocks& kv, const Request& r) {
  HeldBlocks held;
  const std::uint32_t cached = kv.cached_tokens(r);
  if (cached > 0) kv.take_cached(r, cached, held);
  ASSERT_TRUE(kv.grow(held, r.input));
  kv.publish(r, r.input, held);
  kv.release(held);
}

TEST(KvBlocks, TakesWholeBlocksAndNothingWhereThereAreTooFew) {
  KvBlocks kv({10, 16}, false);
  HeldBlocks a;
  EXPECT_TRUE(kv.grow(a, 33));
  EXPECT_EQ(kv.free(), 7U);
  EXPECT_TRUE(kv.grow(a, 48));
  EXPECT_EQ(kv.free(), 7U);
  HeldBlocks b;
  EXPECT_FALSE(kv.grow(b, 16 * 8));
  EXPECT_EQ(kv.free(), 7U);
  kv.release(a);
  EXPECT_EQ(kv.free(), 10U);
}

TEST(KvBlocks, HitsAreWholeBlocksAndNeverThePromptsLastToken) {
  KvBlocks kv({100, 16}, true);
  pass(kv, prompt(64, {1}, 64));
  EXPECT_EQ(kv.cached_tokens(prompt(64, {1}, 64)), 48U);
  EXPECT_EQ(kv.cached_tokens(prompt(70, {1, 2}, 64)), 64U);
  EXPECT_EQ(kv.cached_tokens(prompt(64, {2}, 64)), 0U);
}

TEST(KvBlocks, SharedBlocksAreHeldOnce) {
  KvBlocks kv({100, 16}, true);
  const Request r = prompt(161, {5}, 200);
  pass(kv, r);
  HeldBlocks a;
  HeldBlocks b;
  kv.take_cached(r, 160, a);
  EXPECT_EQ(kv.free(), 90U);
  EXPECT_EQ(kv.shared_blocks(r, 160), 10U);
  kv.take_cached(r, 160, b);
  EXPECT_EQ(kv.free(), 90U);
  kv.release(a);
  EXPECT_EQ(kv.free(), 90U);
  kv.release(b);
  EXPECT_EQ(kv.free(), 100U);
}

TEST(KvBlocks, TheOldestIsForgottenFirstAndOfOneRequestItsTail) {
  KvBlocks kv({8, 16}, true);
  pass(kv, prompt(65, {1}, 100));  // five blocks, four of them full
  pass(kv, prompt(33, {2}, 100));  // three
  HeldBlocks other;
  ASSERT_TRUE(kv.grow(other, 32));  // takes the partly filled one of the first and its last full one
  EXPECT_EQ(kv.cached_tokens(prompt(65, {1}, 100)), 48U);
  EXPECT_EQ(kv.cached_tokens(prompt(33, {2}, 100)), 32U);
}

TEST(KvBlocks, WindowsAndStatesTakeBlocksBeside) {
  // Half of the layers see 128 tokens; states take three blocks' worth.
  KvBlocks kv({1000, 16, 1, 8, 3}, false);
  EXPECT_EQ(kv.blocks_for(16), 1U + 1 + 3);
  EXPECT_EQ(kv.blocks_for(1600), 100U + 8 + 3);
  HeldBlocks a;
  ASSERT_TRUE(kv.grow(a, 16));
  ASSERT_TRUE(kv.grow(a, 1600));
  EXPECT_EQ(kv.used(), 111U);
  kv.release(a);
  EXPECT_EQ(kv.used(), 0U);
}

// What loses its place on the device is found in the host's memory, and comes back.
TEST(KvBlocks, PromptsGoToTheHostAndBack) {
  KvBlocks kv({4, 16, 0, 0, 0, 100}, true);
  const Request first = prompt(64, {1}, 100);
  pass(kv, first);
  EXPECT_EQ(kv.host_traffic().stored, 0U);
  pass(kv, prompt(64, {2}, 100));  // takes all four
  HostTraffic traffic = kv.host_traffic();
  EXPECT_EQ(traffic.stored, 4U);
  EXPECT_EQ(traffic.loaded, 0U);
  EXPECT_EQ(kv.cached_tokens(first), 48U);
  EXPECT_EQ(kv.shared_blocks(first, 48), 0U);
  HeldBlocks held;
  kv.take_cached(first, 48, held);
  EXPECT_EQ(kv.used(), 3U);
  traffic = kv.host_traffic();
  EXPECT_EQ(traffic.loaded, 3U);
  EXPECT_EQ(traffic.stored, 3U);  // of the second prompt, whose places they take
  kv.release(held);
  EXPECT_EQ(kv.used(), 0U);
}

TEST(KvBlocks, SequencesThatAreSetBackKeepTheirBlocksOnTheHost) {
  KvBlocks kv({8, 16, 0, 0, 0, 5}, false);
  HeldBlocks a;
  HeldBlocks b;
  ASSERT_TRUE(kv.grow(a, 64));
  ASSERT_TRUE(kv.grow(b, 32));
  EXPECT_TRUE(kv.store(a));
  EXPECT_EQ(a.on_host, 4U);
  EXPECT_EQ(kv.used(), 2U);
  EXPECT_FALSE(kv.store(b));  // one is left
  EXPECT_EQ(kv.used(), 2U);
  kv.load(a);
  ASSERT_TRUE(kv.grow(a, 64));
  EXPECT_EQ(a.on_host, 0U);
  const HostTraffic traffic = kv.host_traffic();
  EXPECT_EQ(traffic.stored, 4U);
  EXPECT_EQ(traffic.loaded, 4U);
  EXPECT_TRUE(kv.store(b));
}

// Any order of taking and giving back leaves all blocks free in the end, and never more than there are.
TEST(KvBlocks, NothingIsLostOrDoubled) {
  for (const auto& [caches, host] : {std::pair(false, 0), std::pair(true, 0), std::pair(true, 20)}) {
    KvBlocks kv({64, 16, 0.5, 2, 1, static_cast<std::uint64_t>(host)}, caches);
    RandomStream random(3);
    std::vector<std::pair<Request, HeldBlocks>> live;
    for (int i = 0; i < 20000; ++i) {
      if (live.empty() || random.below(3) == 0) {
        live.push_back(
            {prompt(1 + static_cast<std::uint32_t>(random.below(300)), {random.below(4)}, 400), {}});
        const std::uint32_t cached = kv.cached_tokens(live.back().first);
        if (cached > 0 && kv.blocks_for(cached) <= kv.free())
          kv.take_cached(live.back().first, cached, live.back().second);
      }
      const std::size_t at = random.below(live.size());
      auto& [request, held] = live[at];
      if (random.below(2) == 0) {
        if (kv.grow(held, request.input)) kv.publish(request, request.input, held);
      } else {
        kv.release(held);
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
      }
      ASSERT_LE(kv.free(), kv.total());
    }
    for (auto& [request, held] : live) kv.release(held);
    EXPECT_EQ(kv.free(), kv.total());
  }
}

}  // namespace
}  // namespace orrery::test
