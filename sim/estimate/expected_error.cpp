#include "sim/estimate/expected_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/operators/operator_row.h"
#include "sim/util/dtype.h"

namespace orrery {
namespace {

ExpectedError unknown(const std::string& why) {
  ExpectedError e;
  e.basis = why;
  return e;
}

void add(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ", ") + item;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// A measured group, and how unlike the result it is.
struct Likeness {
  const MeasuredError* error;
  int ring;
};

// The measured groups that a result may be like, in words by ring.
class Pool {
 public:
  explicit Pool(std::vector<std::string> rings) : rings_(std::move(rings)) {}

  void offer(const MeasuredError& error, int ring) { groups_.push_back({&error, ring}); }

  // From the nearest ring that has enough groups, or all there are; never narrower than `own`.
  ExpectedError band(double factor, const std::string& differs, const MeasuredError* own = nullptr) const {
    std::vector<double> spread;
    ExpectedError e;
    std::size_t used = 0;
    std::uint64_t rows = 0;
    double mean = 0;
    int ring = 0;
    const auto last = static_cast<int>(rings_.size()) - 1;
    for (;; ++ring) {
      for (const Likeness& group : groups_) {
        if (group.ring != ring) continue;
        spread.insert(spread.end(), group.error->spread.begin(), group.error->spread.end());
        rows += group.error->rows;
        mean += group.error->mean;
        ++used;
      }
      if (used >= kLeastGroups || ring == last) break;
    }
    if (used == 0) return unknown("nothing like it was measured: structure and data sheets only");
    std::sort(spread.begin(), spread.end());
    const auto at = static_cast<std::size_t>(kPoolQuantile * static_cast<double>(spread.size()));
    e.p90 = factor * std::max(spread[std::min(at, spread.size() - 1)], own != nullptr ? own->p90 : 0);
    e.mean = factor * std::max(mean / static_cast<double>(used), own != nullptr ? own->mean : 0);
    e.basis = fmt::format("{} measured rows of {} groups, {}; outside: {}", rows, used,
                          rings_[static_cast<std::size_t>(ring)], differs);
    return e;
  }

