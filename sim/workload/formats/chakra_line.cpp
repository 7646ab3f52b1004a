#include "sim/workload/formats/chakra_line.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/util/errors.h"
#include "sim/workload/formats/chakra_attributes.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using AttributeList = google::protobuf::RepeatedPtrField<chakra::Attribute>;

constexpr const char* kTexts[] = {"op", "phase", "dtype"};
constexpr const char* kCounts[] = {"step", "stage", "rank", "meeting"};  // and optional ones
constexpr const char* kShape = "shape.";

void set_count(AttributeList& list, const std::string& name, std::uint64_t value) {
  chakra::Attribute& a = *list.Add();
  a.set_name(name);
  a.set_uint64_val(value);
}

void set_operands(const ordered_json& tensors, chakra::Operands& operands) {
  ordered_json values = ordered_json::array();
  ordered_json shapes = ordered_json::array();
  ordered_json types = ordered_json::array();
  for (const ordered_json& t : tensors) {
    values.push_back(t["id"]);
    shapes.push_back(t["shape"]);
    ordered_json type = {t["kind"], t["dtype"]};
    if (t.contains("bits") || t.contains("sparsity")) type.push_back(t.value("bits", ordered_json()));
    if (t.contains("sparsity")) type.push_back(t["sparsity"]);
    types.push_back(type);
  }
  operands.set_values(values.dump());
  operands.set_shapes(shapes.dump());
  operands.set_types(types.dump());
}

json tensors_of(const chakra::Operands& operands) {
  const json values = json::parse(operands.values());
  const json shapes = json::parse(operands.shapes());
  const json types = json::parse(operands.types());
  json tensors = json::array();
  for (std::size_t i = 0; i < values.size(); ++i) {
    json t = {{"id", values[i]},
              {"shape", shapes.at(i)},
              {"kind", types.at(i).at(0)},
              {"dtype", types.at(i).at(1)}};
    if (types[i].size() > 2 && !types[i][2].is_null()) t["bits"] = types[i][2];
    if (types[i].size() > 3) t["sparsity"] = types[i][3];
    tensors.push_back(t);
  }
  return tensors;
}

chakra::CollectiveCommType comm_type(CollectiveOperation operation) {
  switch (operation) {
    case CollectiveOperation::all_reduce:
      return chakra::ALL_REDUCE;
    case CollectiveOperation::all_gather:
      return chakra::ALL_GATHER;
    case CollectiveOperation::reduce_scatter:
      return chakra::REDUCE_SCATTER;
    case CollectiveOperation::all_to_all:
      return chakra::ALL_TO_ALL;
    case CollectiveOperation::broadcast:
      return chakra::BROADCAST;
    case CollectiveOperation::send_recv:
    case CollectiveOperation::shift:
      break;  // of two ranks: as_transfer
  }
  return chakra::ALL_TO_ALL;
}

}  // namespace

std::uint64_t comm_size(CollectiveOperation operation, const CollectiveShape& shape) {
  return operation == CollectiveOperation::all_gather ? shape.bytes / shape.devices : shape.bytes;
}

void set_text(AttributeList& list, const char* name, const std::string& value) {
  chakra::Attribute& a = *list.Add();
  a.set_name(name);
  a.set_string_val(value);
}

void as_transfer(chakra::Node& node, bool sends, std::uint32_t rank, std::uint32_t peer,
                 std::uint64_t bytes) {
  node.set_type(sends ? chakra::COMM_SEND_NODE : chakra::COMM_RECV_NODE);
  AttributeList& attributes = *node.mutable_attr();
  set_count(attributes, "comm_src", sends ? rank : peer);
  set_count(attributes, "comm_dst", sends ? peer : rank);
  set_count(attributes, "comm_tag", 0);
  const auto sized = std::find_if(attributes.begin(), attributes.end(),
                                  [](const chakra::Attribute& a) { return a.name() == "comm_size"; });
  if (sized == attributes.end()) set_count(attributes, "comm_size", bytes);
}

chakra::Node chakra_node(const Operator& op, const ordered_json& line, std::uint64_t base) {
  chakra::Node node;
  node.set_id(base + op.id);
  node.set_name(to_string(op.kind));
  for (const std::uint32_t dep : op.deps) node.add_data_deps(base + dep);
  AttributeList& attributes = *node.mutable_attr();
  chakra::Attribute& on_host = *attributes.Add();
  on_host.set_name("is_cpu_op");
  on_host.set_bool_val(false);
  if (const auto* family = std::get_if<CollectiveFamily>(&operator_row(op.kind).family)) {
    node.set_type(chakra::COMM_COLL_NODE);
    set_count(attributes, "comm_type", static_cast<std::uint64_t>(comm_type(family->operation)));
    set_count(attributes, "comm_size", comm_size(family->operation, std::get<CollectiveShape>(op.shape)));
  } else {
    node.set_type(chakra::COMP_NODE);
    const OperatorBytes bytes = operator_bytes(op);
    set_count(attributes, "num_ops", 2 * operator_macs(op));
    set_count(attributes, "tensor_size", bytes.read + bytes.written);
  }
  set_count(attributes, "id", op.id);
  chakra::Attribute& layer = *attributes.Add();
  layer.set_name("layer");
  layer.set_int64_val(op.layer);
  for (const char* key : kTexts) set_text(attributes, key, line[key].get<std::string>());
  for (const char* key : kCounts) {
    if (line.contains(key)) set_count(attributes, key, line[key].get<std::uint64_t>());
  }
  for (const auto& [key, extent] : line["shape"].items())
    set_text(attributes, (kShape + key).c_str(), extent.dump());
  set_operands(line["inputs"], *node.mutable_inputs());
  set_operands(line["outputs"], *node.mutable_outputs());
  return node;
}

json line_of(const chakra::Node& node, const std::string& where) try {
  const ChakraAttributes attributes(node.attr(), where);
  const std::uint64_t id = attributes.count("id").value_or(0);
  if (id > node.id()) throw ConfigError(where, "attribute 'id' exceeds the node's number");
  json line = {{"id", id}, {"deps", json::array()}, {"shape", json::object()}};
  for (const std::uint64_t dep : node.data_deps()) {
    if (dep + id < node.id()) throw ConfigError(where, "it waits for a node of an earlier step by its data");
    line["deps"].push_back(dep + id - node.id());
  }
  for (const char* key : kTexts) {
    const auto value = attributes.text(key);
    if (!value)
      throw ConfigError(where, std::string("lacks attribute '") + key + "' of a trace that Orrery wrote");
    line[key] = *value;
  }
  for (const char* key : kCounts) {
    if (const auto value = attributes.count(key)) line[key] = *value;
  }
  for (const chakra::Attribute& a : node.attr()) {
    if (a.name().rfind(kShape, 0) == 0)
      line["shape"][a.name().substr(std::string(kShape).size())] = json::parse(a.string_val());
    if (a.name() == "layer") line["layer"] = a.int64_val();
  }
  line["inputs"] = tensors_of(node.inputs());
  line["outputs"] = tensors_of(node.outputs());
  return line;
} catch (const json::exception&) {
  throw ConfigError(where, "its operands or extents are no lists as Orrery writes them");
}

}  // namespace orrery
