#include "sim/train/training_memory.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "sim/train/pipeline_schedule.h"
#include "sim/util/checked.h"
#include "sim/util/units.h"
#include "sim/workload/backward.h"

namespace orrery {
namespace {

constexpr std::uint64_t kAdamBytes = 12;  // a parameter: two moments and a weight of 32 bits each

// What the gradient of an operator reads of what the operator read.
bool reads_inputs(const Operator& op) {
  return !std::holds_alternative<CollectiveFamily>(operator_row(op.kind).family) &&
         op.kind != OperatorKind::add && op.kind != OperatorKind::rope && op.kind != OperatorKind::softmax &&
         op.kind != OperatorKind::expert_gather && op.kind != OperatorKind::embedding &&
         op.kind != OperatorKind::dropout && op.kind != OperatorKind::dropout_add &&
         op.kind != OperatorKind::transpose;
}

// Operators of attention, asked in their order: scores, what is done to them row by row, and sums of values.
class AttentionCore {
 public:
  bool has(const Operator& op) {
    const bool rows = op.kind == OperatorKind::dropout || op.kind == OperatorKind::add;
    const bool belongs =
        op.layer >= 0 && (op.kind == OperatorKind::softmax || op.kind == OperatorKind::attention ||
                          (op.kind == OperatorKind::matmul && op.inputs[1].kind != TensorKind::weight) ||
                          (rows && made_.count(op.inputs[0].id) > 0));
    if (belongs) {
      for (const Tensor& t : op.outputs) made_.insert(t.id);
    }
    return belongs;
  }
  bool made(const Tensor& t) const { return made_.count(t.id) > 0; }

 private:
  std::set<TensorName> made_;
};

}  // namespace

StageParameters stage_parameters(const LlmSpec& stage, const TrainingPlan& plan) {
  StageParameters count;
  count.all = device_parameters(stage, plan.formats, plan.split).total;
  const Parallelism& split = plan.split;
  stage.for_each_mixer([&](const auto& block, std::uint64_t layers) {
    if constexpr (std::is_same_v<std::decay_t<decltype(block)>, MixtureBlock>) {
      const std::uint64_t products = block.activation == ActivationKind::gelu ? 2 : 3;
      count.experts =
          checked_sum(count.experts, checked_product({layers, block.experts / split.expert, products,
                                                      stage.hidden, block.width / split.expert_tensor()}));
    }
  });
  return count;
}

std::uint64_t StageParameters::kept(const TrainingPlan& plan, std::uint32_t zero) const {
  if (plan.zero < zero) return all;
  return ceil_div<std::uint64_t>(dense(), plan.split.data) + ceil_div(experts, expert_replicas(plan.split));
}

std::uint64_t expert_replicas(const Parallelism& split) {
  return split.data / split.expert_replicas();
}

KeptActivations kept_activations(const OperatorGraph& forward, Recompute recompute) {
  std::map<TensorName, std::uint64_t> bytes;   // of layers and what lies before them
  std::map<TensorName, std::uint64_t> behind;  // of the head
  std::map<TensorName, std::uint64_t> taken;   // by layers
  AttentionCore core;                          // computed again, where recomputation is selective
  const auto keep = [](std::map<TensorName, std::uint64_t>& in, const Tensor& t) {
    if (t.kind == TensorKind::weight) return;
    std::uint64_t& known = in[t.id];
    known = std::max(known, t.bytes());
  };
  std::int32_t layer = -1;
  for (const Operator& op : forward.operators) {
    if (op.layer >= 0 && op.layer != layer) keep(taken, op.inputs.front());
    layer = op.layer;
    std::vector<Tensor> taken_from_outside;
    for (const Tensor& t : op.inputs) {
      if (!core.made(t)) taken_from_outside.push_back(t);
    }
    if (core.has(op) && recompute == Recompute::selective) {
      for (const Tensor& t : taken_from_outside) keep(bytes, t);
      continue;
    }
    if (op.kind == OperatorKind::softmax || op.kind == OperatorKind::dropout ||
        op.kind == OperatorKind::dropout_add)
      keep(op.layer < 0 && !taken.empty() ? behind : bytes, op.outputs.front());
    if (!reads_inputs(op)) continue;
    for (const Tensor& t : op.inputs) keep(op.layer < 0 && !taken.empty() ? behind : bytes, t);
  }
  std::map<std::int32_t, std::uint64_t> by_layer;
  for (const auto& [id, size] : bytes) by_layer[id.layer] += size;
  KeptActivations kept;
  std::uint64_t longest = 0;  // layer's
  for (const auto& [at, size] : by_layer) {
    kept.each += size;
    if (at >= 0) longest = std::max(longest, size);
  }
  for (const auto& [id, size] : behind) kept.once += size;
  if (recompute == Recompute::full) {
    kept.once += longest;
    kept.each = std::accumulate(taken.begin(), taken.end(), std::uint64_t{0},
                                [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
  }
  return kept;
}

OperatorGraph attention_core(const OperatorGraph& graph) {
  AttentionCore core;
  return part_of(graph, [&core](const Operator& op) { return core.has(op); });
}

TrainingMemory training_memory(const TrainingPlan& plan, std::uint32_t device,
                               const std::vector<StageParameters>& chunks,
                               const std::vector<KeptActivations>& kept) {
  TrainingMemory memory;
  for (const StageParameters& p : chunks) {
    memory.weights += plan.formats.plain.bytes(p.kept(plan, 3));
    memory.gradients += plan.gradients.bytes(p.kept(plan, 2));
    memory.optimizer += checked_product({kAdamBytes, p.kept(plan, 1)});
  }
  const std::uint64_t passes =
      std::min(warm_up(plan.split.pipeline, plan.chunks, device, plan.micro_batches()) + 1,
               plan.micro_batches() * plan.chunks);
  std::uint64_t once = 0;
  std::uint64_t each = 0;
  for (const KeptActivations& chunk : kept) {
    once = std::max(once, chunk.once);
    each = std::max(each, chunk.each);
  }
  memory.activations = checked_sum(checked_product({passes, each}), once);
  return memory;
}

}  // namespace orrery
