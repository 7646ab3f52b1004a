#include "sim/config/runtime_loader.h"

#include "sim/operators/operator_row.h"

namespace orrery {
namespace {

constexpr double kLongestUs = 1e6;

const Table& framework_table() {
  static const Table table = [] {
    using R = RuntimeSpec;
    Fields<R> f("operators that go through more of the framework, with costs of their own");
    std::vector<std::string> names;
    for (const OperatorRow& row : kOperators) {
      if (!std::holds_alternative<CollectiveFamily>(row.family)) names.emplace_back(row.name);
    }
    f.key("names", &R::framework_operators, "", "of the operators")
        .shaped(Shape::list(Shape::word(names)))
        .required();
    f.key("call_us", &R::framework_call_us, "us", "as call_us, of these").required().range(0, kLongestUs);
    f.key("least_call_us", &R::framework_least_call_us, "us", "as least_call_us, of these")
        .required()
        .range(0, kLongestUs);
    return Table(f);
  }();
  return table;
}

}  // namespace

template <>
const Table& table_of<RuntimeSpec>() {
  static const Table table = [] {
    using R = RuntimeSpec;
    Fields<R> f("orrery/runtime/1: a software stack that runs a model on a machine");
    f.document("orrery/runtime/1");
    f.key("name", &R::name, "", "what it goes by").required().characters(1, 200).bears(Bears::none);
    f.key(
         "kernel_gap_us", &R::kernel_gap_us, "us",
         "between a kernel and the next of the same stream or graph; below 0 where the next one's start lies "
         "beside the end of the one before")
        .range(-10, 1e5);
    f.key("step_us", &R::step_us, "us",
          "host work of a step (scheduling, inputs, sampling) that the device waits for")
        .range(0, 1e7);
    f.key("group_us", &R::group_us, "us",
          "more of it where several devices run the step together: its inputs are sent to their workers")
        .range(0, 1e7);
    f.key("sequence_us", &R::sequence_us, "us", "the same for each sequence of the batch")
        .range(0, kLongestUs);
    f.key("kv_memory_fraction", &R::kv_memory_fraction, "",
          "share of a device's memory the stack may fill; what weights and activations leave of it holds "
          "paged keys and values. 0: a batch must fit whole")
        .range(0, 1);
    f.key("token_budget", &R::token_budget, "tokens",
          "of prompts that a step takes at most; longer prompts run in pieces")
        .range(1, 1e9);
    f.key("own_collectives", &R::own_collectives, "",
          "all-reduces of its own inside a node, where the node says what they cost");
    f.key("older_collectives", &R::older_collectives, "",
          "collectives of the library as it was in 2023, where the node says what those cost");
    f.key("scalar_rows", &R::scalar_rows, "",
          "norms and activations by kernels whose threads load an element each, as engines of 2023 had them, "
          "where the library knows them (scalar_kernels)");
    f.key("engine", &R::engine, "",
          "whose attention kernels run, where the machine's library knows them (engine_attention)");
    f.key("preempts", &R::preempts, "", "sequences that run out of cache are set back and recomputed");
    f.key("fused", &R::fused, "",
          "operators that run as parts of others, beside those that the machine fuses");
    f.key("apart", &R::apart, "", "operators that do not, though the machine fuses them");
    f.key("call_us", &R::call_us, "us",
          "by the host's clock, what a call adds to an operator's time on the device")
        .range(0, kLongestUs);
    f.key("least_call_us", &R::least_call_us, "us", "the least a call takes by the host's clock")
        .range(0, kLongestUs);
    f.group("framework_operators", &framework_table,
            "operators that go through more of the framework, with costs of their own");
    return Table(f);
  }();
  return table;
}

std::vector<std::string> runtime_names() {
  return names_of(kRuntime);
}

ConfigDocument load_runtime_document(const std::string& name) {
  return open_document(name, kRuntime);
}

RuntimeSpec load_runtime(const std::string& name) {
  return build_runtime(load_runtime_document(name));
}

RuntimeSpec build_runtime(const ConfigDocument& document) {
  return read_document<RuntimeSpec>(document);
}

}  // namespace orrery
