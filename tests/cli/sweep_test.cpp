// orrery sweep end to end: the same bytes whatever the jobs, shards and interruptions; each bad input refused
// with one message.

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "sim/util/random.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

using nlohmann::json;

const char* const kSweep = R"yaml(schema: orrery/sweep/1
name: small
of:
  arch: [asic/edge-npu, asic/tpu-v5e]
  llm: gpt2
  scenario: {input: 32, output: 4}
axes:
  - {key: scenario.batch, range: {from: 1, to: 8, scale: powers_of_two}}
  - {key: arch.dram.channels, values: [1, 2]}
  - zip:
      - {key: arch.scratchpad.size_kib, values: [512, 1024]}
      - {key: arch.clock_ghz, values: [0.9, 1.0]}
    when: scenario.batch >= 4
derived:
  - {key: scenario.output, value: "max(2, scenario.batch / 2)"
}
constraints:
  outputs: ["latency_s < 1e6"]
objectives:
  - {minimise: latency_s}
  - {minimise: energy_per_token_j}
fidelity: roofline
)yaml";

std::string folder() {
  static const std::string made = [] {
    std::string name = (std::filesystem::temp_directory_path() / "orrery-sweep-XXXXXX").string();
    return std::string(mkdtemp(name.data()));
  }();
  return made;
}
struct Cleanup : ::testing::Environment {
  void TearDown() override { std::filesystem::remove_all(folder()); }
};
const auto* const kCleanup = ::testing::AddGlobalTestEnvironment(new Cleanup);

std::string sweep_file(const std::string& from = "", const std::string& to = "") {
  std::string text = kSweep;
  if (!from.empty()) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  }
  return temporary_file("sweep.yaml", text);
}
std::string store(const std::string& name) {
  return folder() + "/" + name;
}
CommandResult run(const std::string& arguments) {
  return orrery_command("sweep " + arguments);
}
std::string exported(const std::string& db, const std::string& how = "--csv") {
  const CommandResult r = run("export " + db + " " + how);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return r.out;
}
void refused(const std::string& arguments, const std::vector<std::string>& words) {
  const CommandResult r = run(arguments);
  EXPECT_EQ(r.exit_code, 2) << r.out << r.err;
  for (const std::string& word : words)
    EXPECT_NE(r.err.find(word), std::string::npos) << word << " in: " << r.err;
  EXPECT_LE(std::count(r.err.begin(), r.err.end(), '\n'), 2) << r.err;
}

TEST(Sweep, PointsFollowAxesConditionsAndDerivedValues) {
  const std::string file = sweep_file();
  ASSERT_EQ(run(file + " --db " + store("plan.db")).exit_code, 0);
  const json points = json::parse(exported(store("plan.db"), "--json --configuration"));
  // Two machines, batches 1 and 2 with two channels each, 4 and 8 with two pairs of scratchpad and clock too.
  ASSERT_EQ(points.size(), 2U * (2 * 2 + 2 * 2 * 2));
  EXPECT_EQ(points[0]["inputs"],
            json({{"scenario.batch", 1}, {"arch.dram.channels", 1}, {"scenario.output", 2}}));
  const json& last = points.back();
  EXPECT_EQ(last["inputs"]["arch.clock_ghz"], 1.0);
  EXPECT_EQ(last["inputs"]["arch.scratchpad.size_kib"], 1024);
  EXPECT_EQ(last["inputs"]["scenario.output"], 4);
  EXPECT_EQ(last["base"], "asic/tpu-v5e, gpt2");
  EXPECT_EQ(last["configuration"]["arch"]["chip"]["clock_ghz"], 1.0);
  EXPECT_EQ(last["configuration"]["arch"]["chip"]["cores"]["scratchpad"]["size_kib"], 1024);
  // It holds what the machine names, not the names.
  EXPECT_TRUE(last["configuration"]["arch"]["chip"]["energy_table"].is_object());
  // The result is what `run` gives for that machine.
  const CommandResult one = orrery_command(
      "run --arch asic/tpu-v5e --model gpt2 --input 32 --output 2 --batch 1 --fidelity roofline --format "
      "json");
  const json same = json::parse(one.out);
  const json& swept = points[12]["result"];
  EXPECT_EQ(points[12]["inputs"]["arch.dram.channels"], 1);
  const json override_all = json::parse(one.out);
  ASSERT_EQ(run(file + " arch.dram.channels=16 --db " + store("override.db")).exit_code, 0);
  EXPECT_EQ(swept["kind"], same["kind"]);
  EXPECT_EQ(swept["counts"], override_all["counts"]);  // channels change time, not work
}

