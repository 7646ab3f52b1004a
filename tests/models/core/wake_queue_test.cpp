// Many sources behind one SystemC event: order, replacement, and what a wake-up may arm.

#include "models/core/wake_queue.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/engine/systemc_session.h"

namespace orrery::test {
namespace {

// Notes when it is woken, and goes on after `period` as often as asked.
class Client : public WakeClient {
 public:
  WakeQueue* queue = nullptr;
  std::uint32_t source = 0;
  Femtoseconds period = 0;
  int times = 0;
  std::vector<std::pair<Femtoseconds, std::uint32_t>>* log = nullptr;

  void wake(Femtoseconds now) override {
    log->push_back({now, source});
    if (times-- > 0) queue->arm(source, now + period, now);
  }
};

struct Bench {
  std::vector<std::pair<Femtoseconds, std::uint32_t>> log;
  WakeQueue queue;
  std::vector<Client> clients;
  explicit Bench(std::uint32_t sources) : queue("wakes", sources), clients(sources) {
    for (std::uint32_t i = 0; i < sources; ++i) {
      clients[i].queue = &queue;
      clients[i].source = i;
      clients[i].log = &log;
      queue.connect(i, clients[i]);
    }
    start_simulation(0);
  }
};

TEST(WakeQueue, WakesInOrderOfTimeThenSource) {
  prepare_systemc();
  Bench bench(5);
  bench.queue.arm(3, 10 * kWakeGrid, 0);
  bench.queue.arm(1, 10 * kWakeGrid, 0);
  bench.queue.arm(4, 2 * kWakeGrid - 7, 0);
  bench.queue.arm(0, 50 * kWakeGrid, 0);
  bench.queue.arm(0, 9 * kWakeGrid, 0);  // in place of the first
  start_simulation();
  const std::vector<std::pair<Femtoseconds, std::uint32_t>> expected = {
      {2 * kWakeGrid + 4, 4}, {9 * kWakeGrid, 0}, {10 * kWakeGrid + 1, 1}, {10 * kWakeGrid + 3, 3}};
  EXPECT_EQ(bench.log, expected);
}

// Every client goes on by itself, the first at its own instant too; none is forgotten.
TEST(WakeQueue, AClientMayArmItselfEvenForNow) {
  prepare_systemc();
  Bench bench(7);
  for (std::uint32_t i = 0; i < 7; ++i) {
    bench.clients[i].period = i * 3 * kWakeGrid;
    bench.clients[i].times = 20;
    bench.queue.arm(i, kWakeGrid, 0);
  }
  start_simulation();
  EXPECT_EQ(bench.log.size(), 7U * 21);
  EXPECT_TRUE(std::is_sorted(bench.log.begin(), bench.log.end()));
}

}  // namespace
}  // namespace orrery::test
