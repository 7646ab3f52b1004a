#pragma once
// The extents of an operator, a shape a family.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "sim/operators/collective_operation.h"
#include "sim/operators/serving_engine.h"

namespace orrery {

// C[batch, m, n] = A[batch, m, k] x B[batch, k, n]; weights have batch 1.
struct MatmulShape {
  std::uint64_t batch = 1, m = 0, n = 0, k = 0;
  // 1: those of a mixture's experts, whose rows need not be alike: libraries have kernels of their own.
  std::optional<std::uint64_t> grouped = std::nullopt;
  // A ServingEngine by its number: by its kernels, where the library knows them.
  std::optional<std::uint64_t> engine = std::nullopt;
  // Columns of the result over each of which a softmax is taken before it is written.
  std::optional<std::uint64_t> softmax_columns = std::nullopt;

  friend bool operator==(const MatmulShape& a, const MatmulShape& b) {
    return std::tie(a.batch, a.m, a.n, a.k, a.grouped, a.engine, a.softmax_columns) ==
           std::tie(b.batch, b.m, b.n, b.k, b.grouped, b.engine, b.softmax_columns);
  }
};
// Sequences that are alike: q query positions of each against kv cached ones.
struct AttendedSequences {
  std::uint64_t batch = 1, q = 0, kv = 0;

  friend bool operator==(const AttendedSequences& a, const AttendedSequences& b) {
    return std::tie(a.batch, a.q, a.kv) == std::tie(b.batch, b.q, b.kv);
  }
};
// Attention of `batch` sequences with q query positions against kv cached ones, and of `more` that are unlike
// them. Causal: query i of q sees kv - q + i + 1 positions, with a window only that many of the last and,
// beside those, the first `global` (together at least kv - q + 1: what no query sees is not among the kv).
// Not causal: a window is about the query's own position (q = kv), and the first `global` queries see all. Of
// the pairs that are left, a density says how many are computed.
inline constexpr std::uint64_t kWholeDensity = 1'000'000;
struct AttentionShape {
  std::uint64_t batch = 1, heads = 0, kv_heads = 0, head_dim = 0, q = 0, kv = 0;
  bool causal = false;
  std::vector<AttendedSequences> more = {};
  std::optional<std::uint64_t> window = std::nullopt;       // positions
  std::optional<std::uint64_t> global = std::nullopt;       // positions, beside a window
  std::optional<std::uint64_t> density_ppm = std::nullopt;  // millionths; all where it is not said
  std::optional<std::uint64_t> value_dim =
      std::nullopt;  // of a head's value; as its key where it is not said
  // A ServingEngine by its number: by its kernels, where the library knows them.
  std::optional<std::uint64_t> engine = std::nullopt;

  std::uint64_t value_length() const { return value_dim.value_or(head_dim); }

  std::vector<AttendedSequences> groups() const;  // all of them
  // Over all sequences; throw ConfigError beyond 2^64.
  std::uint64_t sequences() const;
  std::uint64_t query_positions() const;
  std::uint64_t cached_positions() const;

  friend bool operator==(const AttentionShape& a, const AttentionShape& b) {
    return std::tie(a.batch, a.heads, a.kv_heads, a.head_dim, a.q, a.kv, a.causal, a.more, a.window, a.global,
                    a.density_ppm, a.value_dim,
                    a.engine) == std::tie(b.batch, b.heads, b.kv_heads, b.head_dim, b.q, b.kv, b.causal,
                                          b.more, b.window, b.global, b.density_ppm, b.value_dim, b.engine);
  }
};
// Row-wise and element-wise operators: `rows` rows whose output has `cols` elements.
struct VectorShape {
  std::uint64_t rows = 0, cols = 0;
  std::optional<std::uint64_t> scalar = std::nullopt;  // 1: by a kernel whose threads load an element each

  friend bool operator==(const VectorShape& a, const VectorShape& b) {
    return std::tie(a.rows, a.cols, a.scalar) == std::tie(b.rows, b.cols, b.scalar);
  }
};
// Rows of a mixture of experts: each of `tokens` rows of `cols` elements has `experts` copies.
inline constexpr std::uint64_t kMostExperts = 65536;  // of a token
struct RoutingShape {
  std::uint64_t tokens = 0, experts = 0, cols = 0;