TEST(Sweep, SameBytesForAnyJobsAndShards) {
  const std::string file = sweep_file("fidelity: roofline", "fidelity: tile");
  ASSERT_EQ(run(file + " --jobs 1 --db " + store("one.db")).exit_code, 0);
  const std::string csv = exported(store("one.db"));
  const std::string whole = exported(store("one.db"), "--json");
  ASSERT_EQ(run(file + " --jobs 3 --db " + store("three.db")).exit_code, 0);
  EXPECT_EQ(exported(store("three.db")), csv);
  EXPECT_EQ(exported(store("three.db"), "--json"), whole);
  std::string parts;
  for (int i = 1; i <= 3; ++i) {
    const std::string part = store(fmt::format("part-{}.db", i));
    ASSERT_EQ(run(fmt::format("{} --shard {}/3 --db {}", file, i, part)).exit_code, 0);
    parts += " " + part;
  }
  ASSERT_EQ(run("merge " + store("merged.db") + parts).exit_code, 0);
  EXPECT_EQ(exported(store("merged.db"), "--json"), whole);
  // Nothing runs twice, and another sweep over the same points runs none.
  EXPECT_NE(run(file + " --db " + store("one.db")).out.find("0 run now, 24 known before"), std::string::npos);
  const CommandResult other = run(
      temporary_file("other.yaml", std::string(kSweep)
                                       .replace(std::string(kSweep).find("roofline"), 8, "tile")
                                       .replace(std::string(kSweep).find("name: small"), 11, "name: other")) +
      " --db " + store("one.db"));
  EXPECT_NE(other.out.find("0 run now, 24 known before"), std::string::npos) << other.out;
}

pid_t spawn(const std::vector<std::string>& arguments) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, 1);
  dup2(nowhere, 2);
  std::vector<char*> argv = {const_cast<char*>(ORRERY_BINARY)};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", parent));
  for (pid_t pid = 0; list >> pid;) found.push_back(pid);
  return found;
}

// kill -9 of the parent, or of one of its workers, at twenty instants; then the same command again.
TEST(Sweep, SurvivesKillAtTwentyInstants) {
  const std::string file = sweep_file("fidelity: roofline", "fidelity: tile");
  const std::string undisturbed = store("undisturbed.db");
  ASSERT_EQ(run(file + " --jobs 2 --db " + undisturbed).exit_code, 0);
  const std::string expected = exported(undisturbed, "--json");
  RandomStream random(20);
  int struck = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string db = store(fmt::format("killed-{}.db", i));
    const pid_t pid = spawn({"sweep", file, "--jobs", "2", "--db", db});
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random.below(900)));
    pid_t victim = pid;
    if (i % 2 == 1) {
      const std::vector<pid_t> workers = children_of(pid);
      if (!workers.empty()) victim = workers[random.below(workers.size())];
    }
    struck += kill(victim, SIGKILL) == 0 ? 1 : 0;
    int status = 0;
    waitpid(pid, &status, 0);
    const CommandResult again = run(file + " --jobs 2 --db " + db);
    ASSERT_EQ(again.exit_code, 0) << again.out << again.err;
    ASSERT_EQ(exported(db, "--json"), expected) << "kill " << i;
  }
  EXPECT_GE(struck, 10);
}

