#include "sim/study/sweep_nsga2.h"

#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "sim/study/nsga2/nsga2_module.h"
#include "sim/study/sweep_results.h"
#include "sim/study/sweep_workloads.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr double kLoses = 1e300;

// The choices of a sweep as the search sees them.
class Evaluation final : public Nsga2Problem {
 public:
  Evaluation(const SweepSpec& spec, SweepPlan& plan, ResultStore& store, PointEvaluator& evaluator)
      : spec_(spec),
        plan_(plan),
        store_(store),
        evaluator_(evaluator),
        stored_(stored_form(spec)),
        judge_(stored_) {}

  // The bases among which is searched from now on.
  void search_among(const std::vector<std::size_t>& bases) { bases_ = bases; }

  // Values at each place of a decision vector: places of a choice that have more than one.
  std::vector<std::uint32_t> extents() const override {
    std::vector<std::uint32_t> several;
    for (const std::uint32_t e : choice_extents()) {
      if (e > 1) several.push_back(e);
    }
    return several;
  }
  // The method asks for two at least: a single objective counts twice.
  std::size_t objectives() const override { return std::max<std::size_t>(2, spec_.objectives.size()); }
  std::uint64_t met() const override { return known_.size(); }
  bool stopped() const override { return evaluator_.stopped(); }

  // Figures of many decision vectors, end to end.
  std::vector<double> figures(const std::vector<double>& vectors) override {
    const std::vector<std::uint32_t> whole = choice_extents();
    const std::size_t places = extents().size();
    const std::size_t count = vectors.size() / places;
    std::vector<Choice> choices(count);
    std::vector<SweepPoint> fresh;
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t at = i * places;
      for (const std::uint32_t e : whole)
        choices[i].push_back(e > 1 ? static_cast<std::uint32_t>(std::lround(vectors[at++])) : 0);
      choices[i].front() = static_cast<std::uint32_t>(bases_[choices[i].front()]);
      choices[i] = plan_.canonical(choices[i]);
      if (known_.count(choices[i]) != 0) continue;
      std::optional<SweepPoint> p = plan_.point(known_.size(), choices[i]);
      known_.emplace(choices[i], *p);
      fresh.push_back(std::move(*p));
    }
    store_.add_points(spec_.id(), fresh);
    evaluator_.evaluate(fresh);
    std::vector<double> all;
    for (const Choice& c : choices) {
      const SweepPoint& p = known_.at(c);
      StoredPoint point{p.ordinal, p.base, p.inputs.dump(), p.address, {}};
      if (p.feasible) {
        if (const auto r = store_.result(p.address)) point.result = *r;
      }
      std::vector<double> f = judge_.figures(point);
      if (f.empty()) f.assign(judge_.objectives().size(), kLoses);
      if (f.size() == 1) f.push_back(f[0]);
      all.insert(all.end(), f.begin(), f.end());
    }
    return all;
  }

 private:
  const SweepSpec& spec_;
  SweepPlan& plan_;
  ResultStore& store_;
  PointEvaluator& evaluator_;
  const StoredSweep stored_;
  const SweepJudge judge_;
  std::vector<std::size_t> bases_;
  std::map<Choice, SweepPoint> known_;

  std::vector<std::uint32_t> choice_extents() const {
    std::vector<std::uint32_t> extents = plan_.extents();
    extents.front() = static_cast<std::uint32_t>(bases_.size());
    return extents;
  }
};

// The library lies beside the program, or where it was built. Stays loaded.
Nsga2Search* load_search() {
  constexpr const char* kFile = "liborrery_nsga2.so";
  std::error_code none;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", none);
  std::string why;
  for (const std::filesystem::path& folder :
       {program.parent_path(), std::filesystem::path(ORRERY_BINARY_DIR)}) {
    void* const library = dlopen((folder / kFile).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      if (why.empty() || std::filesystem::exists(folder / kFile, none)) why = dlerror();
      continue;
    }
    if (void* const search = dlsym(library, "orrery_nsga2_search"))
      return reinterpret_cast<Nsga2Search*>(search);
    why = dlerror();
  }
  throw ConfigError("", "search method nsga2 needs " + std::string(kFile) + " beside the program: " + why);
}

}  // namespace

void search_nsga2(const SweepSpec& spec, SweepPlan& plan, ResultStore& store, PointEvaluator& evaluator) {
  Evaluation evaluation(spec, plan, store, evaluator);
  // Each workload has a front of its own, and an equal part of the budget.
  const std::vector<std::vector<std::size_t>> workloads = bases_by_workload(spec.bases);
  const std::uint64_t budget = spec.search.points / workloads.size();
  // pagmo pairs parents by four; load_sweep saw that the budget holds one generation.
  std::uint64_t population = spec.search.population;
  if (population == 0) population = std::clamp<std::uint64_t>(budget / 10, 8, 100);
  population = population / 4 * 4;
  std::uint64_t spent = 0;
  for (const std::vector<std::size_t>& bases : workloads) {
    evaluation.search_among(bases);
    if (evaluation.extents().empty())
      throw ConfigError(
          spec.file, "there is nothing to search: no axis has two values, and there is one base a workload");
    spent += budget;
    load_search()(evaluation, {population, spent, static_cast<unsigned>(spec.search.seed)});
  }
}

}  // namespace orrery
