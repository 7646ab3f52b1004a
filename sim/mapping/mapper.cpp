#include "sim/mapping/mapper.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/mapping/operator_mapping.h"
#include "sim/mapping/pim_mapping.h"
#include "sim/timing/collective_choice.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

Candidate map_collective(const ArchSpec& arch, const Operator& op, CollectiveOperation operation) {
  const auto& s = std::get<CollectiveShape>(op.shape);
  Candidate candidate;
  if (s.devices < 2) {
    candidate.description = "one device";
    candidate.program.tasks.push_back({CollectiveTask{operation, Bytes{s.bytes}, s.group(), {}}, {}});
    return candidate;
  }
  const bool to_experts = op.kind == OperatorKind::moe_dispatch || op.kind == OperatorKind::moe_combine;
  const CollectiveStack stack = {to_experts                 ? CollectiveKernels::experts
                                 : s.engine.value_or(0) > 0 ? CollectiveKernels::engine
                                                            : CollectiveKernels::library,
                                 s.older.value_or(0) > 0};
  const CollectiveChoice choice = choose_collective(arch.node, operation, s.group(), s.bytes, "", stack);
  const std::string& protocol = arch.node.protocols[choice.protocol].name;
  candidate.estimate_s = choice.predicted_s;
  candidate.description =
      fmt::format("{} over {} devices{}{}", to_string(choice.algorithm), s.devices,
                  s.stride ? fmt::format(", {} apart", *s.stride) : "",
                  protocol == to_string(choice.algorithm) ? "" : ", protocol " + protocol);
  auto plan =
      std::make_shared<PlannedCollective>(plan_collective(arch.node, operation, s.group(), s.bytes, choice));
  candidate.program.tasks.push_back(
      {CollectiveTask{operation, Bytes{s.bytes}, s.group(), std::move(plan)}, {}});
  return candidate;
}

struct MapFamily {
  const ArchSpec& arch;
  const Operator& op;
  std::size_t most;
  const TileRequest& request;
  MapObjective objective;

  std::vector<Candidate> operator()(const MatmulFamily& /*family*/) const {
    return map_matmul(arch, op, most, request, objective);
  }
  std::vector<Candidate> operator()(const AttentionFamily& /*family*/) const {
    return map_attention(arch, op, most, request, objective);
  }
  std::vector<Candidate> operator()(const VectorFamily& family) const {
    return map_vector(arch, op, family, most, objective);
  }
  std::vector<Candidate> operator()(const RoutingFamily& family) const {
    return map_routing(arch, op, family, most, objective);
  }
  std::vector<Candidate> operator()(const ScanFamily& family) const {
    return map_scan(arch, op, family, most, objective);
  }
  std::vector<Candidate> operator()(const CollectiveFamily& family) const {
    return {map_collective(arch, op, family.operation)};
  }
};

// `more` among `found`, the best estimates first.
void add_in_order(std::vector<Candidate>& found, std::vector<Candidate> more) {
  for (Candidate& candidate : more) {
    const auto behind = std::find_if(found.begin(), found.end(), [&](const Candidate& other) {
      return other.estimate_s > candidate.estimate_s;
    });
    found.insert(behind, std::move(candidate));
  }
}

}  // namespace

double objective_cost(MapObjective objective, Joules energy, double seconds) {
  return energy.value() * (objective == MapObjective::edp ? seconds : 1);
}

std::vector<Candidate> Mapper::map(const Operator& op, std::size_t most, const TileRequest& request,
                                   MapObjective objective) const {
  std::vector<Candidate> found =
      std::visit(MapFamily{arch_, op, most, request, objective}, operator_row(op.kind).family);
  if (!request.any()) add_in_order(found, map_pim(arch_, op));
  if (found.empty()) {
    std::string message = fmt::format("no mapping of {} fits {}: its scratchpad of {} bytes", describe(op),
                                      arch_.name, arch_.cores.scratchpad.size_bytes);
    message += request.any()
                   ? fmt::format(" cannot hold tiles of {}x{}x{} (--tile)", request.m, request.n, request.k)
                   : " cannot hold even the smallest tiles, or the operator has more of them than can be "
                     "simulated (2^26)";
    throw ConfigError("", message);
  }
  return found;
}

}  // namespace orrery
