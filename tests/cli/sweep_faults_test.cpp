// orrery sweep where things go wrong: kills, Ctrl-C, limits, full disks, stores it cannot use, bad input.

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
#include "tests/support/sweep_command.h"

namespace orrery::test {
namespace {

using nlohmann::json;

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
of: {arch: asic/edge-npu, llm: [gpt2-xl, llama-3.1-405b], scenario: {input: 512, output: 512}}
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
  // Known before it runs, it is no failure.
  std::string fitting = read_file(file);
  fitting += "constraints: {inputs: [needed_gib <= dram_gib]}\n";
  const CommandResult fits = run(temporary_file("fitting.yaml", fitting) + " --db " + store("slow.db"));
  EXPECT_EQ(fits.exit_code, 0) << fits.out << fits.err;
  EXPECT_NE(fits.out.find("2 known before, 2 outside the inputs' constraints"), std::string::npos)
      << fits.out;
  // Points that only prices tell apart end together: the first one's time is spent once.
  const std::string priced = temporary_file("priced.yaml", R"yaml(schema: orrery/sweep/1
name: priced
of: {arch: gpu/a100-sxm-40gb, llm: llama-2-7b, scenario: {input: 2048, output: 256, batch: 8}}
axes: [{key: technology.nodes.7nm.wafer_price, range: {from: 1000, to: 1200, step: 1}}]
)yaml");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run(priced + " --db " + store("priced.db") + " --time-limit 0.002").exit_code, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_NE(run("status " + store("priced.db")).out.find("201 timed_out"), std::string::npos);
  const CommandResult starved = run(file + " --db " + store("starved.db") + " --memory-limit 16");
  EXPECT_EQ(starved.exit_code, 1);
#ifdef __SANITIZE_ADDRESS__
  const char* const starved_end = "crashed";  // the sanitizer's own memory does not fit: it ends the worker
#else
  const char* const starved_end = "out_of_memory";
#endif
  EXPECT_NE(run("status " + store("starved.db")).out.find(starved_end), std::string::npos)
      << run("status " + store("starved.db")).out;
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
  const std::string search = "search: {method: nsga2, points: 6}\nfidelity: roofline";
  refused(sweep_file("fidelity: roofline", search) + db, {"sweep.yaml:", "one generation of 8"});
  refused(sweep_file("fidelity: roofline", "search: {method: nsga2, points: 90, population: 10}") + db,
          {"sweep.yaml:", "multiple of 4"});
  refused(sweep_file("batch / 2", "batch / two") + db, {"nothing is named 'two'"});
  // Not a key, a whole part, a name, a group, a file that is not there, a value no schema takes.
  const auto axis = [&](const std::string& key, const std::string& value) {
    return sweep_file("arch.dram.channels, values: [1, 2]", key + ", values: [" + value + "]") + db;
  };
  refused(axis("foo/bar", "1"), {"sweep.yaml:", "names no key"});
  refused(axis("accuracy", "1"), {"sweep.yaml:", "names no key"});
  refused(axis("arch.memory.99999999999999999999.channels", "1"), {"sweep.yaml:", "names no key"});
  refused(axis("arch", "gpu/a40"), {"sweep.yaml:", "whole part"});
  refused(axis("llm.name", "1"), {"sweep.yaml:", "is a name"});
  refused(axis("arch.chip", "3"), {"sweep.yaml:", "group of keys"});
  refused(axis("arch.memory", "3"), {"sweep.yaml:", "a list"});
  refused(axis("arch.energy_table", "no-such"), {"sweep.yaml:", "no energy table"});
  refused(axis("scenario.dtype", "fp17"), {"sweep.yaml:", "no number format"});
  refused(axis("scenario.batch", "1]}\n  - {key: llm.n_layer, values: [0"), {"sweep.yaml:", "n_layer"});
  refused(sweep_file("when: scenario.batch >= 4",
                     "when: scenario.output >= 4\n  - {key: scenario.output, values: [2, 4]}") +
              db,
          {"sweep.yaml:", "comes later"});
  refused(sweep_file("outputs: [\"latency_s < 1e6\"]", "inputs: [\"area_mm2 / 0 > 1\"]") + db,
          {"sweep.yaml:", "division by zero"});
  refused(sweep_file("outputs: [\"latency_s < 1e6\"]", "inputs: [\"die_mm2 < 1\"]") + db,
          {"sweep.yaml:", "lacks the process"});
  refused(sweep_file("value: \"max(2, scenario.batch / 2)\"", "value: 0.5") + db, {"sweep.yaml:", "output"});
  const std::string wide = "range: {from: 1, to: 65536, step: 1}";
  refused(sweep_file("values: [1, 2]", wide + "}\n  - {key: scenario.input, " + wide +
                                           "}\n  - {key: scenario.devices, " + wide +
                                           "}\n  - {key: arch.dram.controller_latency_ns, " + wide) +
              db,
          {"sweep.yaml", "are planned at once"});
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
    const std::size_t at = bytes.rfind("version3");
    ASSERT_NE(at, std::string::npos);
    raw.seekp(static_cast<std::streamoff>(at + 7));
    raw.put('9');
  }
  refused(file + " --db " + db, {"version 9", "version 3"});
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

}  // namespace
}  // namespace orrery::test
