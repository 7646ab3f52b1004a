#include "sim/config/arch_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/config/crossbar_loader.h"
#include "sim/util/ids.h"

namespace orrery {
namespace {

// Of the matrix engine in the list of engines.
std::string engine_place(const ConfigDocument& document) {
  const nlohmann::json::json_pointer list("/chip/cores/engines");
  std::size_t at = 0;
  while (document.root()[list][at]["kind"] == "vector_unit") ++at;
  return "/chip/cores/engines/" + std::to_string(at);
}

}  // namespace

std::vector<Diagnostic> check_arch(const ArchSpec& arch, const ConfigDocument& document) {
  std::vector<Diagnostic> found;
  const auto add = [&](const char* pointer, const std::string& message) {
    found.push_back(document.diagnostic(pointer, message));
  };
  const DramSpec& d = arch.dram;
  if (d.interleave_bytes % d.burst_bytes() != 0) {
    add("/chip/memory", fmt::format("interleave_bytes {} is not a multiple of the DRAM burst of {} bytes",
                                    d.interleave_bytes, d.burst_bytes()));
  }
  if (arch.network.multicast && arch.shared_levels.empty())
    add("/chip/network", "multicast needs a shared_buffer, whose tiles tell equal reads apart");
  std::vector<std::uint32_t> memory = arch.network.memory_nodes;
  std::sort(memory.begin(), memory.end());
  if (std::adjacent_find(memory.begin(), memory.end()) != memory.end())
    add("/chip/network", "memory_nodes names a node twice");
  if (arch.network.routed) {
    const std::uint64_t nodes = node_count(*arch.network.routed);
    const std::uint64_t needed = arch.cores.count + memory.size();
    if (needed > nodes) {
      add("/chip/network",
          fmt::format("a network of {} nodes is too small for {} cores and memory at {} node{}", nodes,
                      arch.cores.count, memory.size(), memory.size() == 1 ? "" : "s"));
    } else if (memory.back() >= nodes) {
      add("/chip/network", fmt::format("memory_nodes names node {}; the network's nodes are 0 to {}",
                                       memory.back(), nodes - 1));
    }
  }
  if (const auto* array = std::get_if<SystolicArraySpec>(&arch.cores.matrix);
      array != nullptr && array->rows % array->load_rows != 0)
    add("/chip/cores/engines", fmt::format("'load_rows' is {}; expected a divisor of the array's {} rows",
                                           array->load_rows, array->rows));
  if (const auto* crossbar = std::get_if<CrossbarSpec>(&arch.cores.matrix)) {
    const std::vector<Diagnostic> more = check_crossbar(*crossbar, document, engine_place(document));
    found.insert(found.end(), more.begin(), more.end());
    if (crossbar->in_place > 0 && arch.cores.count > 1)
      add("/chip/cores/count",
          "crossbars that hold weights in place are one core's: a product of several cores "
          "would have them once for each");
  }
  const DieSpec& die = arch.die;
  if (!die.blocks.empty() &&
      (die.cores > 0 || die.shared_bytes > 0 || die.register_file_bytes > 0 ||
       die.instruction_cache_bytes > 0 || die.fp64_macs_per_cycle > 0 || die.fixed_function))
    add("/chip/area/blocks",
        "'blocks' are all that the cores and the shared memory are: leave the other keys of "
        "what they consist of out");
  if (arch.execution.stored_weights && !arch.storage)
    add("/chip/execution/stored_weights",
        "weights are read from storage, and chip.memory has no level of kind: storage");
  if (arch.cores.predictor && !arch.execution.fuses(FusedOperator::attention))
    add("/chip/cores/score_predictor",
        "a score predictor chooses pairs of one kernel's attention: 'execution.fused' needs attention");
  if (const auto& p = arch.cores.predictor) {
    if (p->searched_keys == 0 && p->pairs_per_cycle <= 0)
      add("/chip/cores/score_predictor",
          "estimates need a rate: 'pairs_per_cycle', or 'searched_keys' and 'search_cycles' of a memory that "
          "is searched by content");
    if (p->searched_keys == 0 && (p->search_cycles > 0 || p->write_cycles > 0))
      add("/chip/cores/score_predictor",
          "'search_cycles' and 'write_cycles' are of a memory that is searched by content: with "
          "'searched_keys'");
    if (p->searched_keys > 0 && p->search_cycles <= 0)
      add("/chip/cores/score_predictor/search_cycles", "a search must take some time: above 0");
    if (p->searched_keys > 0 && p->pairs_per_cycle > 0)
      add("/chip/cores/score_predictor/pairs_per_cycle",
          "with 'searched_keys' all pairs of a query are found at once: one of the two");
  }
  if (arch.cores.predictor && arch.execution.library)
    add("/chip/cores/score_predictor",
        "kernels of 'execution.library' compute whole blocks of pairs: without it");
  if (arch.fpga && !arch.reconfigurable)
    add("/chip/fpga", "a design on an FPGA: say 'reconfigurable: true' beside it");
  std::uint64_t inner = 0;
  for (const SramLevelSpec& level : arch.shared_levels) {
    if (level.size_bytes <= inner)
      add("/chip/memory", "a shared_buffer must be larger than the one before it in the list");
    inner = level.size_bytes;
  }
  if (arch.shared_levels.size() > kMostLevels)
    add("/chip/memory", fmt::format("{} levels of kind: shared_buffer; up to {} are simulated",
                                    arch.shared_levels.size(), kMostLevels));
  if (arch.node.devices > arch.node.chips) {
    add("/node/devices",
        fmt::format("uses {} chips of a node that has {}", arch.node.devices, arch.node.chips));
  }
  if (arch.node.chips > 1 && arch.node.link.bytes_per_s <= 0) {
    add("/node", fmt::format("a node of {} chips needs a 'link'", arch.node.chips));
  }
  if (arch.peak_macs_per_s(arch.execution.default_dtype) <= 0) {
    add("/chip/execution", fmt::format("default_dtype {} has no rate in the matrix engine's 'rates'",
                                       to_string(arch.execution.default_dtype)));
  }
  if (arch.static_w > arch.tdp_w && arch.tdp_w > 0) {
    add("/chip/static_w", fmt::format("static power {} W exceeds tdp_w {} W", arch.static_w, arch.tdp_w));
  }
  return found;
}

}  // namespace orrery
