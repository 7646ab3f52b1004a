#include "tests/support/onnx_file.h"

#include <cctype>

#include "tests/support/command.h"

namespace orrery::test {

OnnxFile::OnnxFile() {
  model_.set_ir_version(8);
  model_.set_producer_name("test");
}

namespace {

void describe_value(onnx::ValueInfoProto& info, const std::string& name, const OnnxDims& dims,
                    std::int32_t type) {
  info.set_name(name);
  onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();
  for (const std::string& dim : dims) {
    auto& extent = *tensor.mutable_shape()->add_dim();
    if (std::isdigit(static_cast<unsigned char>(dim[0])) != 0 || dim[0] == '-') {
      extent.set_dim_value(std::stoll(dim));
    } else {
      extent.set_dim_param(dim);
    }
  }
}

}  // namespace

OnnxFile& OnnxFile::input(const std::string& name, const OnnxDims& dims, std::int32_t type) {
  describe_value(*graph().add_input(), name, dims, type);
  return *this;
}

OnnxFile& OnnxFile::stated(const std::string& name, const OnnxDims& dims, std::int32_t type) {
  describe_value(*graph().add_value_info(), name, dims, type);
  return *this;
}

OnnxFile& OnnxFile::weight(const std::string& name, const std::vector<std::int64_t>& dims,
                           std::int32_t type) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  return *this;
}

OnnxFile& OnnxFile::numbers(const std::string& name, const std::vector<std::int64_t>& values, bool scalar) {
  constexpr std::int32_t kInt64 = 7;
  weight(name,
         scalar ? std::vector<std::int64_t>{}
                : std::vector<std::int64_t>{static_cast<std::int64_t>(values.size())},
         kInt64);
  std::string raw;
  for (const std::int64_t value : values) {
    for (unsigned byte = 0; byte < 8; ++byte)
      raw += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * byte)) & 0xff);
  }
  graph().mutable_initializer(graph().initializer_size() - 1)->set_raw_data(raw);
  return *this;
}

std::string OnnxFile::node(const std::string& op, const std::vector<std::string>& inputs,
                           const std::vector<std::string>& outputs) {
  onnx::NodeProto& node = *graph().add_node();
  node.set_op_type(op);
  node.set_name(op + "_" + std::to_string(graph().node_size()));
  for (const std::string& name : inputs) node.add_input(name);
  if (outputs.empty()) node.add_output("v" + std::to_string(graph().node_size()));
  for (const std::string& name : outputs) node.add_output(name);
  return node.output(0);
}

void OnnxFile::sink(const std::string& op, const std::vector<std::string>& inputs) {
  node(op, inputs);
  graph().mutable_node(graph().node_size() - 1)->clear_output();
}

void OnnxFile::whole(const std::string& name, std::int64_t value) {
  onnx::AttributeProto& a = *graph().mutable_node(graph().node_size() - 1)->add_attribute();
  a.set_name(name);
  a.set_i(value);
}

void OnnxFile::list(const std::string& name, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& a = *graph().mutable_node(graph().node_size() - 1)->add_attribute();
  a.set_name(name);
  for (const std::int64_t value : values) a.add_ints(value);
}

std::string OnnxFile::write(const std::string& name) const {
  return temporary_file(name, bytes());
}

}  // namespace orrery::test
