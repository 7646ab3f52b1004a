#include "sim/engine/residency.h"

#include <algorithm>

namespace orrery {
namespace {

// Calls visit(operand number, tensor) for each operand; a tensor named twice keeps its first number.
template <class Visit>
void for_each_operand(const Operator& op, Visit visit) {
  std::uint32_t number = 0;
  for (const Tensor& t : op.inputs) visit(number++, t);
  for (const Tensor& t : op.outputs) visit(number++, t);
}

}  // namespace

const Residency::Entry* Residency::find(const TensorName& id) const {
  const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.id == id; });
  return at == entries_.end() ? nullptr : &*at;
}

void Residency::hold(const Tensor& tensor, Bytes bytes) {
  Bytes used;
  for (const Entry& e : entries_) {
    if (e.id == tensor.id) return;
    used += e.bytes;
  }
  const Bytes held = std::min(bytes, capacity_ - std::min(capacity_, used));
  if (held > Bytes{}) entries_.push_front({tensor.id, held, {}});
}

void Residency::hold_written(Bytes bytes) {
  constexpr TensorName kOthers = {-2, 0};  // of no layer, and not outside them either
  Bytes used;
  for (const Entry& e : entries_) used += e.bytes;
  const Bytes held = std::min(bytes, capacity_ - std::min(capacity_, used));
  if (held > Bytes{}) entries_.push_back({kOthers, held, held});
}

OnChip Residency::seen_by(const Operator& op) const {
  OnChip seen;
  for_each_operand(op, [&](std::uint32_t number, const Tensor& t) {
    // A view may be smaller than the tensor it looks at.
    if (const Entry* e = find(t.id)) {
      seen.tensors.push_back({TensorId{number}, std::min(e->bytes, Bytes{t.bytes()}),
                              std::min(e->dirty_bytes, Bytes{t.bytes()})});
    }
  });
  seen.other_dirty_bytes = unseen_dirty_bytes(op);
  return seen;
}

// Bytes of the tensor behind `e` that the operator sees; a view may show less than the whole.
Bytes Residency::seen_bytes(const Operator& op, const Entry& e) {
  Bytes seen;
  for_each_operand(op, [&](std::uint32_t, const Tensor& t) {
    if (t.id == e.id) seen = std::max(seen, Bytes{t.bytes()});
  });
  return seen;
}

Bytes Residency::unseen_dirty_bytes(const Operator& op) const {
  Bytes dirty;
  for (const Entry& e : entries_) dirty += e.dirty_bytes - std::min(e.dirty_bytes, seen_bytes(op, e));
  return dirty;
}

void Residency::update(const Operator& op, const OnChip& after) {
  if (capacity_ == Bytes{}) return;
  // Dirty data that the operator did not see and that had to leave: the oldest first.
  Bytes dirty_before = unseen_dirty_bytes(op);
  for (auto e = entries_.rbegin(); e != entries_.rend() && dirty_before > after.other_dirty_bytes; ++e) {
    const Bytes unseen = e->dirty_bytes - std::min(e->dirty_bytes, seen_bytes(op, *e));
    const Bytes leaves = std::min(unseen, dirty_before - after.other_dirty_bytes);
    e->dirty_bytes -= leaves;
    e->bytes -= std::min(e->bytes, leaves);
    dirty_before -= leaves;
  }
  Bytes used;
  for_each_operand(op, [&](std::uint32_t number, const Tensor& t) {
    Entry unseen;  // what the tensor holds beyond this view of it
    for (const Entry& e : entries_) {
      if (e.id != t.id) continue;
      unseen.bytes = e.bytes - std::min(e.bytes, Bytes{t.bytes()});
      unseen.dirty_bytes = e.dirty_bytes - std::min(e.dirty_bytes, Bytes{t.bytes()});
    }
    for (const ResidentTensor& r : after.tensors) {
      if (r.tensor.value != number) continue;
      entries_.remove_if([&](const Entry& e) { return e.id == t.id; });
      if (r.bytes + unseen.bytes == Bytes{}) continue;
      entries_.push_front({t.id, r.bytes + unseen.bytes, r.dirty_bytes + unseen.dirty_bytes});
      used += r.bytes;
    }
  });
  // Clean data of other tensors stays as far as there is room.
  Bytes room = capacity_ - std::min(capacity_, used);
  for (Entry& e : entries_) {
    if (seen_bytes(op, e) > Bytes{}) continue;
    e.bytes = std::max(e.dirty_bytes, std::min(e.bytes, room));
    room -= std::min(room, e.bytes);
  }
  entries_.remove_if([](const Entry& e) { return e.bytes == Bytes{}; });
}

void Residency::rename_layer(std::int32_t from, std::int32_t to) {
  for (Entry& e : entries_) {
    if (e.id.layer == from) e.id.layer = to;
  }
}

}  // namespace orrery
