#include "sim/train/training_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "sim/engine/step_runner.h"
#include "sim/estimate/energy.h"
#include "sim/timing/collective_choice.h"
#include "sim/timing/matrix_timing.h"
#include "sim/train/pipeline_schedule.h"
#include "sim/train/training_memory.h"
#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/workload/backward.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/pipeline.h"

namespace orrery {
namespace {

// One micro-batch through a chunk of layers.
struct ChunkRun {
  Tally forward, backward, recompute;
  StageParameters parameters;
  KeptActivations kept;
  double model_macs = 0;  // on a device, forward and backward, nothing computed again

  double backward_s() const { return backward.seconds + recompute.seconds; }
  Tally all() const {
    Tally sum = forward;
    sum += backward;
    sum += recompute;
    return sum;
  }
};

double macs_of(const OperatorGraph& graph) {
  double sum = 0;
  for (const Operator& op : graph.operators) sum += static_cast<double>(operator_macs(op));
  return sum;
}

// A fused backward pass computes attention's scores again: half of what the forward pass multiplies.
double scores_again(const OperatorGraph& forward) {
  return 0.5 *
         macs_of(part_of(forward, [](const Operator& op) { return op.kind == OperatorKind::attention; }));
}

class IterationRunner {
 public:
  IterationRunner(const LlmSpec& llm, const TrainingPlan& plan, OperatorRunner& runner,
                  const RuntimeSpec& runtime)
      : llm_(llm),
        plan_(plan),
        runner_(runner),
        runtime_(runtime),
        steps_(runner, runtime),
        execution_(runtime.on(runner.arch().execution)) {}

  TrainingResult run(const std::function<void(std::uint64_t, std::uint64_t)>& told);

 private:
  const LlmSpec& llm_;
  const TrainingPlan& plan_;
  OperatorRunner& runner_;
  const RuntimeSpec& runtime_;
  StepRunner steps_;
  const ExecutionSpec execution_;
  std::shared_ptr<TensorNames> names_ = std::make_shared<TensorNames>();

