#include "sim/operators/operator_shape.h"

#include <fmt/format.h>

#include "sim/util/checked.h"

namespace orrery {
namespace {

std::string whose(std::optional<std::uint64_t> engine) {
  const ServingEngine named = engine_numbered(engine);
  return named != ServingEngine::any ? fmt::format(", {}'s", to_string(named)) : "";
}

struct Describe {
  std::string operator()(const MatmulShape& s) const {
    const std::string batch = s.batch > 1 ? fmt::format("{} x ", s.batch) : "";
    return fmt::format("{}{}x{}x{}{}", batch, s.m, s.n, s.k, whose(s.engine));
  }
  std::string operator()(const AttentionShape& s) const {
    const std::string more = s.more.empty() ? ""
                                            : fmt::format(", with {} more groups of sequences, {} in all",
                                                          s.more.size(), s.sequences());
    std::string mask = s.causal ? ", causal" : "";
    if (s.window) mask += fmt::format(", window {}", *s.window);
    if (s.global) mask += fmt::format(", global {}", *s.global);
    if (s.density_ppm)
      mask += fmt::format(", density {}", static_cast<double>(*s.density_ppm) / kWholeDensity);
    const std::string values = s.value_dim ? fmt::format(" (values of {})", *s.value_dim) : "";
    return fmt::format("batch {}, {} heads ({} kv) of {}{}, q {}, kv {}{}{}{}", s.batch, s.heads, s.kv_heads,
                       s.head_dim, values, s.q, s.kv, mask, more, whose(s.engine));
  }
  std::string operator()(const VectorShape& s) const { return fmt::format("{}x{}", s.rows, s.cols); }
  std::string operator()(const RoutingShape& s) const {
    return fmt::format("{}x{} to {} experts each", s.tokens, s.cols, s.experts);
  }
  std::string operator()(const ScanShape& s) const {
    return fmt::format("{} x {} tokens, {} channels of {} numbers each", s.sequences, s.tokens, s.channels,
                       s.states);
  }
  std::string operator()(const CollectiveShape& s) const {
    return fmt::format("{} bytes on {} devices", s.bytes, s.devices);
  }
};

}  // namespace

std::vector<AttendedSequences> AttentionShape::groups() const {
  std::vector<AttendedSequences> all = {{batch, q, kv}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::uint64_t AttentionShape::sequences() const {
  std::uint64_t sum = batch;
  for (const AttendedSequences& g : more) sum = checked_sum(sum, g.batch);
  return sum;
}

std::uint64_t AttentionShape::query_positions() const {
  std::uint64_t sum = checked_product({batch, q});
  for (const AttendedSequences& g : more) sum = checked_sum(sum, checked_product({g.batch, g.q}));
  return sum;
}

std::uint64_t AttentionShape::cached_positions() const {
  std::uint64_t sum = checked_product({batch, kv});
  for (const AttendedSequences& g : more) sum = checked_sum(sum, checked_product({g.batch, g.kv}));
  return sum;
}

std::optional<ShapeFault> mask_fault(const AttentionShape& s) {
  if (s.density_ppm && *s.density_ppm > kWholeDensity)
    return ShapeFault{"density_ppm", "is more than all pairs, a million"};
  if (s.global && !s.window) return ShapeFault{"global", "stands beside a window: say 'window', too"};
  if (!s.window) return std::nullopt;
  for (const AttendedSequences& group : s.groups()) {
    if (!s.causal && group.q != group.kv)
      return ShapeFault{"window",
                        "of attention that is not causal needs as many queries as positions (q = kv)"};
    const std::uint64_t most = checked_sum(*s.window, s.global.value_or(0));
    const std::string firsts = s.global ? fmt::format(" and the first {}", *s.global) : "";
    if (s.causal && checked_sum(most, group.q) <= group.kv)
      return ShapeFault{"kv",
                        fmt::format("holds positions that no query sees: through a window of {}{} {} queries "
                                    "see {}",
                                    *s.window, firsts, group.q, most + group.q - 1)};
  }
  return std::nullopt;
}

std::string describe(const OperatorShape& shape) {
  return std::visit(Describe{}, shape);
}

}  // namespace orrery