  friend bool operator==(const RoutingShape& a, const RoutingShape& b) {
    return std::tie(a.tokens, a.experts, a.cols) == std::tie(b.tokens, b.experts, b.cols);
  }
};
// `tokens` rows of each of some sequences; a channel keeps a state of `states` numbers.
inline constexpr std::uint64_t kMostStates = 65536;  // of a channel
struct ScanShape {
  std::uint64_t sequences = 1, tokens = 0, channels = 0, states = 0;

  friend bool operator==(const ScanShape& a, const ScanShape& b) {
    return std::tie(a.sequences, a.tokens, a.channels, a.states) ==
           std::tie(b.sequences, b.tokens, b.channels, b.states);
  }
};
// `bytes` of the whole array; devices are numbered `stride` apart (one, where it is not said), and those
// between do the same in groups of their own.
struct CollectiveShape {
  std::uint64_t bytes = 0;
  std::uint32_t devices = 1;
  std::optional<std::uint64_t> stride = std::nullopt;
  // 1: a serving engine's own kernels may run it, where the node says what they cost; else the library does.
  std::optional<std::uint64_t> engine = std::nullopt;
  // 1: by that library as it was in 2023.
  std::optional<std::uint64_t> older = std::nullopt;

  static CollectiveShape over(std::uint64_t bytes, const DeviceGroup& group) {
    CollectiveShape shape{bytes, group.devices};
    if (group.stride > 1) shape.stride = group.stride;
    return shape;
  }
  DeviceGroup group() const { return {devices, static_cast<std::uint32_t>(stride.value_or(1))}; }

  friend bool operator==(const CollectiveShape& a, const CollectiveShape& b) {
    return std::tie(a.bytes, a.devices, a.stride, a.engine, a.older) ==
           std::tie(b.bytes, b.devices, b.stride, b.engine, b.older);
  }
};
using OperatorShape =
    std::variant<MatmulShape, AttentionShape, VectorShape, RoutingShape, ScanShape, CollectiveShape>;

// Calls visit(name, extent) for each extent of a shape, in the order in which files write them; a
// window may be none. `more` is a list of groups of three extents.
template <class Shape, class Visit>
void for_each_extent(Shape& shape, Visit visit) {
  using Bare = std::remove_const_t<Shape>;
  if constexpr (std::is_same_v<Bare, MatmulShape>) {
    visit("batch", shape.batch);
    visit("m", shape.m);
    visit("n", shape.n);
    visit("k", shape.k);
    visit("grouped", shape.grouped);
    visit("engine", shape.engine);
    visit("softmax_columns", shape.softmax_columns);
  } else if constexpr (std::is_same_v<Bare, AttentionShape>) {
    visit("batch", shape.batch);
    visit("heads", shape.heads);
    visit("kv_heads", shape.kv_heads);
    visit("head_dim", shape.head_dim);
    visit("q", shape.q);
    visit("kv", shape.kv);
    visit("causal", shape.causal);
    visit("window", shape.window);
    visit("global", shape.global);
    visit("density_ppm", shape.density_ppm);
    visit("value_dim", shape.value_dim);
    visit("engine", shape.engine);
    visit("more", shape.more);
  } else if constexpr (std::is_same_v<Bare, VectorShape>) {
    visit("rows", shape.rows);
    visit("cols", shape.cols);
    visit("scalar", shape.scalar);
  } else if constexpr (std::is_same_v<Bare, RoutingShape>) {
    visit("tokens", shape.tokens);
    visit("experts", shape.experts);
    visit("cols", shape.cols);
  } else if constexpr (std::is_same_v<Bare, ScanShape>) {
    visit("sequences", shape.sequences);
    visit("tokens", shape.tokens);
    visit("channels", shape.channels);
    visit("states", shape.states);
  } else {
    visit("bytes", shape.bytes);
    visit("devices", shape.devices);
    visit("stride", shape.stride);
    visit("engine", shape.engine);
    visit("older", shape.older);
  }
}

// What a shape's mask contradicts: the extent, by its name, and how. None where nothing does.
struct ShapeFault {
  const char* extent;
  std::string words;
};
std::optional<ShapeFault> mask_fault(const AttentionShape& shape);

// "64x4096x4096", "batch 2, 32 heads (8 kv) of 128, ...": in words.
std::string describe(const OperatorShape& shape);

}  // namespace orrery
