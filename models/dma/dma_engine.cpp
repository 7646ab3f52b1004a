#include "models/dma/dma_engine.h"

#include <algorithm>

namespace orrery {

DmaEngine::DmaEngine(const sc_core::sc_module_name& name, const DmaSpec& spec, ActivityCounts& counts)
    : sc_module(name), spec_(spec), counts_(counts), done_(spec.max_outstanding, 0) {}

Femtoseconds DmaEngine::may_issue_at(Femtoseconds now) const {
  return std::max(now, done_[next_]);
}

Reservation DmaEngine::issue(const Granule& granule, Femtoseconds now) {
  counts_.requested_read_bytes += granule.bytes.value();
  ++counts_.granules;
  const Reservation reservation = network->reserve(granule, now);
  done_[next_] = reservation.done();
  next_ = next_ + 1 == done_.size() ? 0 : next_ + 1;
  return reservation;
}

Reservation DmaEngine::store(const Granule& tile, Femtoseconds now) {
  counts_.requested_write_bytes += tile.bytes.value();
  Reservation last{now, 0, TimeCategory::wait};
  Granule part = tile;
  part.write = true;
  for (part.offset = {}; part.offset < tile.bytes; part.offset += part.bytes) {
    part.bytes = std::min(max_granule(), tile.bytes - part.offset);
    ++counts_.granules;
    const Reservation reservation = network->reserve(part, now);
    if (reservation.done() >= last.done()) last = reservation;
  }
  return last;
}

void DmaEngine::reset() {
  std::fill(done_.begin(), done_.end(), 0);
  next_ = 0;
}

}  // namespace orrery
