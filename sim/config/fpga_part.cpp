#include "sim/config/fpga_part.h"

namespace orrery {

template <>
const Table& table_of<FpgaPart>() {
  static const Table table = [] {
    using P = FpgaPart;
    constexpr double kMost = 1e9;
    Fields<P> f("orrery/part/1: an FPGA as it is bought", Bears::timing);
    f.document("orrery/part/1");
    f.key("luts", &P::luts, "LUTs", "of six inputs").required().above(0, kMost);
    f.key("flip_flops", &P::flip_flops, "", "beside them").required().above(0, kMost);
    f.key("dsps", &P::dsps, "DSPs", "multipliers with an adder behind").required().range(0, kMost);
    f.key("block_rams", &P::block_rams, "blocks", "of 36 Kb").required().range(0, kMost);
    f.key("ultra_rams", &P::ultra_rams, "blocks", "of 288 Kb").range(0, kMost);
    f.key("empty_clock_ghz", &P::empty_clock_hz, "GHz", "that designs reach which take little of it")
        .required()
        .above(0, 10)
        .times(1e9);
    f.key("full_clock_ghz", &P::full_clock_hz, "GHz", "that designs reach which take all of it")
        .required()
        .above(0, 10)
        .times(1e9);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<FpgaKeys>() {
  static const Table table = [] {
    using D = FpgaKeys;
    Fields<D> f("the part that the design lies on, and what it takes of it");
    f.key("part", &D::part_reference, "", "of arch_configs/parts")
        .shaped(Shape::reference(kFpgaPart))
        .required();
    f.key("dsps_per_mac", &D::dsps_per_mac, "DSPs",
          "a multiplication and addition of the matrix engine at its base rate: "
          "1 of 16-bit integers, a half of 8-bit ones, 2 to 3 of fp16")
        .range(0, 64);
    f.key("luts_per_mac", &D::luts_per_mac, "LUTs", "beside them").range(0, 1e5);
    f.key("dsps_per_lane", &D::dsps_per_lane, "DSPs", "of the vector unit").range(0, 64);
    f.key("luts_per_lane", &D::luts_per_lane, "LUTs", "of the vector unit").range(0, 1e6);
    f.key("dsps_per_transcendental", &D::dsps_per_transcendental, "DSPs",
          "an exponential or the like a cycle")
        .range(0, 64);
    f.key("logic_multipliers", &D::logic_multipliers, "", "of the matrix engine, made of LUTs instead")
        .range(0, 1e9);
    f.key("base_luts", &D::base_luts, "LUTs", "of memory controllers, host interface and shell")
        .range(0, 1e8);
    f.key("estimate_clock", &D::estimate_clock, "",
          "the clock is at most what a design so full reaches: between the part's clocks, by what it takes "
          "most of");
    return Table(f);
  }();
  return table;
}

FpgaDesign fpga_design(const FpgaKeys& keys, const std::string& where) {
  FpgaDesign design = keys;
  design.part = read_document<FpgaPart>(open_document(keys.part_reference, kFpgaPart, where));
  design.part.name = referenced_name(keys.part_reference);
  return design;
}

}  // namespace orrery
