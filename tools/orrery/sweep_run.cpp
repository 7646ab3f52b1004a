// orrery sweep SWEEP and orrery sweep retry: run the points that have no result.

#include <fmt/format.h>

#include <csignal>
#include <iostream>

#include "sim/study/sweep_run.h"
#include "tools/orrery/question_options.h"
#include "tools/orrery/sweep_commands.h"
#include "tools/orrery/sweep_meter.h"

namespace orrery {
namespace {

const char* const kSweepRunUsage =
    "orrery sweep SWEEP [KEY=VALUE ...] [options]\n"
    "orrery sweep status|export|pareto|merge|retry|diff|submit ...   (each has its --help)\n"
    "Runs the points of a sweep (a name of 'orrery list sweeps', or a YAML file) that have no result yet. "
    "Run it\n"
    "again after an interruption: what is done stays done. KEY=VALUE changes a key for all points.";
const char* const kSweepRunExamples =
    "  orrery sweep hbm-against-batch --jobs 2\n"
    "  orrery sweep my-sweep.yaml arch.dram.channels=8 scenario.batch=4 --db results.db\n"
    "  orrery sweep my-sweep.yaml --shard 3/16 --db part-3.db   # any scheduler; then: orrery sweep merge\n"
    "  orrery sweep status results.db\n"
    "  orrery sweep export results.db --csv > results.csv\n"
    "  orrery sweep pareto results.db\n"
    "  orrery sweep diff results.db 0 17\n";
constexpr int kInterrupted = 130;

std::atomic<bool> interrupted{false};
void interrupt(int) {
  interrupted = true;
}

// "3/16" -> shard 2 of 16.
void read_shard(const std::string& text, SweepOptions& options) {
  unsigned shard = 0;
  unsigned shards = 0;
  char end = 0;
  if (std::sscanf(text.c_str(), "%u/%u%c", &shard, &shards, &end) != 2 || shard < 1 || shard > shards)
    throw UsageError("--shard '" + text + "': expected I/N with I from 1 to N");
  options.shard = shard - 1;
  options.shards = shards;
}

void add_run_options(po::options_description& options) {
  add_jobs(options, "worker processes");
  options.add_options()  //
      ("time-limit", po::value<double>()->default_value(600)->value_name("S"),
       "seconds a point may take; 0 = any")  //
      ("memory-limit", po::value<std::uint64_t>()->default_value(0)->value_name("MB"),
       "address space of a worker; 0 = any");
  add_store(options);
}

SweepOptions run_options(const po::variables_map& v) {
  SweepOptions options;
  options.limits.jobs = jobs_from(v);
  options.limits.time_limit_s = v["time-limit"].as<double>();
  options.limits.memory_limit_mb = v["memory-limit"].as<std::uint64_t>();
  options.use_store = uses_store(v);
  return options;
}

int run(const SweepSpec& spec, const std::string& path, const SweepOptions& options) {
  struct sigaction action {};
  action.sa_handler = interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // All that is wrong with a sweep is said before its store is touched.
  SweepPlan plan(spec);
  const std::vector<SweepPoint> points = plan.points();
  ResultStore store(path, ResultStore::Access::write);
  SweepSummary s;
  {
    SweepMeter meter;
    s = run_sweep(
        spec, plan, points, store, options, [&](const SweepProgress& p) { meter.show(p); }, interrupted);
  }
  std::cout << fmt::format("{}: {} points; {} run now, {} known before", spec.name, s.points, s.run,
                           s.reused);
  if (s.infeasible > 0) std::cout << fmt::format(", {} outside the inputs' constraints", s.infeasible);
  if (s.pruned > 0) std::cout << fmt::format(", {} pruned by roofline", s.pruned);
  const std::uint64_t failed = store.failures(spec.id());
  if (failed > 0) std::cout << fmt::format(", {} FAILED (orrery sweep status {} says why)", failed, path);
  std::cout << fmt::format("; results in {}\n", path);
  if (s.stopped) {
    std::cout << "stopped before the end; the same command goes on from here\n";
    return kInterrupted;
  }
  return failed > 0 ? 1 : 0;
}

po::options_description store_option() {
  po::options_description options("Options");
  options.add_options()("db", po::value<std::string>()->value_name("FILE"),
                        "result store (default: NAME.db here)");
  return options;
}

std::string store_of(const SweepArguments& a, const SweepSpec& spec) {
  return a.parsed.values.count("db") != 0 ? a.parsed.values["db"].as<std::string>() : spec.name + ".db";
}

const char* const kRetryUsage =
    "orrery sweep retry SWEEP --db FILE [KEY=VALUE ...] [options]\n"
    "Forgets the failed, crashed, overlong and memory-hungry points of a sweep, and runs them again.";
const char* const kRetryExamples = "  orrery sweep retry my-sweep.yaml --db results.db --time-limit 3600\n";

}  // namespace

int sweep_run_command(const Arguments& arguments) {
  po::options_description options = store_option();
  options.add_options()("shard", po::value<std::string>()->default_value("1/1")->value_name("I/N"),
                        "only every N-th point, from the I-th");
  add_run_options(options);
  const SweepArguments a = parse_sweep(arguments, options, kSweepRunUsage, kSweepRunExamples);
  if (a.parsed.help) return 0;
  SweepOptions how = run_options(a.parsed.values);
  read_shard(a.parsed.values["shard"].as<std::string>(), how);
  const SweepSpec spec = a.spec();
  return run(spec, store_of(a, spec), how);
}

int sweep_retry_command(const Arguments& arguments) {
  po::options_description options = store_option();
  add_run_options(options);
  const SweepArguments a = parse_sweep(arguments, options, kRetryUsage, kRetryExamples);
  if (a.parsed.help) return 0;
  const SweepOptions how = run_options(a.parsed.values);
  const SweepSpec spec = a.spec();
  const std::string path = store_of(a, spec);
  std::uint64_t forgotten = 0;
  {
    ResultStore store(path, ResultStore::Access::write);
    forgotten = store.forget_failures(store.sweep(spec.id()).id);
    store.commit();
  }
  std::cout << fmt::format("{} points to run again\n", forgotten);
  return run(spec, path, how);
}

}  // namespace orrery
