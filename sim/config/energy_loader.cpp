#include "sim/config/energy_loader.h"

#include <algorithm>

#include "sim/config/dtype_rates.h"

namespace orrery {
namespace {

struct SramPoint {
  double bank_kib = 0, pj_per_bit = 0;
};

}  // namespace

template <>
const Table& table_of<SramPoint>() {
  static const Table table = [] {
    Fields<SramPoint> f("an access of a memory of that size", Bears::energy);
    f.key("bank_kib", &SramPoint::bank_kib, "KiB", "of the accessed bank").required().above(0, 1e9);
    f.key("pj_per_bit", &SramPoint::pj_per_bit, "pJ per bit", "accessed").required().above(0, kAnyNumber);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<CoreEnergyKeys>() {
  static const Table table = [] {
    using C = CoreEnergyKeys;
    Fields<C> f("what surrounds arithmetic in a core", Bears::energy);
    f.key("pj_per_mac", &C::pj_per_mac, "pJ per MAC",
          "registers, clock and control behind an issued multiply of 16-bit operands; padding is issued too")
        .range(0, 1e4);
    f.key("pj_per_vector_op", &C::pj_per_vector_op, "pJ",
          "fetch, decode and registers behind one lane's operation")
        .range(0, 1e4);
    f.key("pj_per_moved_bit", &C::pj_per_moved_bit, "pJ per bit",
          "load and store path between the core's port and its registers")
        .range(0, 1e4);
    f.key("narrow_share", &C::narrow_share, "",
          "of a 16-bit multiply's energy what one of 8 bits takes at least, and half of it one of 4 bits, as "
          "they share the multipliers of the widest format")
        .range(0, 1);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<EnergyTable>() {
  static const Table table = [] {
    using E = EnergyTable;
    Fields<E> f("orrery/energy/1: energy per action of a technology", Bears::energy);
    f.document("orrery/energy/1");
    f.other("mac_pj", dtype_rates_shape(), "pJ per MAC", "by format",
            [](E& e, const nlohmann::json& value, const Place&) { e.mac_pj = dtype_rates(value); })
        .required();
    f.key("vector_op_pj", &E::vector_op_pj, "pJ", "a lane's simple operation")
        .required()
        .above(0, kAnyNumber);
    f.key("transcendental_op_pj", &E::transcendental_op_pj, "pJ", "exp, rsqrt, tanh, division")
        .required()
        .above(0, kAnyNumber);
    f.other("sram", Shape::list(Shape::object(&table_of<SramPoint>), 1), "",
            "accesses of memories by the size of the bank",
            [](E& e, const nlohmann::json& value, const Place& at) {
              for (const SramPoint& p : Written<std::vector<SramPoint>>::read(value, at, 1))
                e.sram_pj_per_bit.emplace_back(p.bank_kib, p.pj_per_bit);
              std::sort(e.sram_pj_per_bit.begin(), e.sram_pj_per_bit.end());
            })
        .required();
    f.key("wire_pj_per_bit_mm", &E::wire_pj_per_bit_mm, "pJ per bit and mm", "on chip")
        .required()
        .above(0, kAnyNumber);
    f.key("router_pj_per_bit", &E::router_pj_per_bit, "pJ per bit", "through one router of a network on chip")
        .range(0, kAnyNumber);
    f.key("adc_fj_per_step", &E::adc_fj_per_step, "fJ",
          "analogue to digital; a conversion of b bits takes 2^b steps")
        .range(0, kAnyNumber);
    f.key("dac_fj_per_step", &E::dac_fj_per_step, "fJ", "digital to analogue, a step").range(0, kAnyNumber);
    f.key("leakage_w_per_mm2", &E::leakage_w_per_mm2, "W per mm2",
          "of die, hot; the static power of machines that do not state theirs")
        .range(0, kAnyNumber);
    f.key("clock_w_per_mm2_ghz", &E::clock_w_per_mm2_ghz, "W per mm2 and GHz",
          "clock tree while kernels run; of machines that do not state their static power")
        .range(0, kAnyNumber);
    f.key("threaded_core", &E::threaded_core, "",
          "of machines that do not state theirs: threads on lanes, a dot_product_array");
    f.key("systolic_core", &E::systolic_core, "", "the same of those with a systolic_array");
    f.key("controller_pj_per_bit", &E::controller_pj_per_bit, "pJ per bit",
          "of DRAM beyond the device: PHY, controller, fills of the level before it; of machines that do "
          "not state theirs")
        .range(0, 1e4);
    f.key("link_pj_per_bit", &E::link_pj_per_bit, "pJ per bit",
          "between devices, both ends; of nodes that do not state theirs")
        .range(0, kAnyNumber);
    f.key("supply_efficiency", &E::supply_efficiency, "",
          "of a board's voltage regulators; of machines that do not state theirs")
        .above(0.3, 1);
    return Table(f);
  }();
  return table;
}

EnergyTable load_energy_table(const nlohmann::json& reference, const std::string& where) {
  auto table = read_document<EnergyTable>(open_document(reference, kEnergyTable, where));
  table.name = referenced_name(reference);
  return table;
}

}  // namespace orrery
