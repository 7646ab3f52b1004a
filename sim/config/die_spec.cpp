#include "sim/config/die_spec.h"

namespace orrery {

double DieSpec::blocks_mm2(std::uint32_t core_count) const {
  double um2 = 0;
  for (const DieBlock& block : blocks) um2 += block.count(core_count) * block.um2;
  return 1e-6 * um2;
}

double DieSpec::blocks_leakage_w(std::uint32_t core_count) const {
  double mw = 0;
  for (const DieBlock& block : blocks) mw += block.count(core_count) * block.leakage_mw;
  return 1e-3 * mw;
}

template <>
const Table& table_of<DieBlock>() {
  static const Table table = [] {
    using B = DieBlock;
    Fields<B> f("a block as it was synthesised", Bears::energy);
    f.key("name", &B::name, "", "of the block").required().characters(1, 100);
    f.key("in_core", &B::in_core, "", "of them in each core").range(0, 1e9);
    f.key("on_die", &B::on_die, "", "of them beside the cores").range(0, 1e9);
    f.key("um2", &B::um2, "um2", "of one").required().above(0, 1e12);
    f.key("leakage_mw", &B::leakage_mw, "mW", "of one").range(0, 1e9);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DieSpec>() {
  static const Table table = [] {
    using D = DieSpec;
    Fields<D> f("what the die has beyond what is simulated, for its area", Bears::price);
    f.key("die_cores", &D::cores, "", "on the die, spare ones included")
        .range(1, 1048576)
        .standing("as simulated");
    f.key("die_shared_mib", &D::shared_bytes, "MiB", "of shared buffers")
        .above(0, kAnyNumber)
        .times(1048576)
        .standing("as simulated");
    f.key("die_memory_stacks", &D::memory_stacks, "", "of memory that the die has interfaces for")
        .range(1, 1024)
        .standing("as simulated");
    f.key("register_file_kib", &D::register_file_bytes, "KiB", "a core").range(0, kAnyNumber).times(1024);
    f.key("instruction_cache_kib", &D::instruction_cache_bytes, "KiB", "a core")
        .range(0, kAnyNumber)
        .times(1024);
    f.key("fp64_macs_per_cycle", &D::fp64_macs_per_cycle, "", "a core").range(0, kAnyNumber);
    f.key("link_gb_per_s", &D::link_gb_per_s, "GB/s", "of all links, per direction").range(0, 1e9);
    f.key("fixed_function", &D::fixed_function, "",
          "nothing in a core is programmed: no instruction fetch, scheduling or operand collection");
    f.key("host_memory", &D::host_memory, "", "the memory is a host's: no interfaces to it are on this die");
    f.key("blocks", &D::blocks, "",
          "as they were synthesised: all that its cores, shared memory and network are, whatever else is "
          "changed but "
          "the number of cores; their leakage is the "
          "static power, unless that is stated")
        .bears(Bears::energy)
        .standing("cores, memory and network are modelled");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
