// Kernels on disk: what comes back is what was kept, by whoever, whatever happens to the file.

#include "sim/study/kernel_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sim/study/kernel_record.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

namespace fs = std::filesystem;

RememberedKernel kernel(std::uint64_t number) {
  RememberedKernel k;
  k.outcome.time = 1000 + number;
  k.outcome.skipped = number;
  k.outcome.split.add(TimeCategory::dram, 1000 + number);
  k.outcome.counts.dram_read_bytes = 7 * number;
  k.outcome.counts.levels[1].fill_bytes = number;
  k.outcome.sharing[0] = {1.5, 0.5, 3, 8};
  k.clock_factor = 1.0 / 3;
  k.mapping = "tile " + std::to_string(number);
  k.on_chip.tensors.push_back({TensorId{5}, Bytes{number}, Bytes{1}});
  k.on_chip.other_dirty_bytes = Bytes{9};
  return k;
}

std::string key(std::uint64_t number) {
  return "key " + std::string(1, '\0') + std::to_string(number);
}

void expect_kernel(const std::optional<RememberedKernel>& found, std::uint64_t number) {
  ASSERT_TRUE(found.has_value()) << number;
  EXPECT_EQ(packed(*found), packed(kernel(number)));
}

std::string fresh_kernel_store(const std::string& name) {
  const std::string path = temporary_folder() + "/" + name;
  for (const char* part : {"", "-wal", "-shm"}) fs::remove(path + part);
  return path;
}

TEST(KernelRecord, ComesBackWholeOrNotAtAll) {
  const std::string bytes = packed(kernel(42));
  expect_kernel(unpacked(bytes), 42);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_FALSE(unpacked(changed).has_value()) << at;
  }
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(unpacked(bytes.substr(0, cut))) << cut;
}

TEST(KernelStore, KeepsAMachinesKernelsApart) {
  const std::string path = fresh_kernel_store("apart.db");
  {
    KernelStore store(path);
    const auto a = store.of_machine("a");
    const auto b = store.of_machine("b");
    a->keep(key(1), kernel(1));
    b->keep(key(1), kernel(2));
  }
  KernelStore store(path);
  expect_kernel(store.of_machine("a")->find(key(1)), 1);
  expect_kernel(store.of_machine("b")->find(key(1)), 2);
  EXPECT_FALSE(store.of_machine("a")->find(key(2)));
  EXPECT_EQ(store.status().kernels, 2U);
  EXPECT_EQ(store.prune(false), 0U);  // all are of this build
  EXPECT_EQ(store.prune(true), 2U);
  EXPECT_EQ(store.status().kernels, 0U);
}

TEST(KernelStore, TwoWritersAtOnce) {
  const std::string path = fresh_kernel_store("two.db");
  constexpr std::uint64_t kEach = 2000;
  std::vector<pid_t> writers;
  for (std::uint64_t w = 0; w < 2; ++w) {
    writers.push_back(fork());
    if (writers.back() != 0) continue;
    KernelStore store(path);
    const auto machine = store.of_machine("m");
    for (std::uint64_t i = 0; i < kEach; ++i) {
      machine->keep(key(i + w * kEach / 2), kernel(i + w * kEach / 2));
      if (i % 100 == 0) store.commit();
    }
    store.commit();
    _exit(store.trouble().empty() ? 0 : 1);
  }
  for (const pid_t writer : writers) {
    int status = 0;
    waitpid(writer, &status, 0);
    EXPECT_EQ(status, 0);
  }
  KernelStore store(path);
  const auto machine = store.of_machine("m");
  for (std::uint64_t i = 0; i < kEach + kEach / 2; i += 37) expect_kernel(machine->find(key(i)), i);
}

// A kill at any moment leaves whole kernels, and a store that goes on.
TEST(KernelStore, AKillLeavesWhatWasCommitted) {
  const std::string path = fresh_kernel_store("killed.db");
  for (int after_ms = 2; after_ms < 40; after_ms += 6) {
    const pid_t writer = fork();
    if (writer == 0) {
      KernelStore store(path);
      const auto machine = store.of_machine("m");
      for (std::uint64_t i = 0;; ++i) {
        machine->keep(key(i), kernel(i));
        store.commit();
      }
    }
    usleep(static_cast<useconds_t>(after_ms) * 1000);
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    KernelStore store(path);
    const auto machine = store.of_machine("m");
    for (std::uint64_t i = 0; i < 5; ++i) {
      if (const auto found = machine->find(key(i))) expect_kernel(found, i);
    }
    machine->keep(key(900 + static_cast<std::uint64_t>(after_ms)), kernel(1));
    store.commit();
    EXPECT_EQ(store.trouble(), "");
  }
}

// Bytes changed all over the file: a kernel comes back whole, or is not there, or the store says that it is
// not used.
TEST(KernelStore, DamageIsNoKernel) {
  const std::string path = fresh_kernel_store("whole.db");
  {
    KernelStore store(path);
    const auto machine = store.of_machine("m");
    for (std::uint64_t i = 0; i < 300; ++i) machine->keep(key(i), kernel(i));
  }
  const auto size = fs::file_size(path);
  for (std::uint64_t at = 10; at < size; at += size / 50) {
    const std::string copy = fresh_kernel_store("damaged.db");
    fs::copy_file(path, copy);
    {
      std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(at));
      file.put('\xfe');
    }
    KernelStore store(copy);
    const auto machine = store.of_machine("m");
    for (std::uint64_t i = 0; i < 300; i += 7) {
      if (const auto found = machine->find(key(i))) expect_kernel(found, i);
    }
  }
}

TEST(KernelStore, WhereNothingCanBeWrittenItSaysSo) {
  KernelStore nowhere("/proc/no/such/kernels.db");
  const auto machine = nowhere.of_machine("m");
  machine->keep(key(1), kernel(1));
  EXPECT_FALSE(machine->find(key(1)));
  EXPECT_NE(nowhere.trouble(), "");
  KernelStore none("");
  none.of_machine("m")->keep(key(1), kernel(1));
  EXPECT_EQ(none.trouble(), "");
}

}  // namespace
}  // namespace orrery::test
