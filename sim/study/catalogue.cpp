#include "sim/study/catalogue.h"

#include <algorithm>

#include "sim/config/accuracy_table.h"
#include "sim/config/arch_keys.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/dram_preset.h"
#include "sim/config/energy_loader.h"
#include "sim/config/fpga_part.h"
#include "sim/config/library_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/config/noc_loader.h"
#include "sim/config/node_loader.h"
#include "sim/config/price_book.h"
#include "sim/config/runtime_loader.h"
#include "sim/config/technology.h"
#include "sim/probe/probe_fields.h"
#include "sim/probe/sram_probe.h"
#include "sim/report/cost_fields.h"
#include "sim/report/serving_fields.h"
#include "sim/study/explain.h"
#include "sim/study/plan.h"
#include "sim/study/published_systems.h"
#include "sim/study/sweep_difference.h"
#include "sim/study/sweep_keys.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/formats/trace_fields.h"

namespace orrery {
namespace {

// Of any result, by its kind.
Shape result_shape() {
  Shape by_kind = Shape::choice({{"run", &table_of<RunResult>},
                                 {"kernel", &table_of<KernelResult>},
                                 {"serving", &table_of<ServingResult>},
                                 {"plan", &table_of<PlanOption>},
                                 {"refused", &table_of<RefusedResult>},
                                 {"explanation", &table_of<Explanation>},
                                 {"cost", &table_of<CostStudy>},
                                 {"sweep-diff", &table_of<SweepDifference>}});
  Shape probes = Shape::choice({{"dram", &table_of<DramPoint>},
                                {"noc", &table_of<NocPoint>},
                                {"sram", &table_of<SramPoint>},
                                {"collective", &table_of<CollectivePoint>}});
  probes.chosen_by = "probe";
  return Shape::either({std::move(probes), std::move(by_kind)});
}

}  // namespace

const std::vector<DocumentKind>& document_kinds() {
  static const std::vector<DocumentKind> kinds = {
      kArch, kNode,       kDramPreset, kEnergyTable, kLibrary, kRouter, kNetwork, kRuntime,
      kSram, kTechnology, kPrices,     kAccuracy,    kCost,    kSweep,  kSystem,  kFpgaPart};
  return kinds;
}

const DocumentKind* document_kind(const std::string& schema) {
  for (const DocumentKind& kind : document_kinds()) {
    if (schema == kind.schema) return &kind;
  }
  return nullptr;
}

std::vector<std::string> schema_names() {
  std::vector<std::string> names = {kTraceSchema, kResultSchema};
  for (const DocumentKind& kind : document_kinds()) names.emplace_back(kind.schema);
  std::sort(names.begin(), names.end());
  return names;
}

NamedSchema schema_named(const std::string& name) {
  const std::string schema = name.find('/') == std::string::npos ? "orrery/" + name + "/1" : name;
  if (schema == kTraceSchema) {
    return {schema, schema + ": a line of a trace",
            Shape::either({Shape::object(&trace_header_table), Shape::object(&trace_operator_table)})};
  }
  if (schema == kResultSchema) return {schema, schema + ": what commands print", result_shape()};
  if (const DocumentKind* kind = document_kind(schema))
    return {schema, kind->table().sentence(), Shape::object(kind->table)};
  throw ConfigError("", "no schema named '" + name + "'" + did_you_mean(schema, schema_names()));
}

std::filesystem::path file_named(const std::string& name) {
  if (std::filesystem::is_regular_file(name)) return name;
  if (const auto model = known_model_file(name)) return *model;
  std::vector<std::string> known;
  for (const auto& [names, find] :
       {std::pair{arch_names(), &find_arch}, std::pair{model_names(), &find_model_file}}) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return find(name);
    known.insert(known.end(), names.begin(), names.end());
  }
  for (const DocumentKind& kind : document_kinds()) {
    for (const std::string& of_kind : names_of(kind)) {
      if (of_kind == name) return catalogue_path(name, kind);
      known.push_back(of_kind);
    }
  }
  throw ConfigError(name, "cannot read this file" + did_you_mean(name, known));
}

}  // namespace orrery
