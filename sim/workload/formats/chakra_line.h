#pragma once
// An operator of Orrery's own traces as a Chakra node, and back: every key of its line is an attribute, its
// tensors are the node's operands. Other tools find num_ops, tensor_size, comm_type and comm_size.

#include <nlohmann/json_fwd.hpp>

#include "sim/workload/formats/chakra.pb.h"
#include "sim/workload/operator.h"

namespace orrery {

// In the metadata of a file that Orrery wrote: the trace's header.
inline constexpr const char* kChakraHeader = "orrery.header";

// `line`: as operator_line makes it. `base`: number of the graph's first operator in the file.
chakra::Node chakra_node(const Operator& op, const nlohmann::ordered_json& line, std::uint64_t base);

// Of two ranks: what this one sends to or gets from its peer.
void as_transfer(chakra::Node& node, bool sends, std::uint32_t rank, std::uint32_t peer, std::uint64_t bytes);

// Throws ConfigError, which names `where`, for a node that is no such operator.
nlohmann::json line_of(const chakra::Node& node, const std::string& where);

void set_text(google::protobuf::RepeatedPtrField<chakra::Attribute>& list, const char* name,
              const std::string& value);

// What a node's communication moves of an operator's whole array: a rank's part of what is gathered.
std::uint64_t comm_size(CollectiveOperation operation, const CollectiveShape& shape);

}  // namespace orrery
