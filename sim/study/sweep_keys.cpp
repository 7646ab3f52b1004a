#include "sim/study/sweep_keys.h"

#include "sim/study/serving_part.h"

namespace orrery {
namespace {

bool is_plain_name(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.find('/') == std::string::npos;
}

Shape one_or_several() {
  return Shape::either({Shape::text(), Shape::list(Shape::text(), 1)});
}

template <class T>
void add_values(Fields<T>& f, bool needs_key) {
  f.key("key", &T::key, "",
        "arch.*, llm.*, scenario.*, serving.*, runtime.*, node.*, technology.*, prices.* or cost.*")
      .characters(1, 1000)
      .standing("");
  if (needs_key) f.required();
  f.key("values", &T::values, "", "values it takes");
  f.key("range", &T::range, "", "or from where to where it goes");
}

const Table& of_table() {
  static const Table table = [] {
    struct Of {};
    Fields<Of> f("machines, models and scenarios: each with each; or the options of a cost scenario");
    f.other("cost", Shape::text(), "",
            "a cost scenario (orrery list costs, or a file): each of its options, with its machine, model, "
            "workload and terms");
    f.other("arch", one_or_several(), "", "machines: a name, or several");
    f.other("llm", one_or_several(), "", "models: a name, or several");
    f.other("runtime", one_or_several(), "", "software stacks: a name, or several").standing("ideal");
    f.other("node", one_or_several(), "", "nodes: a name, or several").standing("the machines' own");
    const Shape scenario = Shape::object(&table_of<ScenarioKeys>);
    f.other("scenario", Shape::either({scenario, Shape::list(scenario, 1)}), "", "what is run");
    const Shape serving = Shape::object(&table_of<ServingPart>);
    f.other("serving", Shape::either({serving, Shape::list(serving, 1)}), "",
            "requests that are served, in place of one batch");
    return Table(f);
  }();
  return table;
}

}  // namespace

template <>
const Table& table_of<ScenarioKeys>() {
  static const Table table = [] {
    using S = ScenarioKeys;
    Fields<S> f("what is run");
    f.key("batch", &S::batch, "sequences", "at once").range(1, 16777216).standing("1");
    f.key("input", &S::input, "tokens", "of a prompt").range(1, 134217728).standing("1024");
    f.key("output", &S::output, "tokens", "that follow it").range(1, 134217728).standing("128");
    f.key("dtype", &S::dtype, "", "format of weights and activations")
        .standing("the file's or the machine's");
    f.key("weights", &S::weights, "", "stored format (orrery list stored)").standing("as dtype says");
    f.key("activations", &S::activations, "", "as products read them").standing("as dtype says");
    f.key("kv", &S::kv, "", "of keys and values").standing("the file's, or 16 bits");
    f.key("sparsity", &S::sparsity, "", "weights that are kept: 2:4, 0.3, 32x64:0.3, circulant:16, dense")
        .standing("as the file says");
    f.key("attention", &S::attention, "",
          "positions that it reads: window:W, dilated:D, global:G, topk:K[xBLOCK], density:D, tokens:S[..T], "
          "full or model, "
          "joined by '+'; several between commas for layers in turn")
        .standing("as the file says");
    f.key("devices", &S::devices, "", "in all; without a degree they share each layer")
        .range(1, 65536)
        .standing("the node's, or the degrees' product");
    f.key("tp", &S::tp, "", "tensor parallel: devices that share each layer")
        .range(1, 65536)
        .standing("what the others leave of the devices");
    f.key("pp", &S::pp, "", "pipeline stages").range(1, 65536).standing("what tp leaves of the devices");
    f.key("ep", &S::ep, "", "devices that share a mixture's experts").range(1, 65536).standing("1");
    f.key("dp", &S::dp, "", "data parallel: replicas that share the batch").range(1, 65536).standing("1");
    f.key("cp", &S::cp, "", "context parallel: devices that share a sequence").range(1, 65536).standing("1");
    f.key("micro_batches", &S::micro_batches, "", "that a batch flows through a pipeline in")
        .range(1, 65536)
        .standing("as many as stages");
    f.key("expert_load", &S::expert_load, "", "uniform, zipf:EXPONENT, power:EXPONENT or a file of counts")
        .standing("uniform");
    f.key("step", &S::step, "", "one step in place of prompts and answers: prefill:2x512@1024,decode:64@4096")
        .standing("whole inferences");
    f.key("layers", &S::layers, "", "of the model that are run").range(1, 16384).standing("all");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<RangeKeys>() {
  static const Table table = [] {
    using R = RangeKeys;
    Fields<R> f("values from one to another");
    const auto finite = [&f] { f.range(-kAnyNumber, kAnyNumber); };
    f.key("from", &R::from, "", "the first").required();
    finite();
    f.key("to", &R::to, "", "the last at most").required();
    finite();
    f.key("steps", &R::steps, "", "how many values").range(-kAnyNumber, 1e6);
    f.key("step", &R::step, "", "how far apart").above(0, kAnyNumber);
    f.key("scale", &R::scale, "", "how they are spaced");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<KeyValues>() {
  static const Table table = [] {
    Fields<KeyValues> f("a key and the values it takes");
    add_values(f, true);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<AxisKeys>() {
  static const Table table = [] {
    Fields<AxisKeys> f("a key and the values it takes, or several keys that change together");
    add_values(f, false);
    f.key("zip", &AxisKeys::zip, "", "keys that change together").items(1);
    f.key("when", &AxisKeys::when, "", "where this does not hold the keys stay as they are");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DerivedKeys>() {
  static const Table table = [] {
    Fields<DerivedKeys> f("a key that follows from others");
    f.key("key", &DerivedKeys::key, "", "that is set").required();
    f.key("value", &DerivedKeys::value, "", "an expression of other keys")
        .shaped(Shape::either({Shape::text(), Shape::of(ShapeKind::number)}))
        .required();
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ConstraintKeys>() {
  static const Table table = [] {
    using C = ConstraintKeys;
    Fields<C> f("what must hold");
    f.key("inputs", &C::inputs, "",
          "what must hold before a point runs: of keys, and of area_mm2 (all devices), die_mm2, "
          "unit_cost_usd, tdp_w, peak_tflops, dram_gb_per_s, dram_gib, needed_gib");
    f.key("outputs", &C::outputs, "",
          "what a result must keep to count: of keys and of figures (the columns of orrery sweep export)");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SearchSpec>() {
  static const Table table = [] {
    using S = SearchSpec;
    Fields<S> f("how points are chosen");
    f.key("method", &S::method, "", "grid: all of them; nsga2: evolving towards the objectives");
    f.key("points", &S::points, "", "that may be run; of all methods but grid")
        .range(1, static_cast<double>(kMostPoints))
        .standing("all of the grid");
    f.key("seed", &S::seed, "", "of what is drawn");
    f.key("population", &S::population, "", "of nsga2, a multiple of 4")
        .range(static_cast<double>(kLeastPopulation), 1e6)
        .standing("by the points");
    f.key("prune_keep", &S::prune_keep, "",
          "share of the points that roofline leaves to the sweep's fidelity")
        .above(0, 1);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SweepKeys>() {
  static const Table table = [] {
    using S = SweepKeys;
    Fields<S> f("orrery/sweep/1: machines, models and scenarios over values of their keys");
    f.document("orrery/sweep/1");
    Shape name = Shape::text();
    name.shortest = 1;
    name.longest = 200;
    name.fits = is_plain_name;
    name.like = "of its files, too: no folder, no leading dot";
    f.key("name", &S::name, "", "of its files, too: no folder, no leading dot")
        .shaped(name)
        .standing("the file's");
    f.key("title", &S::title, "", "of its report");
    f.key("question", &S::question, "", "that it answers, in words");
    f.key("of", &S::of, "",
          "machines, models and scenarios: each with each; or the options of a cost scenario")
        .shaped(Shape::object(&of_table))
        .required();
    f.key("axes", &S::axes, "", "keys and the values they take");
    f.key("derived", &S::derived, "", "keys that follow from others");
    f.key("constraints", &S::constraints, "", "what must hold");
    Shape objective = Shape::map(Shape::text(), {"minimise", "maximise", "minimize", "maximize"});
    objective.shortest = objective.longest = 1;
    f.key("objectives", &S::objectives, "", "figures of results that are wanted small or large")
        .shaped(Shape::list(objective));
    f.key("search", &S::search, "", "how points are chosen");
    f.key("fidelity", &S::fidelity, "", "how closely hardware is simulated");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
