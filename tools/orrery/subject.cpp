#include "tools/orrery/subject.h"

#include "sim/config/runtime_loader.h"
#include "sim/explore/configuration.h"
#include "sim/explore/configured.h"
#include "sim/explore/patches.h"

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

Subject as_they_stand(const std::string& arch, const po::variables_map& values) {
  Subject subject;
  subject.arch = load_arch_for(arch, values);
  if (values.count("runtime") == 0) return subject;  // a machine is all that is asked for
  subject.runtime = runtime_from(values);
  if (runs_a_model(values)) {
    subject.llm = load_llm_named(given(values, "model"));
    truncate_layers(values, *subject.llm);
    subject.scenario = scenario_from(values, subject.arch, subject.llm->encoder_only);
  }
  subject.technology = load_technology();
  subject.prices = load_prices();
  return subject;
}

Subject patched(const std::string& arch, const po::variables_map& values,
                const std::vector<std::string>& patches) {
  const bool model = runs_a_model(values);
  const BaseNames names = {arch, model ? given(values, "model") : "", given(values, "runtime"),
                           given(values, "node")};
  std::vector<json> one = {
      base_configuration(names, model ? asked(values) : json::object(), load_base_tables())};
  json& c = one.front();
  if (!model) c.erase("scenario");
  apply_patches(one, patches);
  Subject subject;
  subject.technology = build_technology(ConfigDocument::of(c.at("technology"), "technology"));
  subject.prices = build_prices(ConfigDocument::of(c.at("prices"), "prices"));
  subject.arch = configured_machine(c, subject.technology);
  if (c.contains("runtime")) {
    subject.runtime = build_runtime(ConfigDocument::of(c["runtime"], names.runtime));
    subject.runtime.name = names.runtime;
  }
  if (!model) return subject;
  subject.llm = configured_llm(c);
  truncate_layers(values, *subject.llm);
  if (!c["scenario"].contains("output") && subject.llm->encoder_only) c["scenario"]["output"] = 1;
  subject.scenario = configured_scenario(c, subject.arch);
  if (values.count("tp") != 0 &&
      values["tp"].as<std::int64_t>() != std::int64_t{subject.scenario.tensor_parallel})
    throw UsageError("--tp: the devices of a run form one tensor-parallel group, so the two must agree");
  return subject;
}

}  // namespace

po::options_description patch_options() {
  po::options_description options("Changes");
  options.add_options()(kPatches, po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "a key of any document set anew (may stand alone): arch.dram.channels=96, "
                        "arch.shared_buffer.size_mib=64MiB, runtime.token_budget=4096");
  return options;
}

Subject load_subject(const std::string& arch, const po::variables_map& values) {
  std::vector<std::string> patches;
  if (values.count(kPatches) != 0) patches = values[kPatches].as<std::vector<std::string>>();
  for (const std::string& patch : patches) parse_patch(patch);  // an argument that is none is told first
  return patches.empty() ? as_they_stand(arch, values) : patched(arch, values, patches);
}

}  // namespace orrery
