#include "sim/config/accuracy_table.h"

#include <filesystem>

#include "sim/config/library_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/util/data_home.h"

namespace orrery {
namespace {

using nlohmann::json;

Shape range_shape() {
  Shape whole = Shape::of(ShapeKind::integer);
  whole.least = 0;
  Shape shape = Shape::list(whole, 2);
  shape.longest = 2;
  return shape;
}

template <class T>
void add_error(Fields<T>& f) {
  f.key(
       "rows", [](T & t) -> auto& { return t.error.rows; }, "", "measurements")
      .required()
      .at_least(1);
  f.key(
       "bias", [](T & t) -> auto& { return t.error.bias; }, "", "mean of (simulated - measured) / measured")
      .required();
  f.key(
       "mean", [](T & t) -> auto& { return t.error.mean; }, "", "mean absolute error")
      .required()
      .at_least(0);
  f.key(
       "p90", [](T & t) -> auto& { return t.error.p90; }, "", "that 90 % of the rows stay below")
      .required()
      .at_least(0);
  f.key(
       "spread", [](T & t) -> auto& { return t.error.spread; }, "",
       "absolute errors: quantiles in the middles of as many equal parts")
      .required()
      .items(1);
}

template <class T>
void add_range(Fields<T>& f, const char* key, MeasuredRange T::*member, const char* unit) {
  f.other(key, range_shape(), unit, "least and most that was measured",
          [member](T& t, const json& value, const Place&) {
            t.*member = {value[0].get<std::uint64_t>(), value[1].get<std::uint64_t>()};
          })
      .required();
}

KernelOrigin origin_of(const std::string& arch) {
  const ConfigDocument document = ConfigDocument::load(find_arch(arch));
  const json::json_pointer at("/chip/execution/library");
  if (!document.root().contains(at)) return {};
  const LibrarySpec library = load_library(document.root()[at], document.where(at.to_string()));
  return {library.name, library.vendor};
}

}  // namespace

template <>
const Table& table_of<KernelAccuracy>() {
  static const Table table = [] {
    using K = KernelAccuracy;
    Fields<K> f("kernels of one machine, operator and format", Bears::none);
    f.key("arch", &K::arch, "", "machine").required();
    f.key("op", &K::op, "", "operator").required();
    f.key("dtype", &K::dtype, "", "format").required();
    add_error(f);
    add_range(f, "us", &K::us, "us");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<RunAccuracy>() {
  static const Table table = [] {
    using R = RunAccuracy;
    Fields<R> f("inferences of one machine and software stack", Bears::none);
    f.key("arch", &R::arch, "", "machine").required();
    f.key("runtime", &R::runtime, "", "software stack").required();
    add_error(f);
    add_range(f, "batch", &R::batch, "sequences");
    add_range(f, "input", &R::input, "tokens");
    add_range(f, "output", &R::output, "tokens");
    add_range(f, "devices", &R::devices, "");
    f.key("dtypes", &R::dtypes, "", "formats").required();
    f.key("models", &R::models, "", "by their published names").required();
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ServingAccuracy>() {
  static const Table table = [] {
    using S = ServingAccuracy;
    Fields<S> f("requests served by one machine and software stack", Bears::none);
    f.key("arch", &S::arch, "", "machine").required();
    f.key("runtime", &S::runtime, "", "software stack; presets of its versions begin alike").required();
    add_error(f);
    f.key("models", &S::models, "", "by their published names").required();
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PowerAccuracy>() {
  static const Table table = [] {
    using P = PowerAccuracy;
    Fields<P> f("power of one machine", Bears::none);
    f.key("arch", &P::arch, "", "machine").required();
    f.key("what", &P::what, "", "draws it").shaped(Shape::word({"kernel", "run"})).required();
    add_error(f);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<AccuracyTable>() {
  static const Table table = [] {
    using A = AccuracyTable;
    Fields<A> f("orrery/accuracy/1: how far simulations were from measurements", Bears::none);
    f.document("orrery/accuracy/1");
    f.key("kernels", &A::kernels, "", "by machine, operator and format").required();
    f.key("runs", &A::runs, "", "by machine, software stack and model").required();
    f.key("serving", &A::serving, "", "by machine and software stack");
    f.key("power", &A::power, "", "of boards, and of rails where they are measured").required();
    return Table(f);
  }();
  return table;
}

const KernelOrigin& AccuracyTable::origin(const std::string& arch) const {
  const auto found = origins_.find(arch);
  return found != origins_.end() ? found->second : origins_.emplace(arch, origin_of(arch)).first->second;
}

const std::map<std::string, KernelOrigin>& AccuracyTable::origins() const {
  for (const KernelAccuracy& k : kernels) origin(k.arch);
  for (const RunAccuracy& r : runs) origin(r.arch);
  for (const ServingAccuracy& s : serving) origin(s.arch);
  for (const PowerAccuracy& p : power) origin(p.arch);
  return origins_;
}

AccuracyTable load_accuracy() {
  const std::filesystem::path path = data_home() / "arch_configs" / "accuracy.yaml";
  if (!std::filesystem::exists(path)) return {};
  auto table = read_document<AccuracyTable>(open_document("accuracy", kAccuracy));
  // Measured rows use published names, results the library's own.
  const auto use_own_names = [](auto& groups) {
    for (auto& group : groups) {
      for (std::string& model : group.models) model = find_model_file(model).stem().string();
    }
  };
  use_own_names(table.runs);
  use_own_names(table.serving);
  return table;
}

}  // namespace orrery
