#include "sim/study/nsga2/nsga2_module.h"

#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/batch_evaluators/member_bfe.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>

namespace {

// pagmo copies its problems; the search's own is shared by all copies.
struct Problem {
  orrery::Nsga2Problem* search = nullptr;
  pagmo::vector_double fitness(const pagmo::vector_double& x) const { return search->figures(x); }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    pagmo::vector_double most;
    for (const std::uint32_t e : search->extents()) most.push_back(e - 1.0);
    return {pagmo::vector_double(most.size(), 0), most};
  }
  pagmo::vector_double::size_type get_nobj() const { return search->objectives(); }
  pagmo::vector_double::size_type get_nix() const { return search->extents().size(); }
  pagmo::vector_double batch_fitness(const pagmo::vector_double& xs) const { return search->figures(xs); }
  bool has_batch_fitness() const { return true; }
  pagmo::thread_safety get_thread_safety() const { return pagmo::thread_safety::none; }
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};

}  // namespace

// Generation by generation, until the budget is met or no new point turns up.
void orrery_nsga2_search(orrery::Nsga2Problem& search, const orrery::Nsga2Settings& settings) {
  constexpr int kIdleGenerations = 10;
  pagmo::problem problem{Problem{&search}};
  pagmo::population people(problem, pagmo::bfe{pagmo::member_bfe{}}, settings.population, settings.seed);
  const double mutation = 1.0 / static_cast<double>(search.extents().size());
  int idle = 0;
  for (unsigned generation = 1;
       search.met() + settings.population <= settings.points && idle < kIdleGenerations; ++generation) {
    if (search.stopped()) return;
    pagmo::nsga2 method(1, 0.95, 10, mutation, 50, settings.seed + generation);
    method.set_bfe(pagmo::bfe{pagmo::member_bfe{}});
    const std::uint64_t before = search.met();
    people = pagmo::algorithm{method}.evolve(people);
    idle = search.met() == before ? idle + 1 : 0;
  }
}
