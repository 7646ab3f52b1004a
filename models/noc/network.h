#pragma once
// What every network on chip is to the rest of the machine: a door for the cores and the chip's links, and a
// way to memory behind it.

#include <systemc>

#include "models/core/component.h"
#include "models/core/granule.h"

namespace orrery {

class Network : public sc_core::sc_module, public GranuleInterface, public Component {
 public:
  sc_core::sc_port<GranuleInterface> memory;
  sc_core::sc_export<GranuleInterface> port;

  explicit Network(const sc_core::sc_module_name& name) : sc_module(name) { port.bind(*this); }

  // All channels free.
  virtual void reset() = 0;
  bool idle() const override { return true; }
  std::string waiting_for() const override { return {}; }
};

}  // namespace orrery
