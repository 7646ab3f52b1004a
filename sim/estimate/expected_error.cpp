#include "sim/estimate/expected_error.h"

#include <fmt/format.h>

#include <algorithm>

namespace orrery {
namespace {

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

ExpectedError unknown(const std::string& why) {
  ExpectedError e;
  e.basis = why;
  return e;
}

ExpectedError from(const MeasuredError& measured, const std::string& what, const std::string& differs) {
  ExpectedError e;
  e.inside = differs.empty();
  const double factor = e.inside ? 1 : kOutsideFactor;
  e.mean = measured.mean * factor;
  e.p90 = measured.p90 * factor;
  e.basis = fmt::format("{} measured rows of {}", measured.rows, what);
  if (!e.inside) e.basis += "; outside: " + differs;
  return e;
}

void add(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ", ") + item;
}

void add_range(std::string& list, const char* what, const MeasuredRange& range, std::uint64_t value) {
  if (!range.holds(static_cast<double>(value)))
    add(list, fmt::format("{} {} ({} to {} measured)", what, value, range.least, range.most));
}

std::string differences(const RunResult& r, const RunAccuracy& a) {
  std::string list;
  if (a.arch != r.arch) add(list, "machine");
  if (a.runtime != r.runtime) add(list, "software stack");
  if (!contains(a.models, r.model)) add(list, "model");
  if (!contains(a.dtypes, r.dtype)) add(list, "number format");
  add_range(list, "batch", a.batch, r.batch);
  add_range(list, "input", a.input, r.input);
  add_range(list, "output", a.output, r.output);
  add_range(list, "devices", a.devices, r.devices);
  return list;
}

// Kernels alone: what a run without host and launch is made of.
ExpectedError from_kernels(const RunResult& r, const AccuracyTable& table) {
  MeasuredError sum;
  for (const KernelAccuracy& k : table.kernels) {
    if (k.arch != r.arch) continue;
    const auto rows = static_cast<double>(k.error.rows);
    sum.rows += k.error.rows;
    sum.mean += rows * k.error.mean;
    sum.p90 += rows * k.error.p90;
  }
  if (sum.rows == 0) return {};
  sum.mean /= static_cast<double>(sum.rows);
  sum.p90 /= static_cast<double>(sum.rows);
  return from(sum, "single kernels on " + r.arch,
              "a whole inference without launches and host time (--runtime ideal) is a lower bound of what a "
              "software stack takes");
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

const char* const kNothing =
    "no measurement of this machine or of one with kernels of the same vendor: structure and data sheets "
    "only";

}  // namespace

ExpectedError expected_error(const RunResult& r, const ArchSpec& arch, const AccuracyTable& table) {
  if (r.fidelity == "roofline") return unknown("a bound, not an estimate");
  if (r.runtime == "ideal") {
    const ExpectedError kernels = from_kernels(r, table);
    if (kernels.p90) return kernels;
  }
  const RunAccuracy* best = nullptr;
  int nearest = 0;
  for (const RunAccuracy& a : table.runs) {
    if (a.runtime != r.runtime && r.runtime != "ideal") continue;
    const int near = kinship(arch, a.arch, table);
    if (near > nearest) best = &a;
    nearest = std::max(nearest, near);
  }
  if (best == nullptr) return unknown(kNothing);
  return from(best->error, fmt::format("{} on {}", best->runtime, best->arch), differences(r, *best));
}

ExpectedError expected_error(const KernelResult& r, const ArchSpec& arch, const AccuracyTable& table) {
  if (r.fidelity == "roofline") return unknown("a bound, not an estimate");
  const KernelAccuracy* best = nullptr;
  int nearest = 0;
  bool measured = false;
  for (const KernelAccuracy& k : table.kernels) {
    if (k.op != r.op) continue;
    measured = true;
    const int kin = kinship(arch, k.arch, table);
    if (kin == 0) continue;
    const int near = 4 * kin + 2 * (k.dtype == r.dtype) + k.us.holds(r.latency_s * 1e6);
    if (near > nearest) best = &k;
    nearest = std::max(nearest, near);
  }
  if (!measured) return unknown("no measurement of this operator");
  if (best == nullptr) return unknown(kNothing);
  std::string differs;
  if (best->arch != r.arch) add(differs, "machine");
  if (best->dtype != r.dtype) add(differs, "number format");
  if (!best->us.holds(r.latency_s * 1e6))
    add(differs,
        fmt::format("{:.1f} us ({} to {} measured)", r.latency_s * 1e6, best->us.least, best->us.most));
  return from(best->error, fmt::format("{} on {}", best->op, best->arch), differs);
}

}  // namespace orrery
