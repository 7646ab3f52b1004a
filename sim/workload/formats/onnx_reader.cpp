#include "sim/workload/formats/onnx_reader.h"

#include <fmt/format.h>

#include <fstream>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/formats/delimited.h"
#include "sim/workload/formats/onnx_operators.h"
#include "sim/workload/formats/onnx_shapes.h"

namespace orrery {
namespace {

onnx::ModelProto parse(const std::filesystem::path& file) {
  std::ifstream in = open_file(file);
  onnx::ModelProto model;
  const QuietMessages quiet;
  if (!model.ParseFromIstream(&in))
    throw ConfigError(file.string(), "is no whole ONNX model: cut short or damaged");
  if (!model.has_graph() || model.graph().node_size() == 0)
    throw ConfigError(file.string(), "is an ONNX model without nodes");
  return model;
}

class OnnxReader {
 public:
  OnnxReader(const std::filesystem::path& file, const ImportOptions& options)
      : file_(file.string()),
        options_(options),
        graph_(file.filename().string(), names_),
        coverage_("an ONNX model") {}

  ImportedTrace read(const onnx::GraphProto& graph) {
    for (const auto& info : graph.input())
      values_[info.name()] = located(file_, [&] { return value_of(info, options_); });
    for (const auto& tensor : graph.initializer()) {
      const OnnxValue& value = values_[tensor.name()] = located(file_, [&] { return value_of(tensor); });
      stored_ = checked_sum(stored_, located(file_, [&] { return stored_bytes(value); }));
    }
    for (const auto* list : {&graph.value_info(), &graph.output()}) {
      for (const auto& info : *list)
        stated_[info.name()] = located(file_, [&] { return value_of(info, options_); });
    }
    for (const auto& input : graph.input()) note_open_extents(input);
    for (int i = 0; i < graph.node_size(); ++i) read(graph.node(i), i);
    coverage_.assume("nodes run one after the other, none fused that the file leaves apart");
    std::vector<OperatorGraph> graphs;
    graphs.push_back(graph_.finish());
    const DType dtype = arithmetic_of(graphs.front(), options_.format());
    ImportedTrace trace =
        imported(file_, std::move(graphs), options_.devices.value_or(1), dtype, std::move(coverage_));
    trace.stream.set(stored_, options_.batch(), options_.past() + options_.tokens());
    return trace;
  }

 private:
  const std::string file_;
  const ImportOptions& options_;
  std::shared_ptr<TensorNames> names_ = std::make_shared<TensorNames>();
  GraphImport graph_;
  Coverage coverage_;
  std::unordered_map<std::string, OnnxValue> values_, stated_;
  std::unordered_map<std::string, std::uint64_t> makers_;
  std::unordered_map<std::string, std::string> same_as_;  // what is the same data
  std::uint64_t number_ = 0;                              // of nodes of the graph import
  std::uint64_t stored_ = 0;                              // bytes of initializers

  void note_open_extents(const onnx::ValueInfoProto& input) {
    for (const auto& dim : input.type().tensor_type().shape().dim()) {
      if (!dim.has_dim_param()) continue;
      const auto extent = open_extent(dim.dim_param(), options_);
      coverage_.assume(extent ? fmt::format("'{}' is {} (--batch, --input, --past say otherwise)",
                                            dim.dim_param(), *extent)
                              : fmt::format("'{}' is left open", dim.dim_param()));
    }
  }

  void read(const onnx::NodeProto& proto, int place) {
    const std::string what =
        printable(proto.name().empty() ? fmt::format("{} {}", proto.op_type(), place) : proto.name());
    const std::string where = fmt::format("{}, node {} '{}' ({})", file_, place, printable(proto.name()),
                                          printable(proto.op_type()));
    std::vector<const OnnxValue*> inputs;
    std::vector<std::uint64_t> needs;
    bool constant = proto.input_size() > 0;
    for (const std::string& name : proto.input()) {
      if (name.empty()) {
        inputs.push_back(nullptr);
        continue;
      }
      const auto found = values_.find(name);
      if (found == values_.end())
        throw ConfigError(
            where,
            fmt::format("reads '{}', which nothing before it makes (a cycle, or nodes out of order)", name));
      inputs.push_back(&found->second);
      constant = constant && found->second.constant;
      if (const auto maker = makers_.find(name); maker != makers_.end()) needs.push_back(maker->second);
    }
    const OnnxNode node(proto, std::move(inputs));
    std::vector<OnnxOperator> made;
    std::vector<OnnxValue> outputs;
    std::string unknown;
    located(where, [&] {
      try {
        outputs = infer_outputs(node);
      } catch (const ShapeUnknown& shape) {
        unknown = shape.why;
      }
      outputs.resize(static_cast<std::size_t>(proto.output_size()));
      for (int i = 0; i < proto.output_size(); ++i)
        complete(outputs[static_cast<std::size_t>(i)], proto.output(i),
                 constant || proto.op_type() == "Constant");
      try {
        made = onnx_operators(node, outputs, options_, coverage_);
      } catch (const ShapeUnknown& shape) {
        coverage_.refuse(proto.op_type(), unknown.empty() ? shape.why : unknown);
      }
      return 0;
    });
    add(proto, what, std::move(needs), std::move(made));
    for (int i = 0; i < proto.output_size(); ++i) {
      if (proto.output(i).empty()) continue;
      values_[proto.output(i)] = std::move(outputs[static_cast<std::size_t>(i)]);
      makers_[proto.output(i)] = number_;
    }
  }

  // What the file states of a value that did not follow.
  void complete(OnnxValue& value, const std::string& name, bool constant) const {
    value.constant = constant;
    const auto stated = stated_.find(name);
    if (stated == stated_.end()) return;
    if (!value.shape) value.shape = stated->second.shape;
    if (value.type == 0) value.type = stated->second.type;
  }

  void add(const onnx::NodeProto& proto, const std::string& what, std::vector<std::uint64_t> needs,
           std::vector<OnnxOperator> made) {
    if (made.empty()) {
      graph_.skip(++number_, what, needs);
      if (proto.input_size() > 0 && proto.output_size() > 0)
        same_as_[proto.output(0)] = data_of(proto.input(0));
      return;
    }
    TensorName before;  // what the node's operator before made
    for (OnnxOperator& each : made) {
      name_tensors(each.op, what + "/" + std::to_string(number_), *names_);
      name(each.op.inputs, each.inputs, proto.input());
      name(each.op.outputs, each.outputs, proto.output());
      for (std::size_t i = 0; i < each.inputs.size(); ++i) {
        if (each.inputs[i] == OnnxOperator::kFromBefore) each.op.inputs[i].id = before;
      }
      before = each.op.outputs.back().id;
      graph_.add(++number_, what, needs, std::move(each.op));
      needs = {number_};
    }
  }

  std::string data_of(const std::string& name) const {
    const auto found = same_as_.find(name);
    return found == same_as_.end() ? name : found->second;
  }

  void name(std::vector<Tensor>& tensors, const std::vector<int>& places,
            const google::protobuf::RepeatedPtrField<std::string>& names) {
    for (std::size_t i = 0; i < tensors.size() && i < places.size(); ++i) {
      if (places[i] < 0 || places[i] >= names.size() || names[places[i]].empty()) continue;
      const std::string& name = names[places[i]];
      tensors[i].id = {-1, names_->slot(printable(data_of(name)))};
    }
  }
};

}  // namespace

ImportedTrace read_onnx(const std::filesystem::path& file, const ImportOptions& options) {
  const onnx::ModelProto model = parse(file);
  return OnnxReader(file, options).read(model.graph());
}

}  // namespace orrery
