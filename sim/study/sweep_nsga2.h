#pragma once
// Multi-objective evolutionary search over the choices of a sweep: NSGA-II (Deb et al., IEEE TEC 2002) of
// pagmo2, a generation evaluated at a time. Infeasible and failed points are given figures that lose.

#include "sim/study/point_evaluator.h"

namespace orrery {

// Evaluates up to spec.search.points points; their ordinals count in the order they are met.
void search_nsga2(const SweepSpec& spec, SweepPlan& plan, ResultStore& store, PointEvaluator& evaluator);

}  // namespace orrery
