#pragma once
// Which tensor: its layer and a slot, which stands for its name there. Layers that are alike use the same
// slots, so that what is on chip can be carried from one to the next.

#include <cstdint>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace orrery {

struct TensorName {
  std::int32_t layer = -1;  // -1 = outside the layers
  std::uint32_t slot = 0;

  friend bool operator==(const TensorName& a, const TensorName& b) {
    return a.layer == b.layer && a.slot == b.slot;
  }
  friend bool operator!=(const TensorName& a, const TensorName& b) { return !(a == b); }
  friend bool operator<(const TensorName& a, const TensorName& b) {
    return std::tie(a.layer, a.slot) < std::tie(b.layer, b.slot);
  }
};

// The names behind the slots; one table for all graphs of a stream.
class TensorNames {
 public:
  // The slot of a name, a new one for a new name.
  std::uint32_t slot(const std::string& name);

  // "l3.qkv", or "logits" outside the layers; and back. What does not begin with a layer lies outside.
  std::string text(const TensorName& id) const;
  TensorName parse(const std::string& text);

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint32_t> slots_;
};

}  // namespace orrery
