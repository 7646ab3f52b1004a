#include "sim/config/technology.h"

#include <fmt/format.h>

#include <algorithm>

namespace orrery {
bool Technology::has_process(double nm) const {
  return std::any_of(nodes.begin(), nodes.end(), [nm](const Process& n) { return n.nm == nm; });
}

const Process& Technology::process(double nm, const std::string& where) const {
  std::string known;
  for (const Process& n : nodes) {
    if (n.nm == nm) return n;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", n.nm);
  }
  throw ConfigError(where, fmt::format("the technology table has no {} nm; it has {}", nm, known));
}

template <>
const Table& table_of<Process>() {
  static const Table table = [] {
    using N = Process;
    Fields<N> f("a process", Bears::price);
    f.key("nm", &N::nm, "nm", "its name").required().above(0, kAnyNumber);
    f.key("sram_um2_per_bit", &N::sram_um2_per_bit, "um2 per bit", "of a memory macro")
        .required()
        .above(0, kAnyNumber);
    f.key("logic_mtr_per_mm2", &N::logic_mtr_per_mm2, "MTr per mm2", "transistors of logic")
        .required()
        .above(0, kAnyNumber);
    add_price(f, "wafer_price", &N::wafer_price, "USD", "of a processed wafer")
        .required()
        .above(0, kAnyNumber);
    f.key("defects_per_cm2", &N::defects_per_cm2, "per cm2", "that kill what they hit")
        .required()
        .range(0, kAnyNumber);
    add_price(f, "mask_set_price", &N::mask_set_price, "USD", "once").required();
    add_price(f, "design_price", &N::design_price, "USD", "once: design, verification, software of a chip")
        .required();
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<AreaConstants>() {
  static const Table table = [] {
    using A = AreaConstants;
    struct Key {
      const char* key;
      double A::*member;
      const char *unit, *sentence;
    };
    // clang-format off
    const Key keys[] = {
        {"reference_logic_mtr_per_mm2", &A::reference_logic_mtr_per_mm2, "MTr per mm2", "density that the areas were published for"},
        {"int8_mac_um2", &A::int8_mac_um2, "um2", "a multiplier and its adder"},
        {"fp16_mac_um2", &A::fp16_mac_um2, "um2", "the same in fp16"},
        {"fp32_mac_um2", &A::fp32_mac_um2, "um2", "the same in fp32"},
        {"fp64_mac_um2", &A::fp64_mac_um2, "um2", "the same in fp64"},
        {"register_file_factor", &A::register_file_factor, "", "of a register file's bits, over a memory macro's"},
        {"core_control_factor", &A::core_control_factor, "", "of a core's control, over its arithmetic"},
        {"cache_overhead", &A::cache_overhead, "", "of a cache's tags and control, over its bits"},
        {"cache_mm2_per_byte_per_cycle", &A::cache_mm2_per_byte_per_cycle, "mm2", "of a cache's ports, a byte of a cycle"},
        {"wire_pitch_um", &A::wire_pitch_um, "um", "of the network's wires"},
        {"crossbar_factor", &A::crossbar_factor, "", "of a crossbar, over its wires"},
        {"hbm_phy_mm2_per_stack", &A::hbm_phy_mm2_per_stack, "mm2", "of a stack's PHY"},
        {"hbm_control_mm2_per_stack", &A::hbm_control_mm2_per_stack, "mm2", "of a stack's controllers"},
        {"dram_phy_mm2_per_channel", &A::dram_phy_mm2_per_channel, "mm2", "of a channel of other DRAM"},
        {"link_mm2_per_gb_per_s", &A::link_mm2_per_gb_per_s, "mm2", "of links, a GB/s per direction"},
        {"other_share", &A::other_share, "", "of the die, what is none of these"},
        {"least_published", &A::least_published, "", "published areas over modelled ones: nine of ten lie above"},
        {"most_published", &A::most_published, "", "the same, below"}};
    // clang-format on
    Fields<A> f("how much silicon things take", Bears::price);
    for (const Key& k : keys) f.key(k.key, k.member, k.unit, k.sentence).required().range(0, kAnyNumber);
    return Table(f);
  }();
  return table;
}

namespace {

const Table& learning_table() {
  static const Table table = [] {
    using T = Technology;
    Fields<T> f("defects over the age of a process", Bears::price);
    f.key("reference_quarters", &T::defect_reference_quarters, "quarters",
          "after volume start at which the table's figures hold")
        .required()
        .range(0, kAnyNumber);
    f.key("initial_factor", &T::defect_initial, "", "of the mature figure, at volume start")
        .required()
        .range(1, kAnyNumber);
    f.key("quarters", &T::defect_learning_quarters, "quarters", "in which the excess falls by e")
        .required()
        .above(0, kAnyNumber);
    return Table(f);
  }();
  return table;
}

}  // namespace

template <>
const Table& table_of<Technology>() {
  static const Table table = [] {
    using T = Technology;
    Fields<T> f("orrery/technology/1: what silicon costs and how much of it things take", Bears::price);
    f.document("orrery/technology/1");
    f.key("nodes", &T::nodes, "", "processes").required().items(1);
    f.key("yield_clustering", &T::yield_clustering, "", "alpha of the negative binomial")
        .required()
        .above(0, kAnyNumber);
    f.key("wafer_mm", &T::wafer_mm, "mm", "diameter").required().above(0, kAnyNumber);
    f.key("scribe_mm", &T::scribe_mm, "mm", "between dies").required().range(0, kAnyNumber);
    f.key("test_share", &T::test_share, "", "of silicon and package, for test")
        .required()
        .range(0, kAnyNumber);
    f.key("die_to_die_share", &T::die_to_die_share, "",
          "of a chiplet's area, on top, for the links between chiplets")
        .required()
        .range(0, 1);
    f.key("assembly_yield", &T::assembly_yield, "", "of placing one die or memory stack on an interposer")
        .required()
        .above(0, 1);
    f.group("defect_learning", &learning_table,
            "defects over the age of a process: the table's hold reference_quarters after volume start; they "
            "fall from initial_factor times the mature ones by e in quarters")
        .required();
    add_price(f, "standard_package_price", &T::standard_package_price, "USD", "without an interposer")
        .required();
    add_price(f, "interposer_package_price", &T::interposer_package_price, "USD", "with one").required();
    add_price(f, "hbm_price_per_gb", &T::hbm_price_per_gb, "USD per GB", "in the package").required();
    add_price(f, "dram_price_per_gb", &T::dram_price_per_gb, "USD per GB", "of other memory").required();
    f.key("area", &T::area, "", "how much silicon things take").required();
    return Table(f);
  }();
  return table;
}

ConfigDocument load_technology_document(const std::string& name) {
  return open_document(name, kTechnology);
}

Technology build_technology(const ConfigDocument& document) {
  return read_document<Technology>(document);
}

Technology load_technology(const std::string& name) {
  return build_technology(load_technology_document(name));
}

}  // namespace orrery
