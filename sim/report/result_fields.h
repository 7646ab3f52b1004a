#pragma once
// What results are made of (schema orrery/result/1), said once: each figure with its unit, what people read
// it as, and a sentence. Everything but `run_info` is the same on every host and run.

#include <nlohmann/json.hpp>

#include "sim/describe/fields.h"
#include "sim/stats/run_result.h"

namespace orrery {

inline constexpr const char* kResultSchema = "orrery/result/1";

// What every result says first: the schema it keeps to and which kind of result it is.
template <class T>
void add_kind(Fields<T>& f, const char* kind) {
  f.figure(
       "schema", [](const T&) { return std::string(kResultSchema); }, "", "of this document")
      .shaped(Shape::word({kResultSchema}));
  f.figure(
       "kind", [kind](const T&) { return std::string(kind); }, "", "of result")
      .shaped(Shape::word({kind}));
}

template <>
struct Written<Figure> {
  static Shape shape() {
    Shape shape = Shape::of(ShapeKind::number);
    shape.least = 0;
    return shape;
  }
  static Figure read(const nlohmann::json& value, const Place& /*at*/, double scale) {
    return value.get<double>() * scale;
  }
  static nlohmann::ordered_json write(const Figure& value, double scale) { return in_key_unit(value, scale); }
};
template <>
struct Written<Joules> {
  static Shape shape() { return Written<Figure>::shape(); }
  static Joules read(const nlohmann::json& value, const Place& at, double scale) {
    return Joules(Written<Figure>::read(value, at, scale));
  }
  static nlohmann::ordered_json write(const Joules& value, double scale) {
    return Written<Figure>::write(value.value(), scale);
  }
};

template <>
const Table& table_of<EnergyBreakdown>();
template <>
const Table& table_of<TimeSplitSeconds>();
template <>
const Table& table_of<ActivityCounts>();
template <>
const Table& table_of<ActionFigure>();
template <>
const Table& table_of<SharingFigure>();
template <>
const Table& table_of<SimulatedShare>();
template <>
const Table& table_of<ExpectedError>();
template <>
const Table& table_of<RunInfo>();
template <>
const Table& table_of<OperatorShare>();
template <>
const Table& table_of<PhaseFigures>();
template <>
const Table& table_of<PowerStretch>();
template <>
const Table& table_of<MemoryFigures>();
template <>
const Table& table_of<DivisionFigures>();
template <>
const Table& table_of<PriceFigures>();
template <>
const Table& table_of<RunResult>();
template <>
const Table& table_of<KernelResult>();
template <>
const Table& table_of<RefusedResult>();

}  // namespace orrery
