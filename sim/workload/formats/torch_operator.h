#pragma once
// PyTorch's operators ("aten::addmm") by name and the shapes of their tensors, as profiles and the traces
// made of them hold them.

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/workload/formats/coverage.h"
#include "sim/workload/formats/import_options.h"
#include "sim/workload/operator.h"

namespace orrery {

struct TorchCall {
  std::string name;
  std::vector<std::vector<std::uint64_t>> dims;  // of each argument; {} of what is no tensor
  std::vector<std::string> types;                // of each, "c10::BFloat16" or "Tensor(float)"
  std::vector<std::string> values;               // of each that is no tensor, where they are known
};

// "aten::mm" and the like: whether a name is PyTorch's; "autograd::" and the like: whether it stands around
// others.
bool is_torch(const std::string& name);
bool is_frame(const std::string& name);
// Made of others that do its work: "aten::linear".
bool is_composite(const std::string& name);

// The operator, told to `coverage` as understood; none, told as ignored or refused. Throws ConfigError with
// what does not fit where shapes do not multiply.
std::optional<Operator> torch_operator(const TorchCall& call, const ImportOptions& options,
                                       Coverage& coverage);

// Extents of each argument out of JSON lists of them; a list of tensors is as many tensors. `refuse` is told
// of an extent that is none, and throws.
std::vector<std::vector<std::uint64_t>> torch_shapes(
    const nlohmann::json& list, const std::function<void(const nlohmann::json&)>& refuse);
// Texts out of a JSON list, other values as they are written; none where it is no list.
std::vector<std::string> torch_texts(const nlohmann::json& list);

// "c10::Half", "Tensor(float)", "BFloat16": its format, where there is one of ours.
std::optional<DType> torch_dtype(const std::string& type);

}  // namespace orrery
