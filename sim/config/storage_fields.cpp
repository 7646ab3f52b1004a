#include "sim/config/storage_spec.h"

namespace orrery {

template <>
const Table& table_of<StorageSpec>() {
  static const Table table = [] {
    using S = StorageSpec;
    Fields<S> f("storage behind DRAM, that weights may be read from");
    f.other("kind", Shape::word({"storage"}), "", "of level").required();
    f.key("read_gb_per_s", &S::read_bytes_per_s, "GB/s", "of long reads").required().above(0, 1e6).times(1e9);
    f.key("kilo_reads_per_s", &S::reads_per_s, "10^3 reads/s", "of short reads, many in flight")
        .required()
        .above(0, 1e9)
        .times(1e3);
    f.key("latency_us", &S::latency_us, "us", "of a read alone").required().range(0, 1e6);
    f.key("capacity_gib", &S::capacity_bytes, "GiB", "of it").required().above(0, 1e7).times(1073741824);
    f.key("read_pj_per_bit", &S::read_pj_per_bit, "pJ per bit", "the device and its interface")
        .required()
        .range(0, 1e6)
        .bears(Bears::energy);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ConditionalSpec>() {
  static const Table table = [] {
    using C = ConditionalSpec;
    Fields<C> f("what feed-forward blocks compute of their neurons");
    f.key("kept_share", &C::kept_share, "share", "of the neurons that a token needs").above(0, 1);
    f.key("predictor_rank", &C::predictor_rank, "", "of the product that says which; 0: known without one")
        .range(0, 1e6);
    f.key("path", &C::path, "neurons",
          "of a token's way through a tree of them, the same for all tokens of a step, in place of a share; "
          "0: no "
          "tree")
        .range(0, 1e6);
    f.key("quality", &C::quality, "", "what it costs, as it was published").bears(Bears::none);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<StoredWeightsSpec>() {
  static const Table table = [] {
    using S = StoredWeightsSpec;
    Fields<S> f("weights that a step reads from storage");
    f.key("resident_share", &S::resident_share, "share", "of all weights, that memory holds").range(0, 1);
    f.key("loaded_share", &S::loaded_share, "share",
          "of a feed-forward block's neurons, that a token brings anew; 0: what memory does not hold is read "
          "whole")
        .range(0, 1);
    f.key("bundled", &S::bundled, "",
          "a neuron's row of the first product and its column of the second are one read");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
