#pragma once
// ONNX models as exporters write them, node after node.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/workload/formats/onnx.pb.h"

namespace orrery::test {

// "batch_size" or "4": an extent by its name or its number.
using OnnxDims = std::vector<std::string>;

class OnnxFile {
 public:
  OnnxFile();

  OnnxFile& input(const std::string& name, const OnnxDims& dims, std::int32_t type = 10);
  OnnxFile& weight(const std::string& name, const std::vector<std::int64_t>& dims, std::int32_t type = 10);
  // Of whole numbers, in raw bytes as exporters keep them.
  OnnxFile& numbers(const std::string& name, const std::vector<std::int64_t>& values, bool scalar = false);
  // What the file says of a value that a node makes.
  OnnxFile& stated(const std::string& name, const OnnxDims& dims, std::int32_t type = 10);
  // That gives nothing.
  void sink(const std::string& op, const std::vector<std::string>& inputs);
  // The last node's attributes are set by the next calls. Its first output's name.
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs = {});
  void whole(const std::string& name, std::int64_t value);
  void list(const std::string& name, const std::vector<std::int64_t>& values);

  std::string bytes() const { return model_.SerializeAsString(); }
  // Into the test's temporary folder. Its path.
  std::string write(const std::string& name = "model.onnx") const;

 private:
  onnx::ModelProto model_;
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
};

}  // namespace orrery::test
