#include "sim/workload/operator.h"

#include <fmt/format.h>

#include "sim/util/checked.h"

namespace orrery {
namespace {

struct Describe {
  std::string operator()(const MatmulShape& s) const {
    return s.batch > 1 ? fmt::format("{} x {}x{}x{}", s.batch, s.m, s.n, s.k)
                       : fmt::format("{}x{}x{}", s.m, s.n, s.k);
  }
  std::string operator()(const AttentionShape& s) const {
    return fmt::format("batch {}, {} heads ({} kv) of {}, q {}, kv {}{}", s.batch, s.heads, s.kv_heads,
                       s.head_dim, s.q, s.kv, s.causal ? ", causal" : "");
  }
  std::string operator()(const VectorShape& s) const { return fmt::format("{}x{}", s.rows, s.cols); }
  std::string operator()(const CollectiveShape& s) const {
    return fmt::format("{} bytes on {} devices", s.bytes, s.devices);
  }
};

}  // namespace

std::string describe(const OperatorShape& shape) {
  return std::visit(Describe{}, shape);
}
std::string describe(const Operator& op) {
  return std::string(to_string(op.kind)) + " " + describe(op.shape);
}

const char* to_string(Phase phase) {
  return phase == Phase::prefill ? "prefill" : "decode";
}

std::uint64_t Tensor::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : shape) product = checked_product({product, extent});
  return product;
}

}  // namespace orrery
