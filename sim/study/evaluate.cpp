#include "sim/study/evaluate.h"

#include "sim/estimate/expected_error.h"
#include "sim/estimate/price_figures.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

template <class Result>
void expect(Result& result, const ArchSpec& arch, const AccuracyTable& accuracy) {
  const ExpectedErrors e = expected_errors(result, arch, accuracy);
  result.expected = e.time;
  result.expected_power = e.power;
  result.expected_energy = e.energy;
}

Progress told(const Progress& progress) {
  if (progress) return progress;
  return [](const char*, std::uint64_t, std::uint64_t) {};
}

}  // namespace

void complete(RunResult& result, const Posed& question, const AccuracyTable& accuracy) {
  expect(result, question.arch, accuracy);
  add_price_figures(result, question.arch, question.technology, question.prices);
}

RunResult simulated(const Posed& q, OperatorRunner& runner, const Progress& progress,
                    const StreamSource& streams) {
  return run_model(*q.llm, q.scenario, runner, q.runtime, told(progress), streams);
}

RunResult evaluate(const Posed& q, Session& session, const Progress& progress) {
  plan_batches(*q.llm, q.scenario, q.arch, q.runtime);  // before anything is elaborated
  const auto runner = session.runner(q.arch, q.timing_digest);
  RunResult result = simulated(q, *runner, progress);
  complete(result, q, session.accuracy());
  session.commit();
  return result;
}

RunResult evaluate(const Posed& q, const OperatorStream& stream, Session& session, const Progress& progress) {
  const auto runner = session.runner(q.arch, q.timing_digest);
  RunResult result = run_inference(stream, *runner, told(progress), q.runtime);
  complete(result, q, session.accuracy());
  session.commit();
  return result;
}

TrainingResult evaluate(const Posed& q, const TrainingPlan& plan, Session& session,
                        const Progress& progress) {
  const auto runner = session.runner(q.arch, q.timing_digest);
  TrainingResult result =
      run_training(*q.llm, plan, *runner, q.runtime, [&](std::uint64_t done, std::uint64_t all) {
        if (progress) progress("chunks", done, all);
      });
  session.commit();
  return result;
}

KernelResult evaluate(const Posed& q, const Operator& op, Session& session) {
  const auto runner = session.runner(q.arch, q.timing_digest);
  KernelResult result = run_kernel(op, *runner);
  expect(result, q.arch, session.accuracy());
  session.commit();
  return result;
}

}  // namespace orrery
