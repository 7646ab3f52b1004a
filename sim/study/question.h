#pragma once
// A question: documents by their names, what is asked of them, and what is changed in them; and what it comes
// to, as it is simulated and priced. Whatever runs something (commands, sweeps, cost studies) comes through
// here.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/price_book.h"
#include "sim/config/runtime_spec.h"
#include "sim/config/technology.h"
#include "sim/study/configuration.h"
#include "sim/study/patches.h"
#include "sim/study/serve_request.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

struct Question {
  BaseNames names;          // no llm: of a machine alone
  nlohmann::json scenario;  // the part of a configuration: {batch, input, output, dtype, devices, layers}
  double power_cap_w = 0;   // a setting of the machine, not another machine; 0 = its own
};

// The configurations of several questions, changed by the same patches. Throws ConfigError.
std::vector<nlohmann::json> configurations_of(const std::vector<Question>& questions,
                                              const std::vector<Patch>& patches);

// What a configuration says, in the structs that are run.
struct Posed {
  ArchSpec arch;
  std::string timing_digest;
  RuntimeSpec runtime;
  std::optional<LlmSpec> llm;
  Scenario scenario;  // of the model
  Technology technology;
  PriceBook prices;
  std::optional<ServeRequest> serving;  // requests are what is asked, in place of one batch
};
// Throws ConfigError. `digest`: with the timing digest, by which kernels are stored; a bound needs none.
Posed posed(const nlohmann::json& configuration, bool digest = true);

}  // namespace orrery
