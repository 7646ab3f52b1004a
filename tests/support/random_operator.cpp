#include "tests/support/random_operator.h"

#include <algorithm>
#include <cmath>

#include "sim/engine/kernel_run.h"
#include "sim/workload/operator_counts.h"

namespace orrery::test {
namespace {

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
  return standalone_attention(s, dtype);
}

Operator random_vector(Random& random, DType dtype) {
  static const OperatorKind kKinds[] = {
      OperatorKind::rmsnorm,   OperatorKind::layernorm, OperatorKind::add_rmsnorm, OperatorKind::softmax,
      OperatorKind::silu_mul,  OperatorKind::gelu,      OperatorKind::add,         OperatorKind::rope,
      OperatorKind::kv_append, OperatorKind::embedding};
  const OperatorKind kind = kKinds[random.below(10)];
  return standalone_vector(kind, {random.log_uniform(1, 4096), random.log_uniform(32, 16384)}, dtype);
}

}  // namespace

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

}  // namespace orrery::test
