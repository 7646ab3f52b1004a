#pragma once
// What every block of the machine can say of itself after a run: whether it is idle and, if not, what it
// waits for. The engine asks all of them once SystemC has no more events.

#include <string>

namespace orrery {

class Component {
 public:
  virtual ~Component() = default;
  virtual bool idle() const = 0;
  // One line for the report on a stuck machine; read only when !idle().
  virtual std::string waiting_for() const = 0;
};

}  // namespace orrery
