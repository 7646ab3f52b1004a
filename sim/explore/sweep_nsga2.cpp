#include "sim/explore/sweep_nsga2.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/batch_evaluators/member_bfe.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>

#include "sim/explore/sweep_results.h"

namespace orrery {
namespace {

constexpr double kLoses = 1e300;

// What is shared by pagmo's copies of the problem and of the evaluator.
class Evaluation {
 public:
  Evaluation(const SweepSpec& spec, SweepPlan& plan, ResultStore& store, PointEvaluator& evaluator)
      : spec_(spec),
        plan_(plan),
        store_(store),
        evaluator_(evaluator),
        stored_(stored_form(spec)),
        judge_(stored_) {}

  const SweepSpec& spec() const { return spec_; }
  // Values at each place of a decision vector: places of a choice that have more than one.
  std::vector<std::uint32_t> extents() const {
    std::vector<std::uint32_t> several;
    for (const std::uint32_t e : plan_.extents()) {
      if (e > 1) several.push_back(e);
    }
    return several;
  }
  std::uint64_t met() const { return known_.size(); }

  // Figures of many decision vectors, end to end.
  std::vector<double> figures(const std::vector<double>& vectors) {
    const std::vector<std::uint32_t> whole = plan_.extents();
    const std::size_t places = extents().size();
    const std::size_t count = vectors.size() / places;
    std::vector<Choice> choices(count);
    std::vector<SweepPoint> fresh;
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t at = i * places;
      for (const std::uint32_t e : whole)
        choices[i].push_back(e > 1 ? static_cast<std::uint32_t>(std::lround(vectors[at++])) : 0);
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
  std::map<Choice, SweepPoint> known_;
};

struct Problem {
  Evaluation* evaluation = nullptr;
  pagmo::vector_double fitness(const pagmo::vector_double& x) const { return evaluation->figures(x); }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    pagmo::vector_double most;
    for (const std::uint32_t e : evaluation->extents()) most.push_back(e - 1.0);
    return {pagmo::vector_double(most.size(), 0), most};
  }
  // The method asks for two at least: a single objective counts twice.
  pagmo::vector_double::size_type get_nobj() const {
    return std::max<std::size_t>(2, evaluation->spec().objectives.size());
  }
  pagmo::vector_double::size_type get_nix() const { return evaluation->extents().size(); }
  pagmo::vector_double batch_fitness(const pagmo::vector_double& xs) const { return evaluation->figures(xs); }
  bool has_batch_fitness() const { return true; }
  pagmo::thread_safety get_thread_safety() const { return pagmo::thread_safety::none; }
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};

}  // namespace

void search_nsga2(const SweepSpec& spec, SweepPlan& plan, ResultStore& store, PointEvaluator& evaluator) {
  Evaluation evaluation(spec, plan, store, evaluator);
  if (evaluation.extents().empty())
    throw ConfigError(spec.file, "there is nothing to search: no axis has two values, and there is one base");
  // pagmo pairs parents by four; load_sweep saw that the budget holds one generation.
  std::uint64_t population = spec.search.population;
  if (population == 0) population = std::clamp<std::uint64_t>(spec.search.points / 10, 8, 100);
  population = population / 4 * 4;
  pagmo::problem problem{Problem{&evaluation}};
  const auto seed = static_cast<unsigned>(spec.search.seed);
  pagmo::population people(problem, pagmo::bfe{pagmo::member_bfe{}}, population, seed);
  // Generation by generation, until the budget is met or no new point turns up.
  constexpr int kIdleGenerations = 10;
  int idle = 0;
  for (unsigned generation = 1;
       evaluation.met() + population <= spec.search.points && idle < kIdleGenerations; ++generation) {
    if (evaluator.stopped()) return;
    pagmo::nsga2 method(1, 0.95, 10, 1.0 / static_cast<double>(evaluation.extents().size()), 50,
                        seed + generation);
    method.set_bfe(pagmo::bfe{pagmo::member_bfe{}});
    const std::uint64_t before = evaluation.met();
    people = pagmo::algorithm{method}.evolve(people);
    idle = evaluation.met() == before ? idle + 1 : 0;
  }
}

}  // namespace orrery
