// orrery sweep submit on a real Slurm of one node; registered where there is one (root, slurm-wlm, munge).
#ifdef ORRERY_SLURM

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/support/sweep_command.h"

namespace orrery::test {
namespace {

// What a command prints, standard error too, and how it ended: "... [exit 0]".
std::string shell(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string out;
  char buffer[256];
  while (fgets(buffer, sizeof buffer, pipe) != nullptr) out += buffer;
  return out + fmt::format("[exit {}]", WEXITSTATUS(pclose(pipe)));
}

// True as soon as `holds` does, within 90 s.
template <class Condition>
bool comes_true(Condition holds) {
  for (int i = 0; i < 450; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return false;
}

bool queue_is_empty() {
  return shell("squeue -h") == "[exit 0]";
}

// A cluster of this machine for each test; whatever fails, no daemon is left.
class SweepOnSlurm : public ::testing::Test {
 protected:
  const std::string tool_ = std::string(ORRERY_SOURCE_DIR) + "/tools/slurm-test-cluster";
  const std::string cluster_ = store("slurm");
  const std::string at_ = store("run");

  void SetUp() override {
    const std::string started = shell("MAX_ARRAY_SIZE=4 " + tool_ + " start " + cluster_);
    ASSERT_NE(started.find("[exit 0]"), std::string::npos) << started;
    setenv("SLURM_CONF", (cluster_ + "/slurm.conf").c_str(), 1);
  }
  void TearDown() override {
    std::vector<pid_t> daemons;
    for (const char* daemon : {"munged", "slurmctld", "slurmd"}) {
      const std::string pid = read_file(cluster_ + "/" + daemon + ".pid");
      if (!pid.empty()) daemons.push_back(std::stoi(pid));
    }
    EXPECT_EQ(shell(tool_ + " stop " + cluster_), "[exit 0]");
    for (const pid_t pid : daemons) EXPECT_NE(kill(pid, 0), 0) << "daemon " << pid << " is left";
  }
  // Of the run at home that every run on the cluster must equal, byte for byte.
  static std::string at_home(const std::string& file) {
    EXPECT_EQ(run(file + " --db " + store("home.db")).exit_code, 0);
    return exported(store("home.db"), "--json");
  }
};

// An array of five tasks, two at a time, and the job that merges them. Submitted again it runs nothing twice.
TEST_F(SweepOnSlurm, ArraysAndTheirMergeGiveTheBytesOfARunAtHome) {
  const std::string file = sweep_file();
  const auto submit = [&] {
    // MaxArraySize 4 allows three tasks an array: two arrays.
    const CommandResult r = run(fmt::format("submit {} --slurm --tasks 5 --at-once 2 --dir {}", file, at_));
    EXPECT_EQ(r.exit_code, 0) << r.err;
    EXPECT_NE(r.out.find("5 tasks in 2 arrays"), std::string::npos) << r.out;
    EXPECT_TRUE(comes_true(queue_is_empty));
  };
  submit();
  EXPECT_TRUE(std::filesystem::exists(at_ + "/merged.db")) << shell("cat " + at_ + "/*.log");
  const std::string expected = at_home(file);
  EXPECT_EQ(exported(at_ + "/merged.db", "--json"), expected);
  submit();
  EXPECT_EQ(exported(at_ + "/merged.db", "--json"), expected);
  EXPECT_NE(shell("cat " + at_ + "/task-*-0.log").find(" 0 run now"), std::string::npos);
}

// A running task is put back into the queue: it goes on where it was, and the merge waits for it.
TEST_F(SweepOnSlurm, ARequeuedTaskGoesOnWhereItWas) {
  const std::string file = temporary_file("long.yaml", R"yaml(schema: orrery/sweep/1
name: long
of: {arch: gpu/a100-sxm-80gb, llm: llama-2-7b, scenario: {input: 128, output: 16}}
axes:
  - {key: arch.cores.count, range: {from: 50, to: 108, step: 2}}
)yaml");
  const CommandResult r = run(fmt::format("submit {} --slurm --tasks 1 --dir {}", file, at_));
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const std::string part = at_ + "/part-1.db";
  ASSERT_TRUE(comes_true([&] {
    return std::filesystem::exists(part) && run("status " + part).out.find(" done") != std::string::npos;
  })) << shell("cat " + at_ + "/*.log");
  const std::string running = shell("squeue -h -r -t running -o %A");
  ASSERT_NE(running.find("\n[exit 0]"), std::string::npos)
      << "ended before it could be requeued: " << running;
  const std::string id = running.substr(0, running.find('\n'));
  ASSERT_EQ(shell("scontrol requeue " + id), "[exit 0]");
  ASSERT_TRUE(comes_true(queue_is_empty)) << shell("squeue");
  EXPECT_EQ(exported(at_ + "/merged.db", "--json"), at_home(file));
  // Its second life knew points of the first, and ran the others.
  const std::string log = shell("cat " + at_ + "/task-*-0.log");
  EXPECT_EQ(log.find(" 30 run now"), std::string::npos) << log;
  EXPECT_EQ(log.find(" 0 run now"), std::string::npos) << log;
  EXPECT_NE(log.find(" known before; results"), std::string::npos) << log;
}

}  // namespace
}  // namespace orrery::test

#endif
