#pragma once
// What the shared buffer holds between operators, by tensor: least recently used out first, by bytes. Within
// an operator the simulation decides; here its outcome is carried to the next.

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "sim/program/program.h"
#include "sim/workload/operator.h"

namespace orrery {

class Residency {
 public:
  explicit Residency(Bytes capacity) : capacity_(capacity) {}

  // So many bytes of a tensor are there before anything ran, as far as there is room.
  void hold(const Tensor& tensor, Bytes bytes);

  // So many bytes that others wrote, as far as there is room: they leave for whatever comes.
  void hold_written(Bytes bytes);

  // What the operator finds: its tensors numbered by operand (inputs, then outputs).
  OnChip seen_by(const Operator& op) const;

  // Takes over what a run of `op` left behind.
  void update(const Operator& op, const OnChip& after);

  // What layer `from` held is `to`'s, when layers between have been replicated.
  void rename_layer(std::int32_t from, std::int32_t to);

 private:
  struct Entry {
    TensorName id;
    Bytes bytes;
    Bytes dirty_bytes;
  };
  Bytes capacity_;
  std::list<Entry> entries_;  // newest first; tens of entries at most

  const Entry* find(const TensorName& id) const;
  Bytes unseen_dirty_bytes(const Operator& op) const;
  static Bytes seen_bytes(const Operator& op, const Entry& e);
};

}  // namespace orrery
