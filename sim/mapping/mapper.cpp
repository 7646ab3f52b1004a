#include "sim/mapping/mapper.h"

#include <fmt/format.h>

#include "sim/mapping/collective_operation.h"
#include "sim/mapping/operator_mapping.h"
#include "sim/timing/collective_choice.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

Candidate map_collective(const ArchSpec& arch, const Operator& op) {
  const auto& s = std::get<CollectiveShape>(op.shape);
  Candidate candidate;
  if (s.devices < 2) {
    candidate.description = "one device";
    candidate.program.tasks.push_back(
        {CollectiveTask{collective_operation(op.kind), s.bytes, s.devices, {}}, {}});
    return candidate;
  }
  const CollectiveOperation operation = collective_operation(op.kind);
  const CollectiveChoice choice = choose_collective(arch.node, operation, s.devices, s.bytes);
  const std::string& protocol = arch.node.protocols[choice.protocol].name;
  candidate.estimate_s = choice.predicted_s;
  candidate.description =
      fmt::format("{} over {} devices{}", to_string(choice.algorithm), s.devices,
                  protocol == to_string(choice.algorithm) ? "" : ", protocol " + protocol);
  auto plan =
      std::make_shared<PlannedCollective>(plan_collective(arch.node, operation, s.devices, s.bytes, choice));
  candidate.program.tasks.push_back({CollectiveTask{operation, s.bytes, s.devices, std::move(plan)}, {}});
  return candidate;
}

}  // namespace

const char* to_string(MapObjective objective) {
  switch (objective) {
    case MapObjective::time:
      return "time";
    case MapObjective::energy:
      return "energy";
    case MapObjective::edp:
      return "edp";
  }
  return "";
}

double objective_cost(MapObjective objective, double joules, double seconds) {
  return objective == MapObjective::edp ? joules * seconds : joules;
}

MapObjective parse_map_objective(const std::string& text) {
  for (const MapObjective o : {MapObjective::time, MapObjective::energy, MapObjective::edp}) {
    if (text == to_string(o)) return o;
  }
  throw ConfigError("", "--objective is '" + text + "'; expected time, energy or edp");
}

std::vector<Candidate> Mapper::map(const Operator& op, std::size_t most, const TileRequest& request,
                                   MapObjective objective) const {
  std::vector<Candidate> found;
  switch (op.kind) {
    case OperatorKind::matmul:
      found = map_matmul(arch_, op, most, request, objective);
      break;
    case OperatorKind::attention:
      found = map_attention(arch_, op, most, request, objective);
      break;
    case OperatorKind::all_reduce:
    case OperatorKind::all_gather:
    case OperatorKind::reduce_scatter:
    case OperatorKind::all_to_all:
    case OperatorKind::broadcast:
    case OperatorKind::send_recv:
      return {map_collective(arch_, op)};
    case OperatorKind::rmsnorm:
    case OperatorKind::layernorm:
    case OperatorKind::add_rmsnorm:
    case OperatorKind::softmax:
    case OperatorKind::silu_mul:
    case OperatorKind::gelu:
    case OperatorKind::add:
    case OperatorKind::rope:
    case OperatorKind::kv_append:
    case OperatorKind::embedding:
      found = map_vector(arch_, op, most, objective);
      break;
  }
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
