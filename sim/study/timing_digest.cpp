#include "sim/study/timing_digest.h"

#include "sim/config/arch_keys.h"
#include "sim/describe/bearing.h"
#include "sim/study/configuration.h"

namespace orrery {

using nlohmann::json;

std::string timing_digest(const json& c) {
  const json& chip = c.at("arch").at("chip");
  const bool energies_decide = chip.contains("power_cap_w") || !chip.at("execution").contains("library");
  const Bears least = energies_decide ? Bears::energy : Bears::timing;
  json depends = {{"arch", bearing(kArch.table(), c["arch"], least)}};
  if (c.contains("node")) depends["node"] = bearing(kNode.table(), c["node"], least);
  // What a changed machine draws at rest follows from its area.
  if (energies_decide && c.contains("modified")) depends["modified"] = {c["modified"], c["technology"]};
  return digest(depends);
}

}  // namespace orrery
