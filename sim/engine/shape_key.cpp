#include "sim/engine/shape_key.h"

#include <algorithm>
#include <cstring>

namespace orrery {
namespace {

// Calls visit(number) for the numbers that tell shapes of a family apart.
template <class Visit>
void for_each_number(const Operator& op, Visit visit) {
  std::visit(
      [&visit](const auto& s) {
        for_each_extent(s, [&visit](const char* /*name*/, const auto& extent) {
          if constexpr (std::is_same_v<std::decay_t<decltype(extent)>, std::vector<AttendedSequences>>) {
            for (const auto& [batch, q, kv] : extent) {
              for (const std::uint64_t number : {batch, q, kv}) visit(number);
            }
          } else if constexpr (std::is_same_v<std::decay_t<decltype(extent)>, std::optional<std::uint64_t>>) {
            visit(extent.value_or(0));
          } else {
            visit(static_cast<std::uint64_t>(extent));
          }
        });
      },
      op.shape);
}

bool same_tensors(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Tensor& x, const Tensor& y) {
    return x.kind == y.kind && x.format == y.format && (x.shape == y.shape || x.elements() == y.elements());
  });
}

}  // namespace

void append_key(std::string& key, std::uint64_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  key.append(bytes, sizeof value);
}

std::string shape_key(const Operator& op) {
  std::string key;
  constexpr std::size_t kNumbers = 11;  // of a shape, beside those of more groups of sequences
  constexpr std::size_t kRest = 16;     // what a caller may add: residency
  key.reserve(8 * (4 + kNumbers + 5 * (op.inputs.size() + op.outputs.size()) + kRest));
  append_key(key, static_cast<std::uint64_t>(op.kind));
  append_key(key, static_cast<std::uint64_t>(op.dtype));
  for_each_number(op, [&key](std::uint64_t number) { append_key(key, number); });
  for (const auto* list : {&op.inputs, &op.outputs}) {
    append_key(key, list->size());
    for (const Tensor& t : *list) {
      append_key(key, static_cast<std::uint64_t>(t.kind));
      append_key(key, static_cast<std::uint64_t>(t.format.dtype));
      append_key(key, t.format.bits.parts());
      append_key(key, t.elements());
      const Sparsity& s = t.format.sparsity;
      append_key(key, static_cast<std::uint64_t>(s.kind));
      if (s.is_dense()) continue;
      for (const std::uint32_t number : {s.kept, s.of, s.block_rows, s.block_cols}) append_key(key, number);
    }
  }
  return key;
}

bool same_shape_key(const Operator& a, const Operator& b) {
  return a.kind == b.kind && a.dtype == b.dtype && a.shape == b.shape && same_tensors(a.inputs, b.inputs) &&
         same_tensors(a.outputs, b.outputs);
}

}  // namespace orrery
