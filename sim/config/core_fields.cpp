#include "sim/config/core_fields.h"

#include "sim/config/config_document.h"
#include "sim/config/dtype_rates.h"
#include "sim/util/errors.h"
#include "sim/util/key_path.h"

namespace orrery {
namespace {

constexpr double kMostUnits = 65536;

template <class T>
void add_rates(Fields<T>& f, const char* sentence) {
  f.other("rates", dtype_rates_shape(), "", sentence, [](T& t, const nlohmann::json& value, const Place&) {
     t.rates = dtype_rates(value);
   }).required();
}

// Words of an engine: N:M, or that it finds zeros wherever they are.
Sparsity skipped(const std::string& word, const Place& at) {
  Sparsity any;
  any.kind = SparsityKind::unstructured;
  if (word == "unstructured") return any;
  const auto pattern = sparsity_named(word);
  if (pattern && (pattern->kind == SparsityKind::n_of_m || pattern->kind == SparsityKind::circulant))
    return *pattern;
  const std::string message =
      "key '" + key_path(at.pointer()) + "': '" + word +
      "' is no pattern of zeros that an engine skips; expected N:M (2:4), unstructured "
      "or circulant:B";
  throw ConfigError(at.document() == nullptr ? "" : at.document()->where(at.pointer()), message);
}

template <class T>
void add_skips(Fields<T>& f) {
  f.other("skips", Shape::list(Shape::text()), "",
          "zeros of weights that it does not multiply: N:M of each M along the reduction (2:4), "
          "unstructured, or circulant:B (blocks of up to B x B, multiplied between Fourier transforms); "
          "blocks are passed over by any",
          [](T& t, const nlohmann::json& value, const Place& at) {
            t.skips.clear();
            for (std::size_t i = 0; i < value.size(); ++i)
              t.skips.push_back(skipped(value[i].get<std::string>(), Place(at, i)));
          })
      .standing("none");
}

constexpr const char* kRates =
    "MACs a cycle by format, relative to the engine's size; formats left out are not multiplied";

}  // namespace

template <>
const Table& table_of<SystolicArraySpec>() {
  static const Table table = [] {
    using A = SystolicArraySpec;
    Fields<A> f("a grid of MAC units, operands skewed in at the edges");
    f.other("kind", Shape::word({"systolic_array"}), "", "of engine").required();
    f.key("count", &A::count, "", "arrays a core").range(1, kMostUnits);
    f.key("rows", &A::rows, "", "MAC units").required().range(1, kMostUnits);
    f.key("cols", &A::cols, "", "MAC units").required().range(1, kMostUnits);
    f.key("dataflows", &A::dataflows, "", "which operand may stay in the array").required().items(1);
    f.key("double_buffered", &A::double_buffered, "",
          "the next fold's stationary operand loads behind the current stream");
    f.key("drains_by_column", &A::drains_by_column, "",
          "results leave a column a cycle and the next fold follows them; else it begins once all are out");
    f.key("load_rows", &A::load_rows, "rows", "of the stationary operand, that a cycle brings in")
        .range(1, kMostUnits);
    add_skips(f);
    add_rates(f, kRates);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DotProductArraySpec>() {
  static const Table table = [] {
    using A = DotProductArraySpec;
    Fields<A> f("m x n dot products of length k a cycle: GPU tensor cores, FPGA adder trees");
    f.other("kind", Shape::word({"dot_product_array"}), "", "of engine").required();
    f.key("count", &A::count, "", "arrays a core").range(1, kMostUnits);
    f.key("m", &A::m, "", "rows of results").required().range(1, kMostUnits);
    f.key("n", &A::n, "", "columns of results").required().range(1, kMostUnits);
    f.key("k", &A::k, "", "length of a dot product").required().range(1, kMostUnits);
    f.key("instruction_m", &A::instruction_m, "", "smallest issue; shapes pad to it")
        .range(1, kMostUnits)
        .standing("m");
    f.key("instruction_n", &A::instruction_n, "", "smallest issue; shapes pad to it")
        .range(1, kMostUnits)
        .standing("n");
    f.key("instruction_k", &A::instruction_k, "", "smallest issue; shapes pad to it")
        .range(1, kMostUnits)
        .standing("k");
    f.key("issue_rate", &A::issue_rate, "", "sustained share of issue slots").above(0, 1);
    f.key("latency_cycles", &A::latency_cycles, "cycles", "operand in to result out").range(0, 1e6);
    f.key("block_m", &A::block_m, "",
          "results held in registers; operands are read from the scratchpad once for such a block")
        .required()
        .range(1, kMostUnits);
    f.key("block_n", &A::block_n, "",
          "results held in registers; operands are read from the scratchpad once for such a block")
        .required()
        .range(1, kMostUnits);
    f.key("widens", &A::widens, "",
          "a mixture's narrow weights itself, at its inputs; else the vector unit does");
    add_skips(f);
    add_rates(f, kRates);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<VectorUnitSpec>() {
  static const Table table = [] {
    using V = VectorUnitSpec;
    Fields<V> f("lanes that work element by element");
    f.other("kind", Shape::word({"vector_unit"}), "", "of engine").required();
    f.key("lanes", &V::lanes, "operations per cycle", "simple ones").required().range(1, 1048576);
    f.key("transcendental_lanes", &V::transcendental_lanes, "operations per cycle",
          "exp, rsqrt, tanh, division")
        .required()
        .above(0, 1e9);
    f.key("latency_cycles", &V::latency_cycles, "cycles",
          "pipeline depth; a reduction pays it once a tree level")
        .range(0, 1e6);
    f.key("accumulators", &V::accumulators, "",
          "partial sums a reduction keeps in flight; leave out when enough to hide the latency")
        .range(1, kMostUnits)
        .standing("enough");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ScorePredictorSpec>() {
  static const Table table = [] {
    using P = ScorePredictorSpec;
    Fields<P> f(
        "estimates scores ahead of the matrix engine, and so chooses the pairs that attention computes");
    f.key("kept_share", &P::kept_share, "", "of the pairs of a query and a key that masks leave, in the mean")
        .required()
        .above(0, 1);
    f.key("pairs_per_cycle", &P::pairs_per_cycle, "pairs per cycle", "that it estimates, a core")
        .range(0, 1e9);
    f.key("searched_keys", &P::searched_keys, "keys",
          "that a memory searched by content holds, a core: each query is held against all of them at once, "
          "in place of 'pairs_per_cycle'")
        .range(0, 1e9);
    f.key("search_cycles", &P::search_cycles, "cycles", "of a query, against the keys held").range(0, 1e9);
    f.key("write_cycles", &P::write_cycles, "cycles", "until a key is written to that memory").range(0, 1e9);
    f.key("pair_pj", &P::pair_pj, "pJ", "an estimate and what it reads on the chip")
        .required()
        .range(0, kAnyNumber)
        .bears(Bears::energy);
    f.key("read_bits", &P::read_bits, "bits", "of a key's element that it has to fetch, beside the kept ones")
        .range(0, 32);
    f.key("queries_in_step", &P::queries_in_step, "queries",
          "that the engine works on side by side: the one that keeps most holds the others up")
        .range(1, kMostUnits);
    f.key("filled_share", &P::filled_share, "",
          "of the engine's places, where kept pairs are packed into them")
        .above(0, 1);
    f.key("fetches_kept", &P::fetches_kept, "",
          "keys and values that no query of a tile keeps stay in memory");
    f.key("quality", &P::quality, "", "what it costs in quality, as it was published")
        .required()
        .bears(Bears::none);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ScratchpadSpec>() {
  static const Table table = [] {
    using S = ScratchpadSpec;
    Fields<S> f("a core's own memory");
    f.key("size_kib", &S::size_bytes, "KiB", "of a core").required().above(0, 1e9).times(1024);
    f.key("banks", &S::banks, "", "accessed side by side").required().range(1, kMostUnits);
    f.key("bank_width_bytes", &S::bank_width_bytes, "bytes", "of an access").required().range(1, kMostUnits);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DmaSpec>() {
  static const Table table = [] {
    using D = DmaSpec;
    Fields<D> f("what moves tiles between a core and the memories behind it");
    f.key("max_outstanding", &D::max_outstanding, "granules", "in flight").required().range(1, kMostUnits);
    f.key("max_granule_kib", &D::max_granule_bytes, "KiB", "moved in one go")
        .required()
        .above(0, 1e6)
        .times(1024);
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
