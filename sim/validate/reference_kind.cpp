#include "sim/validate/reference_kind.h"

#include <algorithm>
#include <array>

#include "sim/util/errors.h"

namespace orrery {
namespace {

std::vector<const ReferenceKind*> kinds() {
  return {&dram_rows(),      &noc_rows(),    &collective_rows(), &systolic_rows(),
          &inference_rows(), &kernel_rows(), &serving_rows(),    &request_rows()};
}

}  // namespace

Posed posed_row(const BaseNames& names, const RowSettings& settings) {
  const nlohmann::json scenario = nlohmann::json::object();
  return posed(configurations_of({{names, scenario}}, settings.patches).front());
}

Session session_of(const RowSettings& settings) {
  RunnerOptions how;
  how.fidelity = settings.fidelity;
  return Session(how, settings.use_store);
}

bool is_read(const ReferenceKind& kind, const std::string& column) {
  const auto holds = [&column](const std::vector<std::string>& columns) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  return holds(kind.columns) || holds(kind.reads);
}

bool bears_on_results(const std::string& column) {
  const std::vector<const ReferenceKind*> all = kinds();
  return std::any_of(all.begin(), all.end(), [&](const auto* kind) { return is_read(*kind, column); });
}

std::string process_a_row(const CsvRow& /*row*/, const RowSettings& /*settings*/) {
  return "";
}

ProbeFidelity probe_fidelity(const RowSettings& settings) {
  if (settings.fidelity == Fidelity::roofline)
    throw ConfigError("", "these rows have no roofline: use tile or cycle");
  return settings.fidelity == Fidelity::cycle ? ProbeFidelity::cycle : ProbeFidelity::tile;
}

const ReferenceKind& kind_of(const CsvTable& table, const std::string& path) {
  std::string known;
  for (const ReferenceKind* kind : kinds()) {
    if (std::all_of(kind->columns.begin(), kind->columns.end(), [&](const auto& c) { return table.has(c); }))
      return *kind;
    known += std::string(known.empty() ? "" : "; ") + kind->name + " (";
    for (std::size_t i = 0; i < kind->columns.size(); ++i) known += (i > 0 ? ", " : "") + kind->columns[i];
    known += ")";
  }
  throw ConfigError(path, "these columns fit no kind of rows that can be simulated: " + known);
}

}  // namespace orrery
