#pragma once
// The graphs of a trace as its lines come in, one by one.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/util/errors.h"
#include "sim/workload/formats/trace_line.h"

namespace orrery {

class TraceAssembly {
 public:
  // `name`: of the file.
  explicit TraceAssembly(std::string name) : name_(std::move(name)) {}

  // The header, then an operator each, which stand at `at`. False: enough is known to be wrong.
  bool add(const nlohmann::json& line, const std::string& at);
  // What is wrong with a line that is no JSON. False as above.
  bool refuse(const std::string& at, const std::string& message);
  bool has_header() const { return has_header_; }

  // Throws ConfigError with all that was found wrong (at most 20 findings).
  RecordedStream finish();

 private:
  // Graphs of one phase as they fill up, with where each operator was written.
  struct Graphs {
    std::vector<OperatorGraph> graphs;
    std::vector<std::vector<std::string>> where;
    std::uint64_t lanes = 1;
    const char* lane = "stage";  // or rank: what a lane is

    void resize(std::uint64_t steps, const StreamInfo& info);
    void add(TraceOperator line, const std::string& at);
    void finish(const char* phase, const std::string& name, const std::shared_ptr<TensorNames>& names);
  };

  std::string name_;
  std::vector<Diagnostic> errors_;
  TraceHeader header_;
  bool has_header_ = false;
  std::uint64_t operators_ = 0;
  std::shared_ptr<TensorNames> names_ = std::make_shared<TensorNames>();
  Graphs prefill_, decode_;
};

}  // namespace orrery
