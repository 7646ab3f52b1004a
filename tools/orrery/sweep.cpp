// orrery sweep: runs a sweep; its subcommands read and mend result stores (sweep_store.cpp) and hand sweeps
// to a cluster (sweep_submit.cpp).

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "sim/study/configuration_key.h"
#include "sim/study/sweep_run.h"
#include "sim/util/nearest_name.h"
#include "tools/orrery/output.h"
#include "tools/orrery/sweep_commands.h"

namespace orrery {
namespace {

const char* const kUsage =
    "orrery sweep SWEEP [KEY=VALUE ...] [options]\n"
    "orrery sweep status|export|pareto|merge|retry|diff|submit ...   (each has its --help)\n"
    "Runs the points of a sweep (a name of 'orrery list sweeps', or a YAML file) that have no result yet. "
    "Run it\n"
    "again after an interruption: what is done stays done. KEY=VALUE changes a key for all points.";
const char* const kExamples =
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

std::string clock_time(double seconds) {
  const auto s = static_cast<std::uint64_t>(seconds);
  if (s < 60) return fmt::format("{} s", s);
  return s < 3600 ? fmt::format("{}:{:02} min", s / 60, s % 60)
                  : fmt::format("{}:{:02} h", s / 3600, s / 60 % 60);
}

// A bar with rate and what is left on a terminal; elsewhere a line now and then.
class SweepMeter {
 public:
  SweepMeter() : terminal_(isatty(STDERR_FILENO) != 0), begin_(Clock::now()), last_(begin_) {}
  ~SweepMeter() {
    if (terminal_ && shown_) std::cerr << '\n';
  }
  SweepMeter(const SweepMeter&) = delete;
  SweepMeter& operator=(const SweepMeter&) = delete;

  void show(const SweepProgress& p) {
    const double between = terminal_ ? 0.2 : 10;
    const Clock::time_point now = Clock::now();
    if (std::chrono::duration<double>(now - last_).count() < between) return;
    last_ = now;
    if (!shown_) first_done_ = p.done;
    shown_ = true;
    const double spent = std::chrono::duration<double>(now - begin_).count();
    const double rate = static_cast<double>(p.done - std::min(p.done, first_done_)) / spent;
    std::string line = fmt::format("{}: {} of {}", p.stage, p.done, p.total);
    if (p.failed > 0) line += fmt::format(", {} failed", p.failed);
    if (rate > 0)
      line += fmt::format(", {:.3g} a second, {} left", rate,
                          clock_time(static_cast<double>(p.total - p.done) / rate));
    if (!terminal_) {
      std::cerr << line << '\n';
      return;
    }
    constexpr std::size_t kBar = 30;
    const std::size_t full = p.total == 0 ? kBar : kBar * p.done / p.total;
    std::cerr << "\r[" << std::string(full, '#') << std::string(kBar - full, '.') << "] " << line << "\x1b[K"
              << std::flush;
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_, shown_ = false;
  Clock::time_point begin_, last_;
  std::uint64_t first_done_ = 0;
};

void add_run_options(po::options_description& options) {
  options.add_options()                                                                              //
      ("jobs,j", po::value<std::uint64_t>()->default_value(2)->value_name("N"), "worker processes")  //
      ("time-limit", po::value<double>()->default_value(600)->value_name("S"),
       "seconds a point may take; 0 = any")  //
      ("memory-limit", po::value<std::uint64_t>()->default_value(0)->value_name("MB"),
       "address space of a worker; 0 = any")  //
      ("no-store", "neither take kernels from the store on disk nor keep any there (orrery store)");
}

SweepOptions run_options(const po::variables_map& v) {
  SweepOptions options;
  options.limits.jobs = v["jobs"].as<std::uint64_t>();
  if (options.limits.jobs < 1) throw UsageError("--jobs must be at least 1");
  options.limits.time_limit_s = v["time-limit"].as<double>();
  options.limits.memory_limit_mb = v["memory-limit"].as<std::uint64_t>();
  options.use_store = v.count("no-store") == 0;
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

int run_command_line(const Arguments& arguments) {
  po::options_description options = store_option();
  options.add_options()("shard", po::value<std::string>()->default_value("1/1")->value_name("I/N"),
                        "only every N-th point, from the I-th");
  add_run_options(options);
  const SweepArguments a = parse_sweep(arguments, options, kUsage, kExamples);
  if (a.parsed.help) return 0;
  SweepOptions how = run_options(a.parsed.values);
  read_shard(a.parsed.values["shard"].as<std::string>(), how);
  const SweepSpec spec = a.spec();
  return run(spec, store_of(a, spec), how);
}

const char* const kRetryUsage =
    "orrery sweep retry SWEEP --db FILE [KEY=VALUE ...] [options]\n"
    "Forgets the failed, crashed, overlong and memory-hungry points of a sweep, and runs them again.";
const char* const kRetryExamples = "  orrery sweep retry my-sweep.yaml --db results.db --time-limit 3600\n";

int retry_command(const Arguments& arguments) {
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

}  // namespace

SweepArguments parse_sweep(const Arguments& arguments, po::options_description options,
                           const std::string& usage, const std::string& examples) {
  SweepArguments a;
  Arguments rest;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    const std::string key = argument.substr(0, std::min(equals, argument.find('.')));
    const bool named = argument.find('.') < equals || is_part(key);
    const bool change = equals != std::string::npos && argument.compare(0, 1, "-") != 0 && named &&
                        !std::filesystem::exists(argument);
    (change ? a.overrides : rest).push_back(argument);
  }
  options.add_options()("sweep", po::value<std::string>()->required()->value_name("SWEEP"),
                        "a name or a YAML file (may stand alone)");
  a.parsed = parse_options(rest, options, usage, examples, "sweep");
  return a;
}

int sweep_command(const Arguments& arguments) {
  struct Subcommand {
    const char* name;
    int (*run)(const Arguments&);
  };
  const std::vector<Subcommand> subcommands = {
      {"status", sweep_status_command}, {"export", sweep_export_command}, {"pareto", sweep_pareto_command},
      {"merge", sweep_merge_command},   {"retry", retry_command},         {"diff", sweep_diff_command},
      {"submit", sweep_submit_command}};
  if (!arguments.empty()) {
    for (const Subcommand& s : subcommands) {
      if (arguments[0] == s.name) return s.run(Arguments(arguments.begin() + 1, arguments.end()));
    }
  }
  return run_command_line(arguments);
}

}  // namespace orrery