  BackwardSpec backward_spec() const {
    return {plan_.gradients, plan_.micro_batches() > 1 && !execution_.fuses(FusedOperator::gradient_sum),
            execution_.fuses(FusedOperator::row_gradients)};
  }
  ChunkRun run_chunk(const LlmSpec& chunk);
  Tally collective(OperatorKind kind, std::uint64_t bytes, const DeviceGroup& group);
  Tally exchange_gradients(const std::vector<const ChunkRun*>& chunks);
  Tally step_optimizer(const std::vector<const ChunkRun*>& chunks);
  void check_memory(const TrainingMemory& memory) const;
};

// Weights of a chunk come from the replicas that share them for each pass, and gradients go to them; hidden
// behind the pass where the plan says so.
void add_exchange(Tally& pass, const Tally& exchange, bool overlaps) {
  const double exposed = overlaps ? std::max(0.0, exchange.seconds - pass.seconds) : exchange.seconds;
  pass.add(TimeCategory::link, exposed);
}

ChunkRun IterationRunner::run_chunk(const LlmSpec& chunk) {
  ChunkRun run;
  const OperatorGraph forward =
      build_step(chunk, plan_.step(), plan_.formats, plan_.split, execution_, names_);
  run.forward = steps_.run(forward, plan_.micro_batch);
  const OperatorGraph backward = backward_of(forward, backward_spec());
  run.backward = steps_.run(backward, plan_.micro_batch);
  run.model_macs = macs_of(forward) + macs_of(backward) - scores_again(forward);
  if (plan_.recompute == Recompute::full) run.recompute = steps_.run(layers_of(forward), 0);
  if (plan_.recompute == Recompute::selective) run.recompute = steps_.run(attention_core(forward), 0);
  run.parameters = stage_parameters(chunk, plan_);
  run.kept = kept_activations(forward, plan_.recompute);
  if (plan_.zero >= 3) {
    const std::uint64_t weights = plan_.formats.plain.bytes(run.parameters.all);
    const Tally gathered = collective(OperatorKind::all_gather, weights, plan_.split.data_group());
    add_exchange(run.forward, gathered, plan_.overlaps);
    add_exchange(run.backward, gathered, plan_.overlaps);
  }
  if (plan_.zero >= 2) {
    const std::uint64_t sums = plan_.gradients.bytes(run.parameters.all);
    add_exchange(run.backward, collective(OperatorKind::reduce_scatter, sums, plan_.split.data_group()),
                 plan_.overlaps);
  }
  return run;
}

Tally IterationRunner::collective(OperatorKind kind, std::uint64_t bytes, const DeviceGroup& group) {
  if (group.devices < 2 || bytes == 0) return {};
  OperatorGraph graph;
  graph.names = names_;
  Operator op;
  op.kind = kind;
  op.shape = collective_shape(execution_, kind, bytes, group);
  Tensor array;
  array.id = {-1, names_->slot("gradients")};
  array.shape = {bytes};
  array.format = stored_as(DType::int8);
  op.inputs = op.outputs = {array};
  graph.operators.push_back(std::move(op));
  return steps_.run(graph, 0);
}

// Sums of gradients over replicas; with shared optimizer states each replica gets its part, and weights come
// back. What is tied on the first and last stage is summed over the two.
Tally IterationRunner::exchange_gradients(const std::vector<const ChunkRun*>& chunks) {
  std::uint64_t dense = 0;
  std::uint64_t experts = 0;
  for (const ChunkRun* chunk : chunks) {
    dense += chunk->parameters.dense();
    experts += chunk->parameters.experts;
  }
  const Parallelism& split = plan_.split;
  const auto replicas = static_cast<std::uint32_t>(expert_replicas(split));
  const DeviceGroup of_experts{replicas, split.devices() / split.pipeline / replicas};
  Tally sum;
  for (const auto& [count, group] : {std::pair(dense, split.data_group()), std::pair(experts, of_experts)}) {
    if (plan_.zero >= 2) continue;  // exchanged with each micro-batch
    if (plan_.zero == 0) {
      sum += collective(OperatorKind::all_reduce, plan_.gradients.bytes(count), group);
    } else {
      sum += collective(OperatorKind::reduce_scatter, plan_.gradients.bytes(count), group);
      sum += collective(OperatorKind::all_gather, plan_.formats.plain.bytes(count), group);
    }
  }
  const auto* head = std::get_if<LanguageHead>(&llm_.head);
  if (split.pipeline > 1 && head != nullptr && head->tied) {
    const std::uint64_t table = checked_product({llm_.vocab / split.tensor, llm_.hidden});
    sum += collective(OperatorKind::all_reduce, plan_.gradients.bytes(table), split.next_stage());
  }
  return sum;
}

Tally IterationRunner::step_optimizer(const std::vector<const ChunkRun*>& chunks) {
  std::uint64_t count = 0;
  for (const ChunkRun* chunk : chunks) {
    count += chunk->parameters.kept(plan_, 1);
  }
  constexpr std::uint64_t kCols = 1024;
  const VectorShape shape{ceil_div(count, kCols), kCols};
  const auto tensor = [&](const char* name, std::uint64_t each, const StoredFormat& format) {
    return Tensor{{-1, names_->slot(name)}, TensorKind::activation, {shape.rows, each * shape.cols}, format};
  };
  OperatorGraph graph;
  graph.names = names_;
  const auto step = [&](OperatorKind kind, std::vector<Tensor> inputs, std::vector<Tensor> outputs) {
    Operator op;
    op.id = static_cast<std::uint32_t>(graph.operators.size());
    op.kind = kind;
    op.shape = shape;
    op.dtype = DType::fp32;
    op.inputs = std::move(inputs);
    op.outputs = std::move(outputs);
    graph.operators.push_back(std::move(op));
  };
  const Tensor weights = tensor("weights", 1, plan_.formats.plain);
  const StoredFormat wide = stored_as(DType::fp32);
  if (execution_.fuses(FusedOperator::optimizer)) {
    step(OperatorKind::adam, {tensor("adam_state", 4, wide)}, {tensor("adam_next", 3, wide), weights});
    return steps_.run(graph, 0);
  }
  // Gradients are widened and scaled; each moment is scaled and added to; a root and a small number make the
  // denominator; master weights move and are narrowed.
  const auto array = [&](const char* name) { return tensor(name, 1, wide); };
  const Tensor gradient = array("gradient"), first = array("first_moment"), second = array("second_moment"),
               root = array("root"), master = array("master_weights");
  step(OperatorKind::transpose, {tensor("gradients", 1, plan_.gradients)}, {gradient});
  for (const auto& [to, from] :
       {std::pair(gradient, gradient), {first, first}, {second, second}, {root, second}, {root, root}})
    step(OperatorKind::transpose, {from}, {to});
  for (const auto& [to, from] :
       {std::pair(first, gradient), {second, gradient}, {master, first}, {master, root}})
    step(OperatorKind::add, {to, from}, {to});
  step(OperatorKind::transpose, {master}, {weights});
  return steps_.run(graph, 0);
}

void IterationRunner::check_memory(const TrainingMemory& memory) const {
  const ArchSpec& arch = runner_.arch();
  if (memory.total() <= arch.dram.allocatable_bytes) return;
  throw ConfigError(
      "", fmt::format("training {} does not fit {}: a device needs {} bytes (weights {}, gradients {}, "
                      "optimizer {}, activations {}) and has {} to allocate: {} bytes are missing. "
                      "More devices, --zero, --recompute full or a smaller --micro-batch would help",
                      llm_.name, arch.name, memory.total(), memory.weights, memory.gradients,
                      memory.optimizer, memory.activations, arch.dram.allocatable_bytes,
                      memory.total() - arch.dram.allocatable_bytes));
}

TrainingResult IterationRunner::run(const std::function<void(std::uint64_t, std::uint64_t)>& told) {
  const Parallelism& split = plan_.split;
  const std::uint64_t m = plan_.micro_batches();
  const std::uint32_t devices = split.pipeline;
  const std::vector<LlmSpec> layers = pipeline_stages(llm_, devices * plan_.chunks);
  std::vector<ChunkRun> chunks;
  for (const LlmSpec& chunk : layers) {
    chunks.push_back(run_chunk(chunk));
    told(chunks.size(), layers.size());
  }
  TrainingResult r;
  std::vector<std::vector<ChunkTimes>> times(devices);
  std::vector<const ChunkRun*> busiest;
  double longest = 0;
  Tally work;
  double macs = 0;
  for (std::uint32_t d = 0; d < devices; ++d) {
    std::vector<const ChunkRun*> own;
    std::vector<StageParameters> parameters;
    std::vector<KeptActivations> kept;
    double seconds = 0;
    for (std::uint32_t c = 0; c < plan_.chunks; ++c) {
      const ChunkRun& chunk = chunks[c * devices + d];
      own.push_back(&chunk);
      parameters.push_back(chunk.parameters);
      kept.push_back(chunk.kept);
      times[d].push_back({chunk.forward.seconds, chunk.backward_s()});
      seconds += chunk.forward.seconds + chunk.backward_s();
      work += chunk.all();
      macs += chunk.model_macs;
    }
    if (seconds > longest) {
      longest = seconds;
      busiest = own;
    }
    const TrainingMemory memory = training_memory(plan_, d, parameters, kept);
    if (memory.total() >= r.memory.total()) r.memory = memory;
  }
  check_memory(r.memory);
  const ArchSpec& arch = runner_.arch();
  r.memory.free = arch.dram.allocatable_bytes - r.memory.total();

  const double pipeline = pipeline_seconds(times, m);
  const Tally gradients = exchange_gradients(busiest);
  const Tally optimizer = step_optimizer(busiest);
  double forward = 0;
  double backward = 0;
  double recompute = 0;
  double last = 0;  // micro-batch's backward passes, behind which gradients hide
  for (const ChunkRun* chunk : busiest) {
    forward += chunk->forward.seconds;
    backward += chunk->backward.seconds;
    recompute += chunk->recompute.seconds;
    last += chunk->backward_s();
    const Tally all = chunk->all().times(m);
    r.where.add(all.split);
  }
  const auto layer_count = ceil_div<std::uint64_t>(llm_.layer_count(), devices);
  // The gradients of the layer that is done last are exchanged alone.
  const double exposed = plan_.overlaps ? std::max(gradients.seconds - last,
                                                   gradients.seconds / static_cast<double>(layer_count))
                                        : gradients.seconds;
  const double micro_batches = static_cast<double>(m);
  r.time.forward = forward * micro_batches;
  r.time.backward = backward * micro_batches;
  r.time.recompute = recompute * micro_batches;
  r.time.bubble = std::max(0.0, pipeline - longest * micro_batches);
  r.time.gradients = exposed;
  r.time.optimizer = optimizer.seconds;
  r.iteration_s = pipeline + exposed + optimizer.seconds + 1e-6 * runtime_.step_us;

  r.arch = arch.name;
  r.model = llm_.name;
  r.dtype = to_string(plan_.formats.arithmetic());
  r.fidelity = to_string(runner_.options().fidelity);
  r.runtime = runtime_.name;
  r.recompute = to_string(plan_.recompute);
  r.devices = split.devices();
  r.division = {split.tensor, split.pipeline, split.expert, split.data, split.context, m};
  r.batch = plan_.batch;
  r.micro_batch = plan_.micro_batch;
  r.sequence = plan_.sequence;
  r.chunks = plan_.chunks;
  r.zero = plan_.zero;
  r.parameters = count_parameters(llm_, plan_.formats).total;
  r.tokens_per_s = static_cast<double>(plan_.tokens()) / r.iteration_s;
  const double model = 2e-12 * macs * micro_batches / devices / r.iteration_s;
  r.model_tflops = model;
  Tally iteration = work.times(m);
  r.hardware_tflops = 2e-12 * static_cast<double>(iteration.counts().total_macs()) / devices / r.iteration_s;
  r.utilization = model / (2e-12 * arch.peak_macs_per_s(plan_.formats.arithmetic()));
  EnergyBreakdown dynamic = scaled(iteration.energy, 1.0 / devices);
  dynamic += gradients.energy;
  dynamic += optimizer.energy;
  r.energy = reported_energy(dynamic, r.iteration_s, r.devices, arch);
  r.average_power_w = r.energy.total().value() / r.iteration_s;
  r.info.cache_hits = runner_.cache_hits();
  return r;
}

// Machines that are of inference alone.
void check_trains(const ArchSpec& arch) {
  const auto* crossbar = std::get_if<CrossbarSpec>(&arch.cores.matrix);
  if (crossbar != nullptr && crossbar->in_place > 0)
    throw ConfigError("", arch.name + " holds weights in place; that training writes them is not simulated");
  if (arch.execution.conditional || arch.execution.stored_weights)
    throw ConfigError(
        "",
        arch.name +
            " computes or holds a part of the weights ('conditional', 'stored_weights'), of inference alone");
  if (arch.cores.predictor)
    throw ConfigError("",
                      arch.name + " computes a part of attention ('score_predictor'), of inference alone");
}

}  // namespace

TrainingResult run_training(const LlmSpec& llm, const TrainingPlan& plan, OperatorRunner& runner,
                            const RuntimeSpec& runtime,
                            const std::function<void(std::uint64_t, std::uint64_t)>& told) {
  check_plan(llm, plan);
  const ArchSpec& arch = runner.arch();
  check_machine(arch);
  check_trains(arch);
  check_devices(arch.node, plan.split.devices());
  check_formats(arch, plan.formats);
  return IterationRunner(llm, plan, runner, runtime).run(told);
}

}  // namespace orrery
