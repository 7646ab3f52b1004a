#include "sim/config/accuracy_table.h"

#include <filesystem>

#include "sim/config/config_document.h"
#include "sim/config/document_reader.h"
#include "sim/config/library_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"

namespace orrery {
namespace {

using nlohmann::json;

MeasuredRange range(const json& j, const char* key) {
  return {j.at(key)[0].get<std::uint64_t>(), j.at(key)[1].get<std::uint64_t>()};
}

MeasuredError error(const json& j) {
  return {j.at("rows").get<std::uint64_t>(), number(j, "bias"), number(j, "mean"), number(j, "p90")};
}

KernelOrigin origin_of(const std::string& arch) {
  const ConfigDocument document = ConfigDocument::load(find_arch(arch));
  const json::json_pointer at("/chip/execution/library");
  if (!document.root().contains(at)) return {};
  const LibrarySpec library = load_library(document.root()[at], document.where(at.to_string()));
  return {library.name, library.vendor};
}

}  // namespace

const KernelOrigin& AccuracyTable::origin(const std::string& arch) const {
  const auto found = origins_.find(arch);
  return found != origins_.end() ? found->second : origins_.emplace(arch, origin_of(arch)).first->second;
}

const std::map<std::string, KernelOrigin>& AccuracyTable::origins() const {
  for (const KernelAccuracy& k : kernels) origin(k.arch);
  for (const RunAccuracy& r : runs) origin(r.arch);
  return origins_;
}

AccuracyTable load_accuracy() {
  AccuracyTable table;
  const std::filesystem::path path = data_home() / "arch_configs" / "accuracy.yaml";
  if (!std::filesystem::exists(path)) return table;
  const ConfigDocument document = ConfigDocument::load(path);
  validate_as(document, "orrery/accuracy/1");
  for (const json& k : document.root().at("kernels")) {
    table.kernels.push_back({k.at("arch").get<std::string>(), k.at("op").get<std::string>(),
                             k.at("dtype").get<std::string>(), error(k), range(k, "us")});
  }
  for (const json& r : document.root().at("runs")) {
    std::vector<std::string> models;  // measured rows use published names, results the library's own
    for (const json& model : r.at("models"))
      models.push_back(find_model_file(model.get<std::string>()).stem().string());
    table.runs.push_back({r.at("arch").get<std::string>(), r.at("runtime").get<std::string>(), error(r),
                          range(r, "batch"), range(r, "input"), range(r, "output"), range(r, "devices"),
                          r.at("dtypes").get<std::vector<std::string>>(), models});
  }
  return table;
}

}  // namespace orrery
