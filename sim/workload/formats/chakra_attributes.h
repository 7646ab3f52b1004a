#pragma once
// Attributes of a Chakra node by name, whichever of their types a tool chose.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/workload/formats/chakra.pb.h"

namespace orrery {

class ChakraAttributes {
 public:
  // `where`: the node, in messages. Both must outlive it.
  ChakraAttributes(const google::protobuf::RepeatedPtrField<chakra::Attribute>& list,
                   const std::string& where)
      : list_(list), where_(where) {}

  // None where the node has no such attribute. Throw ConfigError where it is of another type, negative or no
  // number.
  std::optional<std::uint64_t> count(const char* name) const;
  std::optional<bool> flag(const char* name) const;
  // Whether any of a list of truths is false.
  bool any_false(const char* name) const;
  std::optional<std::string> text(const char* name) const;  // numbers as they are written

 private:
  const google::protobuf::RepeatedPtrField<chakra::Attribute>& list_;
  const std::string& where_;

  const chakra::Attribute* find(const char* name) const;
};

}  // namespace orrery