 private:
  std::vector<std::string> rings_;
  std::vector<Likeness> groups_;
};

ExpectedError inside(const MeasuredError& measured, const std::string& what) {
  ExpectedError e;
  e.inside = true;
  e.mean = measured.mean;
  e.p90 = measured.p90;
  e.basis = fmt::format("{} measured rows of {}", measured.rows, what);
  return e;
}

// How near a measured machine is: the same (3), its kernels of the same library (2) or vendor (1), none (0).
int kinship(const ArchSpec& arch, const std::string& measured, const AccuracyTable& table) {
  if (arch.name == measured) return 3;
  if (!arch.execution.library) return 0;
  const KernelOrigin& other = table.origin(measured);
  if (other.library.empty()) return 0;
  if (arch.execution.library->name == other.library) return 2;
  return arch.execution.library->vendor == other.vendor ? 1 : 0;
}

template <class Groups>
bool has_kin(const ArchSpec& arch, const Groups& groups, const AccuracyTable& table) {
  return std::any_of(groups.begin(), groups.end(),
                     [&](const auto& group) { return kinship(arch, group.arch, table) > 0; });
}

const char* const kForeign = "machine, and none of its vendor's was measured";

bool multiplies_narrow(const std::string& dtype) {
  const auto format = from_word<DType>(dtype);
  return format && is_narrow(*format);
}

// Operators of a family take the same path through the machine; -1: a row of several, as an MoE layer.
int family_of(const std::string& op) {
  const auto kind = from_word<OperatorKind>(op);
  return kind ? static_cast<int>(operator_row(*kind).family.index()) : -1;
}

ExpectedError kernel_time(const KernelResult& r, const ArchSpec& arch, const AccuracyTable& table) {
  Pool pool({"", "this operator and width on this machine", "this operator and width, its library's kernels",
             "this operator and width, its vendor's machines", "this operator, its vendor's machines",
             "this operator on any machine", "its family of operators, its vendor's machines",
             "its family of operators on any machine", "all operators on all machines"});
  const bool narrow = multiplies_narrow(r.dtype);
  const int family = family_of(r.op);
  const double us = r.latency_s * 1e6;
  const KernelAccuracy* own = nullptr;
  for (const KernelAccuracy& k : table.kernels) {
    const int kin = kinship(arch, k.arch, table);
    if (kin == 3 && k.op == r.op && k.dtype == r.dtype) {
      if (k.us.holds(us)) return inside(k.error, fmt::format("{} on {}", k.op, k.arch));
      own = &k;
    }
    const bool alike = k.op == r.op && multiplies_narrow(k.dtype) == narrow;
    pool.offer(k.error, alike && kin > 0            ? 4 - kin
                        : k.op == r.op              ? (kin > 0 ? 4 : 5)
                        : family_of(k.op) == family ? (kin > 0 ? 6 : 7)
                                                    : 8);
  }
  std::string differs;
  const bool foreign = !has_kin(arch, table.kernels, table);
  if (own != nullptr) {
    add(differs, fmt::format("{:.1f} us ({} to {} measured)", us, own->us.least, own->us.most));
  } else {
    const bool machine = std::any_of(table.kernels.begin(), table.kernels.end(),
                                     [&](const KernelAccuracy& k) { return k.arch == r.arch; });
    add(differs, foreign ? kForeign : machine ? "operator or number format" : "machine");
  }
  return pool.band(foreign ? kOutsideFactor : 1, differs, own != nullptr ? &own->error : nullptr);
}

void add_range(std::string& list, const char* what, const MeasuredRange& range, std::uint64_t value) {
  if (!range.holds(static_cast<double>(value)))
    add(list, fmt::format("{} {} ({} to {} measured)", what, value, range.least, range.most));
}

std::string ranges_outside(const RunResult& r, const RunAccuracy& a) {
  std::string list;
  add_range(list, "batch", a.batch, r.batch);
  add_range(list, "input", a.input, r.input);
  add_range(list, "output", a.output, r.output);
  add_range(list, "devices", a.devices, r.devices);
  return list;
}

// Kernels alone: what a run without host and launch is made of.
ExpectedError ideal_run_time(const ArchSpec& arch, const AccuracyTable& table) {
  Pool pool({"kernels on this machine", "its library's kernels", "kernels on its vendor's machines",
             "kernels on all machines"});
  for (const KernelAccuracy& k : table.kernels) pool.offer(k.error, 3 - kinship(arch, k.arch, table));
  std::string differs =
      "a whole inference without launches and host time (--runtime ideal) is a lower bound of what a "
      "software stack takes";
  const bool foreign = !has_kin(arch, table.kernels, table);
  if (foreign) add(differs, kForeign);
  return pool.band(foreign ? kOutsideFactor * kOutsideFactor : kOutsideFactor, differs);
}

ExpectedError run_time(const RunResult& r, const ArchSpec& arch, const AccuracyTable& table) {
  if (r.runtime == "ideal") return ideal_run_time(arch, table);
  Pool pool({"", "this stack on this machine", "this machine", "its vendor's machines", "all machines"});
  const RunAccuracy* nearest = nullptr;
  int least = 5;
  bool stack = false;
  bool model = false;
  for (const RunAccuracy& a : table.runs) {
    const int kin = kinship(arch, a.arch, table);
    const bool same = kin == 3 && a.runtime == r.runtime;
    stack = stack || a.runtime == r.runtime;
    model = model || contains(a.models, r.model);
    const bool format = contains(a.dtypes, r.dtype);
    if (same && contains(a.models, r.model) && format && ranges_outside(r, a).empty())
      return inside(a.error, fmt::format("{} on {}", a.runtime, a.arch));
    const int ring = same ? 1 : kin == 3 ? 2 : kin > 0 ? 3 : 4;
    pool.offer(a.error, ring);
    if (ring < least || (ring == least && contains(a.models, r.model))) nearest = &a;
    least = std::min(least, ring);
  }
  if (nearest == nullptr) return unknown("no inference was measured");
  std::string differs;
  double factor = 1;
  if (least > 2) add(differs, least == 4 ? kForeign : "machine");
  if (least == 4) factor *= kOutsideFactor;
  if (!stack) {
    add(differs, "software stack");
    factor *= kOutsideFactor;
  }
  if (!model) add(differs, "model");
  if (!contains(nearest->dtypes, r.dtype)) {
    add(differs, "number format");
    factor *= kOutsideFactor;
  }
  if (const std::string ranges = ranges_outside(r, *nearest); !ranges.empty()) {
    add(differs, ranges);
    factor *= kOutsideFactor;
  }
  if (differs.empty()) differs = "this stack with this model on this machine";
  return pool.band(factor, differs, least == 1 ? &nearest->error : nullptr);
}

bool same_stack(const std::string& preset, const std::string& stack) {
  return preset == stack || preset.rfind(stack + "-", 0) == 0;  // a version's preset
}

// Of requests' times; a load and a mixture of lengths of its own each, so none is inside.
ExpectedError serving_time(const ServingResult& r, const ArchSpec& arch, const AccuracyTable& table) {
  if (r.runtime == "ideal") return ideal_run_time(arch, table);
  Pool pool({"", "served requests of this stack on this machine", "served requests on this machine",
             "served requests on its vendor's machines", "served requests on all machines"});
  bool machine = false;
  bool stack = false;
  bool model = false;
  const MeasuredError* own = nullptr;
  for (const ServingAccuracy& a : table.serving) {
    const int kin = kinship(arch, a.arch, table);
    const bool same = kin == 3 && same_stack(r.runtime, a.runtime);
    machine = machine || kin == 3;
    stack = stack || same_stack(r.runtime, a.runtime);
    model = model || contains(a.models, r.model);
    if (same) own = &a.error;
    pool.offer(a.error, same ? 1 : kin == 3 ? 2 : kin > 0 ? 3 : 4);
  }
  const bool foreign = !has_kin(arch, table.serving, table);
  std::string differs;
  if (!machine) add(differs, foreign ? kForeign : "machine");
  if (!stack) add(differs, "software stack");
  if (!model) add(differs, "model");
  add(differs, "load");
  return pool.band((foreign ? kOutsideFactor : 1) * (stack ? 1 : kOutsideFactor), differs, own);
}

// `what`: kernel or run.
ExpectedError power(const char* what, const ArchSpec& arch, const AccuracyTable& table) {
  Pool pool({"this machine", "its library's kernels", "its vendor's machines", "all machines"});
  bool measured = false;
  for (const PowerAccuracy& p : table.power) {
    if (p.what != what) continue;
    const int kin = kinship(arch, p.arch, table);
    measured = measured || kin == 3;
    pool.offer(p.error, 3 - kin);
  }
  const bool foreign = !has_kin(arch, table.power, table);
  const char* const differs = measured ? "what is asked of it" : foreign ? kForeign : "machine";
  return pool.band(foreign ? kOutsideFactor : 1, differs);
}

// Power and time are off for different reasons.
ExpectedError of_both(const ExpectedError& time, const ExpectedError& power) {
  if (!time.p90 || !power.p90) return unknown("of time and power, one is unknown");
  ExpectedError e;
  e.p90 = std::hypot(*time.p90, *power.p90);
  e.mean = std::hypot(*time.mean, *power.mean);
  e.inside = time.inside && power.inside;
  e.basis = "time and power";
  return e;
}

ExpectedErrors of(const ExpectedError& time, const ExpectedError& power) {
  return {time, power, of_both(time, power)};
}

ExpectedErrors none(const char* why) {
  return {unknown(why), unknown(why), unknown(why)};
}

const char* const kBound = "a bound, not an estimate";

}  // namespace

ExpectedErrors expected_errors(const RunResult& r, const ArchSpec& arch, const AccuracyTable& table) {
  return r.fidelity == "roofline" ? none(kBound) : of(run_time(r, arch, table), power("run", arch, table));
}

ExpectedErrors expected_errors(const ServingResult& r, const ArchSpec& arch, const AccuracyTable& table) {
  return r.fidelity == "roofline" ? none(kBound)
                                  : of(serving_time(r, arch, table), power("run", arch, table));
}

ExpectedErrors expected_errors(const KernelResult& r, const ArchSpec& arch, const AccuracyTable& table) {
  return r.fidelity == "roofline" ? none(kBound)
                                  : of(kernel_time(r, arch, table), power("kernel", arch, table));
}

}  // namespace orrery
