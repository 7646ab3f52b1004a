#pragma once
// When each of many sources goes on, as one SystemC event: the earliest wake-up of all is armed, and what is
// due within one step of the grid is run in one activation, in order of time, each source at its own instant.
// The order is that of an event a source (clock_domain.h), without its price.

#include <systemc>
#include <vector>

#include "models/core/clock_domain.h"

namespace orrery {

class WakeClient {
 public:
  virtual ~WakeClient() = default;
  virtual void wake(Femtoseconds now) = 0;
};

class WakeQueue : public sc_core::sc_module {
 public:
  WakeQueue(const sc_core::sc_module_name& name, std::uint32_t sources);

  // Source numbers are dense; each has one client, which must outlive the queue's last wake-up.
  void connect(std::uint32_t source, WakeClient& client);
  // Replaces whatever the source was armed for by a wake-up at t, or at `now` if t is past.
  void arm(std::uint32_t source, Femtoseconds t, Femtoseconds now);

 private:
  static constexpr Femtoseconds kNever = INT64_MAX;

  struct Wake {
    Femtoseconds at = kNever;
    std::uint32_t source = 0;
  };
  std::vector<WakeClient*> clients_;
  std::vector<Wake> first_;  // a tournament: the one that comes first below each node; sources are the leaves
  std::uint32_t leaves_ = 1;
  Femtoseconds armed_ = kNever;
  bool running_ = false;
  bool rearmed_ = false;  // by the client that is awake
  std::uint32_t awake_ = 0;
  sc_core::sc_event event_;

  void run();
  void set(std::uint32_t source, Femtoseconds at);
  void notify();
};

}  // namespace orrery
