#include "sim/engine/shape_key.h"

#include <cstring>

namespace orrery {
namespace {

struct ShapeKey {
  std::string& key;
  void operator()(const MatmulShape& s) const {
    for (const std::uint64_t v : {s.batch, s.m, s.n, s.k}) append_key(key, v);
  }
  void operator()(const AttentionShape& s) const {
    for (const std::uint64_t v : {s.batch, s.heads, s.kv_heads, s.head_dim, s.q, s.kv}) append_key(key, v);
    append_key(key, s.causal ? 1 : 0);
  }
  void operator()(const VectorShape& s) const {
    append_key(key, s.rows);
    append_key(key, s.cols);
  }
  void operator()(const CollectiveShape& s) const {
    append_key(key, s.bytes);
    append_key(key, s.devices);
  }
};

}  // namespace

void append_key(std::string& key, std::uint64_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  key.append(bytes, sizeof value);
}

std::string shape_key(const Operator& op) {
  std::string key;
  append_key(key, static_cast<std::uint64_t>(op.kind));
  append_key(key, static_cast<std::uint64_t>(op.dtype));
  std::visit(ShapeKey{key}, op.shape);
  for (const auto* list : {&op.inputs, &op.outputs}) {
    append_key(key, list->size());
    for (const Tensor& t : *list) {
      append_key(key, static_cast<std::uint64_t>(t.kind));
      append_key(key, static_cast<std::uint64_t>(t.dtype));
      append_key(key, t.elements());
    }
  }
  return key;
}

}  // namespace orrery
