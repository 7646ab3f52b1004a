#include "sim/engine/systemc_session.h"

#include <new>
#include <systemc>

#include "sim/util/errors.h"

namespace orrery {
namespace {

// What a process throws, SystemC hands on wrapped in a report of its own.
template <class Start>
void unwrapping_reports(Start start) {
  try {
    start();
  } catch (const sc_core::sc_report& report) {
    std::string message = report.get_msg();
    if (message.find(std::bad_alloc().what()) != std::string::npos) throw std::bad_alloc();
    const std::size_t colon = message.find(": ");
    if (colon == std::string::npos) throw SimulationError(report.get_msg_type(), message);
    throw SimulationError(message.substr(0, colon), message.substr(colon + 2));
  }
}

}  // namespace

void prepare_systemc() {
  static bool prepared = false;
  if (prepared) throw SimulationError("machine", "this process has already elaborated a machine; fork first");
  prepared = true;
  sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_THROW);
}

void start_simulation() {
  unwrapping_reports([] { sc_core::sc_start(); });
}

void start_simulation(Femtoseconds duration) {
  unwrapping_reports(
      [duration] { sc_core::sc_start(sc_core::sc_time::from_value(static_cast<std::uint64_t>(duration))); });
}

}  // namespace orrery
