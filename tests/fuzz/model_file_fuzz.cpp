// Any text as a model's config.json: modelled, or refused by a ConfigError. Nothing else may come of it, and
// not late.

#include <string>

#include "sim/util/errors.h"
#include "sim/workload/memory_need.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery;
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const LlmSpec llm = build_llm(ConfigDocument::parse(text, "config.json"));
    const Scenario scenario;
    count_parameters(llm, scenario.formats);
    memory_need(llm, scenario, {}, 1);
    scenario_warnings(llm, scenario);
  } catch (const ConfigError&) {
    // Said what is wrong.
  }
  return 0;
}
