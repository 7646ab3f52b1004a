#include "sim/timing/sparse_timing.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

// Of zeros in cells a crossbar knows nothing.
const std::vector<Sparsity>& patterns(const MatrixEngineSpec& engine) {
  static const std::vector<Sparsity> none;
  return std::visit(
      [](const auto& spec) -> const std::vector<Sparsity>& {
        if constexpr (std::is_same_v<std::decay_t<decltype(spec)>, CrossbarSpec>) {
          return none;
        } else {
          return spec.skips;
        }
      },
      engine);
}

bool passes_over_any(const MatrixEngineSpec& engine) {
  const std::vector<Sparsity>& all = patterns(engine);
  return std::any_of(all.begin(), all.end(),
                     [](const Sparsity& s) { return s.kind == SparsityKind::unstructured; });
}

// Of N:M, the share that the engine's closest pattern keeps; 1 where it has none.
double closest_share(const MatrixEngineSpec& engine, const Sparsity& sparsity) {
  if (passes_over_any(engine)) return sparsity.share();  // as many of each column
  double share = 1;
  for (const Sparsity& pattern : patterns(engine)) {
    if (sparsity.satisfies(pattern)) share = std::min(share, pattern.share());
  }
  return share;
}

// Blocks that its transforms are long enough for.
bool turns(const MatrixEngineSpec& engine, const Sparsity& sparsity) {
  const std::vector<Sparsity>& all = patterns(engine);
  return sparsity.kind == SparsityKind::circulant &&
         std::any_of(all.begin(), all.end(), [&](const Sparsity& s) {
           return s.kind == SparsityKind::circulant && s.of >= sparsity.of;
         });
}

// Columns of weights that wait for each other.
std::uint64_t columns_in_step(const SystolicArraySpec& spec) {
  return spec.cols;
}
std::uint64_t columns_in_step(const DotProductArraySpec& spec) {
  return spec.n;
}

std::uint64_t columns_in_step(const CrossbarSpec& spec) {
  return spec.weights_across();
}

}  // namespace

bool skips(const MatrixEngineSpec& engine, const Sparsity& sparsity) {
  if (sparsity.kind == SparsityKind::unstructured) return passes_over_any(engine);
  return turns(engine, sparsity) ||
         (sparsity.kind == SparsityKind::n_of_m && closest_share(engine, sparsity) < 1);
}

std::uint64_t multiplied_length(const MatrixEngineSpec& engine, const Sparsity& sparsity, std::uint64_t n,
                                std::uint64_t k) {
  if (!skips(engine, sparsity)) return k;
  const auto length = static_cast<double>(k);
  if (sparsity.kind == SparsityKind::n_of_m)
    return static_cast<std::uint64_t>(std::ceil(length * closest_share(engine, sparsity)));
  if (sparsity.kind == SparsityKind::circulant) {
    const double rows = sparsity.of;
    const double transform = std::log2(rows);  // MACs an element
    const double all = 2 * length / rows + length * transform / static_cast<double>(n) + transform;
    return std::min(k, static_cast<std::uint64_t>(std::ceil(all)));
  }
  const double density = sparsity.share();
  const auto columns = static_cast<double>(
      std::min(n, std::visit([](const auto& spec) { return columns_in_step(spec); }, engine)));
  const double more = std::sqrt(2 * length * density * (1 - density) * std::log(std::max(columns, 1.0)));
  return std::min(k, static_cast<std::uint64_t>(std::ceil(length * density + more)));
}

double multiplied_share(const MatrixEngineSpec& engine, const Sparsity& sparsity) {
  switch (sparsity.kind) {
    case SparsityKind::dense:
      return 1;
    case SparsityKind::n_of_m:
      return closest_share(engine, sparsity);
    case SparsityKind::blocks:
      return sparsity.share();
    case SparsityKind::unstructured:
      return passes_over_any(engine) ? sparsity.share() : 1;
    case SparsityKind::circulant:
      return turns(engine, sparsity) ? sparsity.share() : 1;
  }
  return 1;
}

}  // namespace orrery
