// orrery sweep submit: a sweep as a job array of a cluster. Each task runs one shard into a store of its own,
// so that a task that is killed or requeued goes on where it was; a last job merges them.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "sim/study/sweep_plan.h"
#include "sim/util/errors.h"
#include "tools/orrery/sweep_commands.h"

namespace orrery {
namespace {

const char* const kSweepSubmitUsage =
    "orrery sweep submit SWEEP --slurm [KEY=VALUE ...] [options]\n"
    "Writes the scripts of a Slurm job array that runs the sweep in shards, and of a job that merges them, "
    "and\n"
    "submits both. The merged store is DIR/merged.db. Submitting again runs what is not there yet.";
const char* const kSweepSubmitExamples =
    "  orrery sweep submit my-sweep.yaml --slurm --tasks 64 --at-once 16 --dir run1\n"
    "  orrery sweep submit my-sweep.yaml --slurm --tasks 64 --sbatch '--partition=long --time=2:00:00' "
    "--dry-run\n";
constexpr std::uint64_t kArrayWithoutAnswer = 1000;  // Slurm's default MaxArraySize is 1001

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// What a command prints; throws when it fails.
std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw SimulationError("submit", "cannot run " + command);
  std::string out;
  std::array<char, 4096> buffer{};
  while (fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) out += buffer.data();
  const int status = pclose(pipe);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw SimulationError("submit", command + ": " + out);
  return out;
}

void write_script(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) throw ConfigError(path.string(), "cannot write this file");
  std::filesystem::permissions(path, std::filesystem::perms::owner_exec, std::filesystem::perm_options::add);
}

// Tasks an array may have.
std::uint64_t largest_array() {
  const std::string config = output_of("scontrol show config");
  const std::size_t at = config.find("MaxArraySize");
  if (at == std::string::npos) return kArrayWithoutAnswer;
  const std::size_t equals = config.find('=', at);
  return std::max(2UL, std::stoul(config.substr(equals + 1))) - 1;  // indices stay below it
}

std::string own_binary() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

}  // namespace

int sweep_submit_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                    //
      ("slurm", "by Slurm's sbatch")                                                       //
      ("tasks", po::value<std::uint64_t>()->default_value(16)->value_name("N"), "shards")  //
      ("at-once", po::value<std::uint64_t>()->default_value(0)->value_name("N"),
       "tasks that run at a time; 0 = any")  //
      ("jobs,j", po::value<std::int64_t>()->default_value(1)->value_name("N"),
       "worker processes, and CPUs, a task")  //
      ("time-limit", po::value<double>()->default_value(600)->value_name("S"),
       "seconds a point may take; 0 = any")  //
      ("dir", po::value<std::string>()->value_name("DIR"),
       "scripts, logs and stores (default: NAME.slurm here)")  //
      ("sbatch", po::value<std::string>()->default_value("")->value_name("OPTIONS"),
       "more options of sbatch")  //
      ("dry-run", "write the scripts, and say what would be submitted");
  const SweepArguments a = parse_sweep(arguments, options, kSweepSubmitUsage, kSweepSubmitExamples);
  if (a.parsed.help) return 0;
  const po::variables_map& v = a.parsed.values;
  if (v.count("slurm") == 0)
    throw UsageError(
        "which cluster? --slurm; for any other scheduler run shards: orrery sweep SWEEP --shard I/N");
  const auto tasks = v["tasks"].as<std::uint64_t>();
  if (tasks < 1) throw UsageError("--tasks must be at least 1");
  const SweepSpec spec = a.spec();
  if (spec.search.method == SearchMethod::nsga2)
    throw ConfigError(spec.file, "nsga2 goes from generation to generation: it has no shards");
  SweepPlan(spec).points();  // or refused before anything is submitted
  const std::filesystem::path dir =
      std::filesystem::absolute(v.count("dir") != 0 ? v["dir"].as<std::string>() : spec.name + ".slurm");
  std::filesystem::create_directories(dir);
  std::string sweep =
      quoted(own_binary()) + " sweep " + quoted(std::filesystem::absolute(spec.file).string());
  for (const std::string& o : a.overrides) sweep += " " + quoted(o);
  const std::size_t jobs = jobs_from(v);
  write_script(
      dir / "task.sh",
      fmt::format("#!/bin/bash\n"
                  "# One shard; run again, it goes on where it was.\n"
                  "shard=$((ORRERY_FIRST_SHARD + SLURM_ARRAY_TASK_ID))\n"
                  "exec {} --shard \"$shard/{}\" --db {}/part-\"$shard\".db --jobs {} --time-limit {}\n",
                  sweep, tasks, quoted(dir.string()), jobs, v["time-limit"].as<double>()));
  write_script(dir / "merge.sh",
               fmt::format("#!/bin/bash\nexec {} sweep merge {}/merged.db {}/part-*.db\n",
                           quoted(own_binary()), quoted(dir.string()), quoted(dir.string())));
  const bool dry = v.count("dry-run") != 0;
  const std::uint64_t most = dry ? kArrayWithoutAnswer : largest_array();
  const std::string more = v["sbatch"].as<std::string>();
  std::string dependency;
  std::vector<std::string> commands;
  for (std::uint64_t first = 0; first < tasks; first += most) {
    const std::uint64_t count = std::min(most, tasks - first);
    std::string array = fmt::format("0-{}", count - 1);
    if (v["at-once"].as<std::uint64_t>() > 0) array += fmt::format("%{}", v["at-once"].as<std::uint64_t>());
    const std::string command = fmt::format(
        "sbatch --parsable --requeue --open-mode=append --job-name={} --array={} --cpus-per-task={} "
        "--output={} "
        "--export=ALL,ORRERY_FIRST_SHARD={} {} {}",
        quoted(spec.name), array, jobs, quoted((dir / "task-%A-%a.log").string()), first + 1, more,
        quoted((dir / "task.sh").string()));
    commands.push_back(command);
    dependency += ":" + (dry ? "JOB" : output_of(command));
  }
  const std::string merge =
      fmt::format("sbatch --parsable --job-name={} --dependency=afterany{} --output={} {} {}",
                  quoted(spec.name + "-merge"), dependency, quoted((dir / "merge.log").string()), more,
                  quoted((dir / "merge.sh").string()));
  if (dry) {
    for (const std::string& command : commands) std::cout << command << '\n';
    std::cout << merge << '\n';
    return 0;
  }
  const std::string last = output_of(merge);
  std::cout << fmt::format("{} tasks in {} array{}; job {} merges them into {}\n", tasks, commands.size(),
                           commands.size() == 1 ? "" : "s", last, (dir / "merged.db").string());
  return 0;
}

}  // namespace orrery
