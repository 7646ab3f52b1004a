#include "tools/orrery/subject.h"

#include "sim/config/runtime_loader.h"
#include "sim/study/configuration.h"
#include "sim/study/configured.h"
#include "sim/study/patches.h"

namespace orrery {
namespace {

using nlohmann::json;

std::string given(const po::variables_map& values, const char* option) {
  return values.count(option) != 0 ? values[option].as<std::string>() : "";
}

bool runs_a_model(const po::variables_map& values) {
  return values.count("batch") != 0 && values.count("input") != 0 && values.count("model") != 0;
}

// What the options say of it; the rest is the machine's or the model's to say.
json asked(const po::variables_map& values) {
  json scenario = {{"batch", values["batch"].as<std::int64_t>()},
                   {"input", values["input"].as<std::int64_t>()}};
  for (const char* key : {"output", "devices"}) {
    if (values.count(key) != 0) scenario[key] = values[key].as<std::int64_t>();
  }
  if (values.count("dtype") != 0) scenario["dtype"] = values["dtype"].as<std::string>();
  return scenario;
}

std::vector<Subject> as_they_stand(const std::vector<std::string>& archs, const po::variables_map& values) {
  Subject common;
  if (values.count("runtime") != 0) {  // else a machine is all that is asked for
    common.runtime = runtime_from(values);
    common.technology = load_technology();
    common.prices = load_prices();
  }
  if (runs_a_model(values)) {
    common.llm = load_llm_named(given(values, "model"));
    truncate_layers(values, *common.llm);
  }
  std::vector<Subject> subjects;
  for (const std::string& arch : archs) {
    Subject& subject = subjects.emplace_back(common);
    subject.arch = load_arch_for(arch, values);
    if (subject.llm) subject.scenario = scenario_from(values, subject.arch, subject.llm->encoder_only);
  }
  return subjects;
}

Subject of_configuration(json& c, const po::variables_map& values) {
  Subject subject;
  subject.technology = build_technology(ConfigDocument::of(c.at("technology"), "technology"));
  subject.prices = build_prices(ConfigDocument::of(c.at("prices"), "prices"));
  subject.arch = configured_machine(c, subject.technology);
  if (c.contains("runtime")) {
    const std::string name = given(values, "runtime");
    subject.runtime = build_runtime(ConfigDocument::of(c["runtime"], name));
    subject.runtime.name = name;
  }
  if (!c.contains("llm")) return subject;
  subject.llm = configured_llm(c);
  truncate_layers(values, *subject.llm);
  if (!c["scenario"].contains("output") && subject.llm->encoder_only) c["scenario"]["output"] = 1;
  subject.scenario = configured_scenario(c, subject.arch);
  if (values.count("tp") != 0 &&
      values["tp"].as<std::int64_t>() != std::int64_t{subject.scenario.tensor_parallel})
    throw UsageError("--tp: the devices of a run form one tensor-parallel group, so the two must agree");
  return subject;
}

std::vector<Subject> patched(const std::vector<std::string>& archs, const po::variables_map& values,
                             const std::vector<Patch>& patches) {
  const bool model = runs_a_model(values);
  const BaseTables tables = load_base_tables();
  std::vector<json> configurations;
  for (const std::string& arch : archs) {
    const BaseNames names = {arch, model ? given(values, "model") : "", given(values, "runtime"),
                             given(values, "node")};
    configurations.push_back(base_configuration(names, model ? asked(values) : json::object(), tables));
    if (!model) configurations.back().erase("scenario");
  }
  apply_patches(configurations, patches);
  std::vector<Subject> subjects;
  for (json& c : configurations) subjects.push_back(of_configuration(c, values));
  return subjects;
}

}  // namespace

po::options_description patch_options() {
  po::options_description options("Changes");
  options.add_options()(kPatches, po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "a key of any document set anew (may stand alone): arch.dram.channels=96, "
                        "arch.shared_buffer.size_mib=64MiB, runtime.token_budget=4096");
  return options;
}

std::vector<Subject> load_subjects(const std::vector<std::string>& archs, const po::variables_map& values) {
  if (values.count(kPatches) == 0) return as_they_stand(archs, values);
  return patched(archs, values, parse_patches(values[kPatches].as<std::vector<std::string>>()));
}

Subject load_subject(const std::string& arch, const po::variables_map& values) {
  return load_subjects({arch}, values).front();
}

}  // namespace orrery