// Ctrl-C keeps what is done and says how to go on; the same command does.
TEST(Sweep, StopsCleanlyAtCtrlC) {
  const std::string file = sweep_file("fidelity: roofline", "fidelity: tile");
  const std::string db = store("stopped.db");
  const pid_t pid = spawn({"sweep", file, "--jobs", "1", "--db", db});
  // At work: its store is there.
  for (int i = 0; i < 600 && !std::filesystem::exists(db); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kill(pid, SIGINT);
  int status = 0;
  waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_TRUE(WEXITSTATUS(status) == 130 || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
  EXPECT_TRUE(children_of(pid).empty());
  const CommandResult rest = run(file + " --db " + db);
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(run("status " + db).out.find("pending"), std::string::npos);
  const json points = json::parse(exported(db, "--json"));
  EXPECT_EQ(points.size(), 24U);
}

TEST(Sweep, LimitsCostOnePointAndRetryRunsItAgain) {
  const std::string file = temporary_file("slow.yaml", R"yaml(schema: orrery/sweep/1
name: slow
of: {arch: asic/edge-npu, llm: [gpt2, llama-3.1-405b], scenario: {input: 512, output: 64}}
axes: [{key: scenario.batch, values: [1, 2]}]
)yaml");
  const CommandResult r = run(file + " --db " + store("slow.db") + " --time-limit 0.001");
  EXPECT_EQ(r.exit_code, 1);
  const CommandResult status = run("status " + store("slow.db"));
  EXPECT_NE(status.out.find("timed_out"), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("took longer than 0.001 s"), std::string::npos);
  // The large model does not fit: a failure with its reason, not a lost sweep.
  const CommandResult again = run("retry " + file + " --db " + store("slow.db"));
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_NE(run("status " + store("slow.db")).out.find("2 done, 2 failed"), std::string::npos)
      << run("status " + store("slow.db")).out;
  const CommandResult starved = run(file + " --db " + store("starved.db") + " --memory-limit 40");
  EXPECT_EQ(starved.exit_code, 1);
#ifdef __SANITIZE_ADDRESS__
  const char* const starved_end = "crashed";  // the sanitizer's own memory does not fit: it ends the worker
#else
  const char* const starved_end = "out_of_memory";
#endif
  EXPECT_NE(run("status " + store("starved.db")).out.find(starved_end), std::string::npos)
      << run("status " + store("starved.db")).out;
}

TEST(Sweep, ParetoMeetsConstraintsAndDiffAddsUp) {
  const std::string file = sweep_file();
  const std::string db = store("pareto.db");
  ASSERT_EQ(run(file + " --db " + db).exit_code, 0);
  const json front = json::parse(run("pareto " + db + " --format json").out);
  ASSERT_FALSE(front.empty());
  for (const json& a : front) {
    for (const json& b : front) {
      EXPECT_FALSE(a["latency_s"] < b["latency_s"] && a["energy_per_token_j"] < b["energy_per_token_j"]);
    }
  }
  const json constrained =
      json::parse(run("pareto " + db + " -m latency_s --where 'scenario.batch >= 8' --format json").out);
  ASSERT_EQ(constrained.size(), 1U);
  EXPECT_EQ(constrained[0]["scenario.batch"], 8);
  refused("pareto " + db + " --where 'latency_s < 0'", {"none of 24 results", "latency_s < 0"});
  refused("pareto " + db + " -m latenci_s", {"did you mean 'latency_s'"});
  const json diff = json::parse(run("diff " + db + " 0 11 --format json").out);
  for (const json& figure : diff["figures"]) {
    double sum = 0;
    for (const json& share : figure["shares"]) sum += share["change"].get<double>();
    const double change = figure["b"].get<double>() - figure["a"].get<double>();
    EXPECT_NEAR(sum, change, 1e-9 * std::abs(figure["b"].get<double>()));
  }
  const json points = json::parse(exported(db, "--json"));
  EXPECT_DOUBLE_EQ(diff["figures"][0]["a"].get<double>(), points[0]["result"]["latency_s"].get<double>());
  EXPECT_DOUBLE_EQ(diff["figures"][0]["b"].get<double>(), points[11]["result"]["latency_s"].get<double>());
}

// Inputs are what the axes set: the spare cores and interfaces a die grows by belong to the cores and
// channels.
TEST(Sweep, DiffExplainsByWhatTheAxesSet) {
  const std::string file = temporary_file("die.yaml", R"yaml(schema: orrery/sweep/1
name: die
of: {arch: gpu/a100-sxm-80gb, llm: gpt2, scenario: {input: 32, output: 2}}
axes: [{key: arch.chip.cores.count, values: [54, 108]}, {key: arch.dram.channels, values: [40, 80]}]
fidelity: roofline
)yaml");
  const std::string db = store("die.db");
  ASSERT_EQ(run(file + " --db " + db).exit_code, 0);
  const json points = json::parse(exported(db, "--json"));
  const json diff = json::parse(run("diff " + db + " 0 3 --format json").out);
  bool cost_explained = false;
  for (const json& figure : diff["figures"]) {
    ASSERT_EQ(figure["shares"].size(), 2U) << figure;
    EXPECT_EQ(figure["shares"][0]["input"], "/arch/chip/cores/count");
    EXPECT_EQ(figure["shares"][1]["input"], "/arch/chip/memory/1/channels");
    if (figure["figure"] != "unit_cost_usd") continue;
    cost_explained = true;
    for (const json& share : figure["shares"]) EXPECT_GT(share["change"].get<double>(), 0);
    EXPECT_DOUBLE_EQ(figure["a"].get<double>(), points[0]["result"]["price_usd"]["unit_cost"].get<double>());
    EXPECT_DOUBLE_EQ(figure["b"].get<double>(), points[3]["result"]["price_usd"]["unit_cost"].get<double>());
  }
  EXPECT_TRUE(cost_explained);
}

TEST(Sweep, SearchesWithinABudget) {
  for (const char* method : {"random", "latin_hypercube", "nsga2"}) {
    const std::string file = sweep_file(
        "fidelity: roofline",
        fmt::format("search: {{method: {}, points: 16, seed: 3, population: 8}}\nfidelity: roofline",
                    method));
    const std::string db = store(std::string(method) + ".db");
    ASSERT_EQ(run(file + " --jobs 2 --db " + db).exit_code, 0) << method;
    const json points = json::parse(exported(db, "--json"));
    EXPECT_LE(points.size(), 16U) << method;
    EXPECT_GE(points.size(), 6U) << method;
    ASSERT_EQ(run(file + " --jobs 1 --db " + db + "2").exit_code, 0);
    EXPECT_EQ(exported(db + "2"), exported(db)) << method;
    // The best of the whole grid is among what the evolutionary search found.
    if (std::string(method) == "nsga2") {
      double best = 1e300;
      for (const json& p : points) best = std::min(best, p["result"]["latency_s"].get<double>());
      ASSERT_EQ(run(sweep_file() + " --db " + store("grid.db")).exit_code, 0);
      const json front = json::parse(run("pareto " + store("grid.db") + " -m latency_s --format json").out);
      EXPECT_LE(best, 1.5 * front[0]["latency_s"].get<double>());
    }
  }
  // Roofline leaves a quarter of the points to tile, and says how many it pruned.
  const std::string file = sweep_file("fidelity: roofline", "search: {prune_keep: 0.25}\nfidelity: tile");
  const CommandResult r = run(file + " --db " + store("pruned.db"));
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_NE(r.out.find("18 pruned by roofline"), std::string::npos) << r.out;
  EXPECT_NE(run("status " + store("pruned.db")).out.find("6 done, 18 pruned"), std::string::npos);
}

TEST(Sweep, RefusesBadInputWithOneMessage) {
  const std::string db = " --db " + store("bad.db");
  refused(sweep_file("arch.dram.channels", "arch.dram.chanels") + db,
          {"sweep.yaml:", "'arch.dram.chanels' names no key", "did you mean"});
  refused(sweep_file("scenario.batch, range", "scenario.bach, range") + db,
          {"names no key", "scenario.batch"});
  refused(sweep_file("from: 1, to: 8", "from: 8, to: 1") + db, {"sweep.yaml:", "is empty"});
  refused(sweep_file("values: [1, 2]", "values: []") + db, {"has no values"});
  refused(sweep_file("values: [1, 2]", "values: [0, 2]") + db, {"channels"});
  refused(sweep_file("[0.9, 1.0]", "[0.9]") + db, {"change together"});
  refused(sweep_file("scenario.batch >= 4", "scenario.batch >= ") + db, {"something is missing"});
  refused(sweep_file("outputs: [\"latency_s < 1e6\"]", "inputs: [\"tdp_w < 0\"]") + db,
          {"none of 24 points meets 'tdp_w < 0'"});
  refused(sweep_file("minimise: latency_s", "minimise: latenzy_s") + db, {"did you mean 'latency_s'"});
  refused(sweep_file("gpt2", "gpt3") + db, {"gpt3"});
  refused(sweep_file("batch / 2", "batch / two") + db, {"nothing is named 'two'"});
  refused("no-such-sweep" + db, {"no sweep 'no-such-sweep'"});
  refused(sweep_file() + " scenario.bath=4" + db, {"scenario.bath=4", "did you mean"});
  refused(sweep_file() + " --shard 4/3" + db, {"--shard"});
  EXPECT_FALSE(std::filesystem::exists(store("bad.db")))
      << "nothing is written before a sweep is known to be good";
  EXPECT_EQ(orrery_command("check " + sweep_file()).exit_code, 0);
  EXPECT_EQ(orrery_command("check " + sweep_file("arch.dram.channels", "arch.dram.chanels")).exit_code, 2);
}

TEST(Sweep, RefusesStoresItCannotUse) {
  const std::string file = sweep_file();
  const std::string db = store("version.db");
  ASSERT_EQ(run(file + " --db " + db).exit_code, 0);
  // Another version, written by the program's own hand: the number in the table's only row.
  {
    std::fstream raw(db, std::ios::in | std::ios::out | std::ios::binary);
    std::stringstream all;
    all << raw.rdbuf();
    const std::string bytes = all.str();
    const std::size_t at = bytes.rfind("version1");
    ASSERT_NE(at, std::string::npos);
    raw.seekp(static_cast<std::streamoff>(at + 7));
    raw.put('9');
  }
  refused(file + " --db " + db, {"version 9", "version 1"});
  refused("status " + db, {"version 9"});
  std::ofstream(store("text.db"))
      << "this is a text, not a database, and long enough to be told apart from one";
  refused(file + " --db " + store("text.db"), {"no result store"});
  refused("export " + store("missing.db"), {"no such result store"});
  // Two writers: the second is told so while the first holds the file.
  const std::string busy = store("busy.db");
  const int lock = open((busy + ".lock").c_str(), O_RDWR | O_CREAT, 0644);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  ASSERT_EQ(fcntl(lock, F_SETLK, &whole), 0);
  refused(file + " --db " + busy, {"another sweep is writing"});
  close(lock);
  EXPECT_EQ(run(file + " --db " + busy).exit_code, 0);
  refused(file + " --db /proc/orrery.db", {"cannot write here"});
}

// A full disk is said at once, and what was written before is still there.
TEST(Sweep, AFullDiskLosesNothingWrittenBefore) {
  const std::string file = sweep_file();
  const std::string db = store("full.db");
  ASSERT_EQ(run(file + " --db " + db).exit_code, 0);
  const std::string before = exported(db);
  const std::string said_first = run("status " + db).out;  // "small (ID), ..."
  const std::string id = said_first.substr(said_first.find('(') + 1, 16);
  const std::string larger = sweep_file("to: 8", "to: 512");
  const std::string command = fmt::format(
      "bash -c 'ulimit -f 200; {} sweep {} --db {}' 2>&1; echo \"exit $?\"", ORRERY_BINARY, larger, db);
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  char buffer[256];
  while (fgets(buffer, sizeof buffer, pipe) != nullptr) said += buffer;
  pclose(pipe);
  EXPECT_NE(said.find("disk"), std::string::npos) << said;
  EXPECT_NE(said.find("exit 2"), std::string::npos) << said;
  // What the first sweep wrote is all there, byte for byte.
  EXPECT_EQ(exported(db, "--csv --sweep " + id), before);
  ASSERT_EQ(run(larger + " --db " + db).exit_code, 0);
}

#ifdef ORRERY_SLURM
// A real Slurm of one node: an array of five tasks, two at a time, and the job that merges them give the
// bytes of a run at home. Submitted again it runs nothing twice.
TEST(Sweep, RunsOnSlurm) {
  const std::string cluster = store("slurm");
  const std::string tool = std::string(ORRERY_SOURCE_DIR) + "/tools/slurm-test-cluster";
  const auto shell = [](const std::string& command) {
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::string out;
    char buffer[256];
    while (fgets(buffer, sizeof buffer, pipe) != nullptr) out += buffer;
    out += fmt::format("[exit {}]", WEXITSTATUS(pclose(pipe)));
    return out;
  };
  // Whatever fails below, no daemon is left.
  struct Stop {
    std::string command;
    ~Stop() { EXPECT_EQ(system(command.c_str()), 0); }
  } const stop{tool + " stop " + cluster};
  const std::string started = shell("MAX_ARRAY_SIZE=4 " + tool + " start " + cluster);
  ASSERT_NE(started.find("[exit 0]"), std::string::npos) << started;
  setenv("SLURM_CONF", (cluster + "/slurm.conf").c_str(), 1);
  const std::string file = sweep_file();
  const std::string at = store("slurm-run");
  const auto submit = [&] {
    // MaxArraySize 4 allows three tasks an array: two arrays.
    const CommandResult r = run(fmt::format("submit {} --slurm --tasks 5 --at-once 2 --dir {}", file, at));
    EXPECT_EQ(r.exit_code, 0) << r.err;
    EXPECT_NE(r.out.find("5 tasks in 2 arrays"), std::string::npos) << r.out;
    for (int i = 0; i < 300 && shell("squeue -h") != "[exit 0]"; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
  };
  submit();
  EXPECT_TRUE(std::filesystem::exists(at + "/merged.db")) << shell("cat " + at + "/*.log");
  ASSERT_EQ(run(file + " --db " + store("home.db")).exit_code, 0);
  const std::string expected = exported(store("home.db"), "--json");
  EXPECT_EQ(exported(at + "/merged.db", "--json"), expected);
  submit();
  EXPECT_EQ(exported(at + "/merged.db", "--json"), expected);
  EXPECT_NE(shell("cat " + at + "/task-*-0.log").find(" 0 run now"), std::string::npos);
  std::vector<pid_t> daemons;
  for (const char* daemon : {"munged", "slurmctld", "slurmd"})
    daemons.push_back(std::stoi(read_file(cluster + "/" + daemon + ".pid")));
  EXPECT_EQ(shell(tool + " stop " + cluster), "[exit 0]");
  for (const pid_t pid : daemons) EXPECT_NE(kill(pid, 0), 0) << "daemon " << pid << " is left";
}
#endif

}  // namespace
}  // namespace orrery::test
