#pragma once
// A graph made of a foreign one: nodes by the numbers that the file gives them, some of which are no operator
// but stand between such.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/workload/formats/coverage.h"
#include "sim/workload/operator_stream.h"

namespace orrery {

class GraphImport {
 public:
  // `file`: its name.
  explicit GraphImport(std::string file, std::shared_ptr<TensorNames> names)
      : file_(std::move(file)), names_(std::move(names)) {}

  // Operators are numbered as they come; tensors without a name are given one, nobody else's. `what`: the
  // node's name in messages.
  void add(std::uint64_t node, const std::string& what, const std::vector<std::uint64_t>& needs, Operator op);
  // Others may wait for it. It does nothing.
  void skip(std::uint64_t node, const std::string& what, const std::vector<std::uint64_t>& needs);
  std::size_t operators() const { return operators_.size(); }

  // In an order that respects all dependences. Throws ConfigError: numbers given twice or unknown, a cycle,
  // shapes that do not fit.
  OperatorGraph finish();

 private:
  struct Node {
    std::uint64_t number = 0;
    std::string what;
    std::vector<std::uint64_t> needs;
    std::size_t op = SIZE_MAX;  // none
  };

  std::string file_;
  std::shared_ptr<TensorNames> names_;
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::size_t> places_;
  std::vector<Operator> operators_;

  void add_node(Node node);
  std::string where(const Node& node) const;
};

// A tensor of its own for each of the operator's, called by the node's number.
void name_tensors(Operator& op, const std::string& prefix, TensorNames& names);

// Ranks as a group of devices, which are evenly apart; none where these, in rising order, are not.
std::optional<DeviceGroup> evenly_apart(const std::vector<std::uint32_t>& ranks);

// The format of its first product, or else `otherwise`: what a result goes by.
DType arithmetic_of(const OperatorGraph& graph, DType otherwise);

struct ImportedTrace {
  RecordedStream stream;
  Coverage coverage;
};

// One step of `graphs`, one for each of `devices` that are not alike, or one that all do; called after the
// file unless another `name` is given. Its memory is what the operators name. Throws ConfigError where
// nothing was understood.
ImportedTrace imported(const std::string& file, std::vector<OperatorGraph> graphs, std::uint32_t devices,
                       DType dtype, Coverage coverage, const std::string& name = "");

}  // namespace orrery
