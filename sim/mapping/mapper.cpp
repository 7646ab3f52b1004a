#include "sim/mapping/mapper.h"

#include <fmt/format.h>

#include "sim/mapping/operator_mapping.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

CollectiveKind collective_kind(OperatorKind kind) {
  if (kind == OperatorKind::all_gather) return CollectiveKind::all_gather;
  return kind == OperatorKind::reduce_scatter ? CollectiveKind::reduce_scatter : CollectiveKind::all_reduce;
}

Candidate map_collective(const Operator& op) {
  const auto& s = std::get<CollectiveShape>(op.shape);
  Candidate candidate;
  candidate.description = fmt::format("ring over {} devices", s.devices);
  candidate.program.tasks.push_back(
      {CollectiveTask{collective_kind(op.kind), TensorId{0}, s.bytes, s.devices}, {}});
  return candidate;
}

std::string describe(const Operator& op) {
  std::string text = to_string(op.kind);
  if (const auto* s = std::get_if<MatmulShape>(&op.shape)) text += fmt::format(" {}x{}x{}", s->m, s->n, s->k);
  if (const auto* s = std::get_if<VectorShape>(&op.shape)) text += fmt::format(" {}x{}", s->rows, s->cols);
  return text;
}

}  // namespace

std::vector<Candidate> Mapper::map(const Operator& op, std::size_t most, const TileRequest& request) const {
  std::vector<Candidate> found;
  const bool needs_matrix = op.kind == OperatorKind::matmul || op.kind == OperatorKind::attention;
  if (needs_matrix && !supports_dtype(arch_.cores.matrix, op.dtype)) {
    throw ConfigError(
        "", fmt::format("{} has no rate for {}: add it to the matrix engine's 'rates' or choose another "
                        "--dtype",
                        arch_.name, to_string(op.dtype)));
  }
  switch (op.kind) {
    case OperatorKind::matmul:
      found = map_matmul(arch_, op, most, request);
      break;
    case OperatorKind::attention:
      found = map_attention(arch_, op, most, request);
      break;
    case OperatorKind::all_reduce:
    case OperatorKind::all_gather:
    case OperatorKind::reduce_scatter:
      return {map_collective(op)};
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
      found = map_vector(arch_, op, most);
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
