#include "sim/study/asked_run.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "sim/operators/operator_row.h"
#include "sim/report/result_fields.h"
#include "sim/report/serving_fields.h"
#include "sim/report/training_fields.h"
#include "sim/study/evaluate.h"
#include "sim/study/metrics.h"
#include "sim/study/serve.h"
#include "sim/util/data_home.h"
#include "sim/workload/formats/trace_format.h"
#include "sim/workload/formats/trace_line.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {
namespace {

using nlohmann::json;

Operator operator_asked(json extents, const ArchSpec& arch) {
  DType dtype = arch.execution.default_dtype;
  try {
    const auto kind = named<OperatorKind>(extents.at("op").get<std::string>(), "op");
    if (extents.contains("dtype")) dtype = named<DType>(extents["dtype"].get<std::string>(), "dtype");
    extents.erase("op");
    extents.erase("dtype");
    return standalone(kind, read_shape(kind, extents), dtype);
  } catch (const LineError& error) {
    throw ConfigError("op", error.message);
  } catch (const json::exception&) {
    throw ConfigError("op", "says its 'op' and 'dtype' in words, its extents in numbers");
  }
}

Posed posed_by(const AskedRun& run) {
  const json scenario = run.scenario.is_null() ? json::object() : run.scenario;
  const Question question = {{run.arch, run.model, run.runtime, run.node}, scenario};
  json configuration = configurations_of({question}, parse_patches(run.changes)).front();
  if (!run.serving.is_null()) configuration["serving"] = run.serving;
  for (const char* part : {"/scenario", "/serving"}) {
    if (configuration.contains(json::json_pointer(part))) validate_part(configuration, part);
  }
  return posed(configuration);
}

json result_of(const AskedRun& run, const Posed& p, Session& session) {
  if (!run.op.is_null()) return written(evaluate(p, operator_asked(run.op, p.arch), session));
  if (run.training) return written(evaluate(p, training_plan_of(*run.training, p), session, {}));
  if (p.serving) return written(evaluate(p, *p.serving, session));
  if (run.trace.empty()) return written(evaluate(p, session));
  ImportOptions as_it_is;
  as_it_is.unstated = p.arch.execution.default_dtype;
  std::filesystem::path file = run.trace;
  if (!std::filesystem::is_regular_file(file)) file = data_home() / "traces" / run.trace;
  return written(evaluate(p, read_any_trace(file, as_it_is).stream, session));
}

bool known_before(const std::string& metric) {
  const std::vector<std::string> names = input_metric_names();
  return std::find(names.begin(), names.end(), metric) != names.end();
}

bool is_place(const std::string& metric) {
  return !metric.empty() && metric.front() == '/';
}

}  // namespace

bool AskedRun::operator==(const AskedRun& other) const {
  const auto all = [](const AskedRun& r) {
    return std::tie(r.arch, r.model, r.trace, r.runtime, r.node, r.op, r.scenario, r.serving, r.training,
                    r.changes, r.metric);
  };
  return all(*this) == all(other);
}

template <>
const Table& table_of<AskedRun>() {
  static const Table table = [] {
    using R = AskedRun;
    Fields<R> f("what is simulated for a figure", Bears::none);
    f.key("arch", &R::arch, "", "machine").required();
    f.key("model", &R::model, "", "a name or a config.json; or say trace or op");
    f.key("trace", &R::trace, "", "an operator stream, a file or one of traces/, in place of a model");
    f.key("op", &R::op, "",
          "one operator, in place of a model: op, dtype, and the extents that a trace gives it");
    f.key("runtime", &R::runtime, "", "software stack").standing("ideal");
    f.key("node", &R::node, "", "in place of the machine's own");
    f.key("scenario", &R::scenario, "", "batch, input, output, formats, as a sweep's base says them");
    f.key("serving", &R::serving, "", "requests in place of one batch, as a sweep's base says them");
    f.key("training", &R::training, "", "an iteration of it, in place of an inference");
    f.key("changes", &R::changes, "", "KEY=VALUE of the machine or the stack, as commands take them");
    f.key("metric", &R::metric, "",
          "of the result or of the machine, as sweeps name them, or a place in a result: /energy_j/dram");
    return Table(f);
  }();
  return table;
}

void check(const AskedRun& run) {
  if (known_before(run.metric)) return;
  const int said = (run.model.empty() ? 0 : 1) + (run.trace.empty() ? 0 : 1) + (run.op.is_null() ? 0 : 1);
  if (said != 1) throw ConfigError("run", "says one of model, trace and op; it says " + std::to_string(said));
  if (!is_place(run.metric)) metric(run.metric);
}

double figure_of(const AskedRun& run, Session& session) {
  const Posed p = posed_by(run);
  if (known_before(run.metric))
    return input_metric(run.metric, {p.arch, load_technology(), p.llm.value_or(LlmSpec{}), p.scenario, 0})
        .get<double>();
  const json result = result_of(run, p, session);
  json value;
  if (is_place(run.metric)) {
    const json::json_pointer place(run.metric);
    if (result.contains(place)) value = result.at(place);
  } else {
    value = metrics_of(result).at(metric_index(run.metric));
  }
  if (!value.is_number()) throw ConfigError("", "the result has no " + run.metric);
  return value.get<double>();
}

}  // namespace orrery
