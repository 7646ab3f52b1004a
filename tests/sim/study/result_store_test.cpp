#include "sim/study/result_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

namespace fs = std::filesystem;

std::string fresh_result_store(const std::string& name) {
  const std::string path = temporary_file(name, "");
  fs::remove(path);
  return path;
}

void fill(const std::string& path) {
  ResultStore store(path, ResultStore::Access::write);
  for (int i = 0; i < 200; ++i) {
    StoredResult r;
    r.status = PointStatus::done;
    r.json = "{\"latency_s\": " + std::to_string(i) + ", \"text\": \"" + std::string(300, 'x') + "\"}";
    store.record("address" + std::to_string(i), r);
  }
  store.commit();
}

// One byte after another changed, all over the file: it is found on opening, or with the point that it is in,
// or lies where nothing is stored; nothing else comes out.
TEST(ResultStore, SaysThatItIsDamaged) {
  const std::string path = fresh_result_store("whole.db");
  fill(path);
  const auto size = fs::file_size(path);
  int found = 0;
  for (std::uint64_t at = 20; at < size; at += size / 60) {
    const std::string copy = fresh_result_store("damaged.db");
    fs::copy_file(path, copy);
    {
      std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(at));
      file.put('\xfe');
    }
    const std::string why = config_error([&] {
      ResultStore store(copy, ResultStore::Access::read);
      for (int i = 0; i < 200; ++i) store.result("address" + std::to_string(i));
    });
    if (why.empty()) continue;
    ++found;
    EXPECT_NE(why.find("damaged.db"), std::string::npos) << why;
  }
  EXPECT_GT(found, 5);
}

TEST(ResultStore, HasOneWriterWhateverItIsCalled) {
  const std::string path = fresh_result_store("one.db");
  const ResultStore store(path, ResultStore::Access::write);
  const std::string link = fresh_result_store("link.db");
  fs::create_symlink(path, link);
  const CommandResult second = orrery_command("sweep hbm-against-batch --jobs 1 --db " + link);
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_NE(second.err.find("another sweep is writing"), std::string::npos) << second.err;
}

TEST(ResultStore, NoticesThatItWasRemoved) {
  const std::string path = fresh_result_store("gone.db");
  ResultStore store(path, ResultStore::Access::write);
  StoredResult r;
  r.status = PointStatus::done;
  store.record("a", r);
  store.commit();
  fs::remove(path);
  store.record("b", r);
  EXPECT_NE(config_error([&] { store.commit(); }).find("removed or replaced"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
