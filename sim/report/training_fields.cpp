#include "sim/report/training_fields.h"

#include "sim/util/dtype.h"

namespace orrery {

template <>
const Table& table_of<TrainingMemory>() {
  static const Table table = [] {
    using M = TrainingMemory;
    Fields<M> f("of the device that needs most");
    f.results();
    f.key("weights", &M::weights, "bytes", "as products read them").label("  weights");
    f.key("gradients", &M::gradients, "bytes", "of the weights").label("  gradients");
    f.key("optimizer", &M::optimizer, "bytes", "two moments and a weight of 32 bits").label("  optimizer");
    f.key("activations", &M::activations, "bytes",
          "kept for the backward passes of all micro-batches under way")
        .label("  activations");
    f.key("free", &M::free, "bytes", "of what a process can allocate").label("  free");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<TrainingTime>() {
  static const Table table = [] {
    using T = TrainingTime;
    Fields<T> f("of an iteration");
    f.results();
    f.key("forward", &T::forward, "s", "of the busiest device, all micro-batches").label("  forward");
    f.key("backward", &T::backward, "s", "of it").label("  backward");
    f.key("recompute", &T::recompute, "s", "forward once more, for the backward passes")
        .label("  computed again");
    f.key("bubble", &T::bubble, "s", "that it waits for other stages").label("  waiting for other stages");
    f.key("gradients", &T::gradients, "s", "exchanged between replicas, beyond what is hidden")
        .label("  exchange of gradients, exposed");
    f.key("optimizer", &T::optimizer, "s", "Adam").label("  optimizer");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<TrainingResult>() {
  static const Table table = [] {
    using R = TrainingResult;
    Fields<R> f("a training iteration of a model on a machine");
    f.results();
    add_kind(f, "training");
    f.key("arch", &R::arch, "", "machine").label("");
    f.key("model", &R::model, "", "that is trained");
    f.key("devices", &R::devices, "", "in all").label("devices");
    f.key("parallelism", &R::division, "", "how they divide the model");
    f.key("dtype", &R::dtype, "", "format of weights and activations")
        .shaped(Shape::word(words_of<DType>()))
        .label("dtype");
    f.key("fidelity", &R::fidelity, "", "how closely hardware is simulated");
    f.key("runtime", &R::runtime, "", "software stack");
    f.key("recompute", &R::recompute, "", "what backward passes compute again");
    f.key("zero", &R::zero, "", "what replicas share: nothing, optimizer states, gradients too, weights too");
    f.key("chunks", &R::chunks, "", "of layers on a device, interleaved");
    f.key("batch", &R::batch, "sequences", "of an iteration");
    f.key("micro_batch", &R::micro_batch, "sequences", "that go through a replica at once");
    f.key("sequence", &R::sequence, "tokens", "of each");
    f.key("parameters", &R::parameters, "", "of the model").label("parameters");
    f.key("iteration_s", &R::iteration_s, "s", "from one step of the optimizer to the next")
        .label("iteration")
        .compared("iteration_s");
    f.key("time_s", &R::time, "s", "of the iteration");
    f.key("tokens_per_s", &R::tokens_per_s, "tokens/s", "of the whole batch")
        .label("tokens/s")
        .compared("tokens_per_s");
    f.key("model_tflops", &R::model_tflops, "TFLOPS", "per device: forward and backward passes")
        .label("TFLOPS a device, of the model")
        .compared("model_tflops");
    f.key("hardware_tflops", &R::hardware_tflops, "TFLOPS", "per device: what is computed again included")
        .label("  computed again included");
    f.key("utilization", &R::utilization, "share", "of the peak, by the model's FLOPs")
        .label("of the peak, by the model's");
    f.key("memory", &R::memory, "", "of the device that needs most").label("memory of a device");
    f.key("where_s", &R::where, "s",
          "what forward and backward passes of the busiest device spend their time on")
        .label("passes");
    f.key("energy_j", &R::energy, "J", "of all devices, by what took it").label("energy");
    f.key("average_power_w", &R::average_power_w, "W", "of all boards").label("average power");
    f.key("run_info", &R::info, "", "all that differs from run to run");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
