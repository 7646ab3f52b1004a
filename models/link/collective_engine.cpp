#include "models/link/collective_engine.h"

#include <algorithm>

#include "models/core/clock_domain.h"

namespace orrery {
namespace {

constexpr std::uint64_t kLeastPieceBytes = 128 * kKiB;
constexpr std::uint64_t kMostPieces = 4096;

Bytes piece_bytes(const CollectiveTask& task) {
  return Bytes{std::max(kLeastPieceBytes, ceil_div(task.bytes.value(), kMostPieces))};
}

}  // namespace

CollectiveEngine::CollectiveEngine(const sc_core::sc_module_name& name, const NodeSpec& node, CoreId source,
                                   ActivityCounts& counts, CollectiveListener& listener)
    : sc_module(name),
      source_(source),
      counts_(counts),
      listener_(listener),
      links_("links", node, source.value, this) {}

std::vector<Bytes> CollectiveEngine::pieces(const CollectiveTask& task) {
  const Bytes piece = piece_bytes(task);
  std::vector<Bytes> sizes(ceil_div(task.bytes, piece), piece);
  sizes.back() = task.bytes - (sizes.size() - 1) * piece;
  return sizes;
}

void CollectiveEngine::begin(const CollectiveTask& task, Femtoseconds t, std::uint32_t input,
                             std::uint32_t output) {
  task_ = task;
  input_ = input;
  output_ = output;
  if (!task.plan || task.plan->schedule.empty()) {  // one device has nothing to exchange
    listener_.collective_done(t);
    return;
  }
  links_.start(task.plan, task.group.span(), t);
}

Reservation CollectiveEngine::move(std::uint32_t first_entry, Bytes offset, Bytes bytes, bool write,
                                   Femtoseconds now) {
  const Bytes piece = piece_bytes(task_);
  offset = std::min(offset, task_.bytes - Bytes{1});  // chunks are rounded up
  Reservation all;
  while (bytes > Bytes{}) {
    const std::uint64_t at = std::min(offset / piece, ceil_div(task_.bytes, piece) - 1);
    Granule granule;
    granule.source = source_;
    granule.write = write;
    granule.offset = offset % piece;
    granule.bytes = std::min(bytes, piece - granule.offset);
    granule.tile_bytes = piece;
    if (first_entry != kNoEntry) granule.entry = first_entry + static_cast<std::uint32_t>(at);
    const Reservation one = network->reserve(granule, now);
    if (one.done() > all.done()) all = one;
    ++counts_.granules;
    bytes -= granule.bytes;
    offset += granule.bytes;
  }
  return all;
}

Reservation CollectiveEngine::read(const CollectiveTransfer& transfer, Bytes offset, Bytes bytes,
                                   Femtoseconds now) {
  counts_.requested_read_bytes += bytes.value();
  counts_.link_bytes += bytes.value();
  return move(transfer.original ? input_ : output_, offset, bytes, false, now);
}

// Posted as it comes in. A sum takes the chip's own part from memory and adds it on the way.
Femtoseconds CollectiveEngine::write(const CollectiveTransfer& transfer, Bytes offset, Bytes bytes,
                                     Femtoseconds now) {
  counts_.requested_write_bytes += bytes.value();
  Femtoseconds own = now;
  if (transfer.sums) {
    counts_.requested_read_bytes += bytes.value();
    counts_.vector_ops += bytes.value() / 2;
    own = move(input_, offset, bytes, false, now).done();
  }
  return std::max(own, move(output_, offset, bytes, true, now).finish);
}

void CollectiveEngine::finished(std::size_t /*id*/, Femtoseconds end) {
  listener_.collective_done(end);
}

}  // namespace orrery
