#include "tests/support/random_operator.h"

#include <algorithm>
#include <cmath>

#include "sim/engine/kernel_run.h"
#include "sim/timing/matrix_timing.h"
#include "sim/workload/operator_counts.h"

namespace orrery::test {
namespace {

// A window of some of the causal ones, out of numbers that are drawn already.
void perhaps_window(AttentionShape& s) {
  if (s.causal && s.kv % 3 == 0) s.window = s.kv - s.q + 1 + (s.kv / 3 + s.q) % s.q;
}

// The same of others, and first positions beside a window.
void perhaps_band(AttentionShape& s) {
  if (!s.causal && s.kv == s.q && s.q > 1 && s.kv % 3 < 2) s.window = 1 + s.kv / 4;
  if (s.window && s.kv % 2 == 0) s.global = 1 + s.kv / 16;
}

Operator random_attention(Random& random, DType dtype) {
  AttentionShape s;
  s.batch = random.log_uniform(1, 8);
  s.kv_heads = std::uint64_t{1} << random.below(5);
  s.heads = s.kv_heads << random.below(3);
  s.head_dim = random.below(2) == 0 ? 64 : 128;
  s.kv = random.log_uniform(16, 4096);
  const bool decode = random.below(2) == 0;
  s.q = decode ? 1 : std::min<std::uint64_t>(s.kv, random.log_uniform(2, 2048));
  s.causal = !decode;
  perhaps_window(s);
  return standalone_attention(s, dtype);
}

// Listed anomalies go by the number of their draw: these kinds stay as they are, whatever rows are added.
OperatorKind common_kind(Random& random) {
  static const OperatorKind kKinds[] = {
      OperatorKind::rmsnorm,   OperatorKind::layernorm, OperatorKind::add_rmsnorm, OperatorKind::softmax,
      OperatorKind::silu_mul,  OperatorKind::gelu,      OperatorKind::add,         OperatorKind::rope,
      OperatorKind::kv_append, OperatorKind::embedding};
  return kKinds[random.below(10)];
}

Operator random_vector(Random& random, DType dtype) {
  const OperatorKind kind = common_kind(random);
  return standalone(kind, VectorShape{random.log_uniform(1, 4096), random.log_uniform(32, 16384)}, dtype);
}

// Any operator of the vector unit.
Operator any_rows(Random& random, std::uint64_t rows, std::uint64_t cols, DType dtype) {
  static const std::vector<OperatorKind> kKinds = [] {
    std::vector<OperatorKind> kinds;
    for (const OperatorRow& row : kOperators) {
      if (std::holds_alternative<VectorFamily>(row.family) ||
          std::holds_alternative<RoutingFamily>(row.family) || std::holds_alternative<ScanFamily>(row.family))
        kinds.push_back(row.kind);
    }
    return kinds;
  }();
  const OperatorKind kind = kKinds[random.below(kKinds.size())];
  if (std::holds_alternative<RoutingFamily>(operator_row(kind).family))
    return standalone(kind, RoutingShape{rows, 1 + random.below(8), cols}, dtype);
  if (std::holds_alternative<ScanFamily>(operator_row(kind).family)) {
    const std::uint64_t sequences = 1 + random.below(4);
    return standalone(kind, ScanShape{sequences, ceil_div(rows, sequences), cols, 1 + random.below(128)},
                      dtype);
  }
  return standalone(kind, VectorShape{rows, cols}, dtype);
}

bool is_prime(std::uint64_t n) {
  for (std::uint64_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return n > 1;
}

DType any_format(Random& random, const ArchSpec& arch) {
  while (true) {
    const auto dtype = static_cast<DType>(random.below(kDTypeCount));
    if (supports_dtype(arch.cores.matrix, dtype)) return dtype;
  }
}

}  // namespace

std::uint64_t wild_extent(Random& random, std::uint64_t most) {
  std::uint64_t n = random.log_uniform(1, most);
  switch (random.below(4)) {
    case 0:
      return random.log_uniform(1, 64);
    case 1:
      while (n > 2 && !is_prime(n)) --n;
      return n;
    case 2:
      return (std::uint64_t{1} << random.below(
                  static_cast<std::uint64_t>(std::log2(static_cast<double>(most))))) +
             1;
    default:
      return n;
  }
}

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::uint64_t Random::log_uniform(std::uint64_t low, std::uint64_t high) {
  const double unit = static_cast<double>(next() >> 11) / 9007199254740992.0;
  const double value =
      std::exp(std::log(static_cast<double>(low)) +
               unit * std::log((static_cast<double>(high) + 0.999) / static_cast<double>(low)));
  return std::clamp(static_cast<std::uint64_t>(value), low, high);
}

Operator random_operator(Random& random, const ArchSpec& arch, std::uint64_t most_macs) {
  const DType dtype = arch.execution.default_dtype;
  while (true) {
    const std::uint64_t pick = random.below(4);
    Operator op;
    if (pick <= 1) {
      MatmulShape s{random.below(8) == 0 ? random.log_uniform(2, 16) : 1, random.log_uniform(1, 4096),
                    random.log_uniform(16, 16384), random.log_uniform(16, 16384)};
      op = standalone_matmul(s, dtype);
    } else {
      op = pick == 2 ? random_attention(random, dtype) : random_vector(random, dtype);
    }
    if (operator_macs(op) <= most_macs) return op;
  }
}

Operator wild_operator(Random& random, const ArchSpec& arch, std::uint64_t most_macs) {
  while (true) {
    const DType dtype = any_format(random, arch);
    const std::uint64_t pick = random.below(5);
    Operator op;
    if (pick <= 1) {
      const std::uint64_t batch = random.below(6) == 0 ? wild_extent(random, 64) : 1;
      op = standalone_matmul(
          {batch, wild_extent(random, 8192), wild_extent(random, 16384), wild_extent(random, 16384)}, dtype);
    } else if (pick == 2) {
      AttentionShape s;
      s.batch = wild_extent(random, 32);
      s.kv_heads = 1 + random.below(16);
      s.heads = s.kv_heads * (1 + random.below(8));
      s.head_dim = std::uint64_t{8} << random.below(5);
      s.kv = wild_extent(random, 8192);
      s.q = random.below(2) == 0 ? 1 : std::min(s.kv, wild_extent(random, 2048));
      s.causal = s.q > 1 && random.below(3) > 0;
      perhaps_window(s);
      perhaps_band(s);
      op = standalone_attention(
          s, dtype == DType::w4a16 || dtype == DType::w8a16 ? arch.execution.default_dtype : dtype);
    } else {
      const std::uint64_t rows = wild_extent(random, 8192);
      op = any_rows(random, rows, wild_extent(random, 8192), activation_dtype(dtype));
    }
    std::uint64_t bytes = operator_bytes(op).read + operator_bytes(op).written;
    if (operator_macs(op) <= most_macs && bytes <= most_macs / 16) return op;
  }
}

Operator long_operator(Random& random, const ArchSpec& arch, bool big) {
  const std::uint64_t scale = big ? 16384 : 1024;
  const DType dtype = any_format(random, arch);
  if (random.below(3) == 0) {
    const OperatorKind kind = random_vector(random, dtype).kind;
    return standalone(kind, VectorShape{random.log_uniform(scale, 2 * scale), random.log_uniform(512, 4096)},
                      activation_dtype(dtype));
  }
  const std::uint64_t k =
      random.below(2) == 0 ? random.log_uniform(1, 64) : random.log_uniform(64, scale / 4);
  return standalone_matmul({1, random.log_uniform(scale / 8, scale), random.log_uniform(scale / 4, scale), k},
                           dtype);
}

}  // namespace orrery::test
