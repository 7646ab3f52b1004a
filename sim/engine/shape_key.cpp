#include "sim/engine/shape_key.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace orrery {
namespace {

// The numbers that tell shapes apart.
constexpr std::size_t kMostNumbers = 7;
struct Numbers {
  std::array<std::uint64_t, kMostNumbers> of{};
  std::size_t count = 0;
};

Numbers shape_numbers(const Operator& op) {
  Numbers numbers;
  std::visit(
      [&numbers](const auto& s) {
        for_each_extent(s, [&numbers](const char* /*name*/, const auto& extent) {
          numbers.of[numbers.count++] = static_cast<std::uint64_t>(extent);
        });
      },
      op.shape);
  return numbers;
}

bool same_tensors(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Tensor& x, const Tensor& y) {
    return x.kind == y.kind && x.dtype == y.dtype && (x.shape == y.shape || x.elements() == y.elements());
  });
}

}  // namespace

void append_key(std::string& key, std::uint64_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  key.append(bytes, sizeof value);
}

std::string shape_key(const Operator& op) {
  const Numbers numbers = shape_numbers(op);
  std::string key;
  constexpr std::size_t kRest = 16;  // what a caller may add: residency
  key.reserve(8 * (4 + numbers.count + 3 * (op.inputs.size() + op.outputs.size()) + kRest));
  append_key(key, static_cast<std::uint64_t>(op.kind));
  append_key(key, static_cast<std::uint64_t>(op.dtype));
  for (std::size_t i = 0; i < numbers.count; ++i) append_key(key, numbers.of[i]);
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

bool same_shape_key(const Operator& a, const Operator& b) {
  if (a.kind != b.kind || a.dtype != b.dtype || a.shape.index() != b.shape.index()) return false;
  return shape_numbers(a).of == shape_numbers(b).of && same_tensors(a.inputs, b.inputs) &&
         same_tensors(a.outputs, b.outputs);
}

}  // namespace orrery
