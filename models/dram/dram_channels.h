#pragma once
// The calendars of all DRAM channels. Transfers striped over all channels keep them level, so one number
// stands for them until a transfer to a single channel sets one apart; then each has its own until they meet
// again.

#include <vector>

#include "sim/util/ids.h"
#include "sim/util/units.h"

namespace orrery {

class DramChannels {
 public:
  explicit DramChannels(std::uint32_t channels) : free_at_(channels, 0) {}

  // Takes every channel for `service`; ends when the last one is through.
  Femtoseconds reserve_all(Femtoseconds t, Femtoseconds service);
  // Takes one channel.
  Femtoseconds reserve_one(ChannelId channel, Femtoseconds t, Femtoseconds service);
  // When the last channel is free.
  Femtoseconds free_at() const;
  void reset();

 private:
  bool level_ = true;
  Femtoseconds common_ = 0;            // valid while level_
  std::vector<Femtoseconds> free_at_;  // valid while !level_
};

}  // namespace orrery
