#include "sim/study/kernel_store.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "sim/study/build_id.h"
#include "sim/study/configuration.h"
#include "sim/study/kernel_record.h"
#include "sim/study/model_version.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr int kBusyMs = 5000;
constexpr std::size_t kMostPending = 256;  // kernels kept before they are written

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Of the model and the program that simulated it.
std::string build() {
  return std::to_string(kModelVersion) + " " + build_id();
}

}  // namespace

std::string kernel_store_path() {
  const std::string told = environment("ORRERY_STORE");
  if (told == "off") return "";
  if (!told.empty()) return told;
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty())
    return cache + "/orrery/kernels.db";
  const std::string home = environment("HOME");
  return home.empty() ? "" : home + "/.cache/orrery/kernels.db";
}

class KernelStore::Database {
 public:
  explicit Database(const std::string& path)
      : sqlite_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs) {
    sqlite_.exec("PRAGMA journal_mode=WAL");
    sqlite_.exec("PRAGMA synchronous=NORMAL");
    sqlite_.exec(
        "CREATE TABLE IF NOT EXISTS kernel (address BLOB PRIMARY KEY, build TEXT, record BLOB) WITHOUT "
        "ROWID");
    sqlite_.exec(
        "CREATE TABLE IF NOT EXISTS answer (question BLOB PRIMARY KEY, build TEXT, text TEXT) WITHOUT ROWID");
    find_ = std::make_unique<SQLite::Statement>(sqlite_, "SELECT record FROM kernel WHERE address=?");
  }

  std::optional<RememberedKernel> find(const std::string& address) {
    find_->reset();
    find_->bind(1, address.data(), static_cast<int>(address.size()));
    if (!find_->executeStep()) return std::nullopt;
    return unpacked(find_->getColumn(0).getString());
  }

  void keep(const std::string& address, std::string record) {
    pending_.emplace_back(address, std::move(record));
    if (pending_.size() >= kMostPending) commit();
  }

  std::optional<std::string> answer(const std::string& question) {
    SQLite::Statement find(sqlite_, "SELECT text FROM answer WHERE question=?");
    find.bind(1, question.data(), static_cast<int>(question.size()));
    if (!find.executeStep()) return std::nullopt;
    return find.getColumn(0).getString();
  }
  void keep_answer(const std::string& question, const std::string& text) {
    SQLite::Statement insert(sqlite_, "INSERT OR REPLACE INTO answer VALUES (?,?,?)");
    insert.bind(1, question.data(), static_cast<int>(question.size()));
    insert.bind(2, build());
    insert.bind(3, text);
    insert.exec();
  }

  void commit() {
    if (pending_.empty()) return;
    const std::vector<std::pair<std::string, std::string>> kept = std::move(pending_);
    pending_.clear();
    SQLite::Transaction transaction(sqlite_, SQLite::TransactionBehavior::IMMEDIATE);
    // A record whose checksum was wrong is written anew.
    SQLite::Statement insert(sqlite_, "INSERT OR REPLACE INTO kernel VALUES (?,?,?)");
    for (const auto& [address, record] : kept) {
      insert.reset();
      insert.bind(1, address.data(), static_cast<int>(address.size()));
      insert.bind(2, build());
      insert.bind(3, record.data(), static_cast<int>(record.size()));
      insert.exec();
    }
    transaction.commit();
  }

  std::uint64_t count(const std::string& what, const std::string& where) {
    SQLite::Statement counted(sqlite_, "SELECT count(*) FROM " + what + " " + where);
    if (!where.empty()) counted.bind(1, build());
    counted.executeStep();
    return static_cast<std::uint64_t>(counted.getColumn(0).getInt64());
  }

  std::uint64_t prune(bool all) {
    SQLite::Statement drop(sqlite_, all ? "DELETE FROM kernel" : "DELETE FROM kernel WHERE build<>?");
    SQLite::Statement forget(sqlite_, all ? "DELETE FROM answer" : "DELETE FROM answer WHERE build<>?");
    for (SQLite::Statement* statement : {&drop, &forget}) {
      if (!all) statement->bind(1, build());
    }
    const int dropped = drop.exec();
    forget.exec();
    sqlite_.exec("VACUUM");
    return static_cast<std::uint64_t>(dropped);
  }

 private:
  SQLite::Database sqlite_;
  std::unique_ptr<SQLite::Statement> find_;
  std::vector<std::pair<std::string, std::string>> pending_;
};

// Whatever goes wrong with the store, the kernel is simulated as without it.
template <class Work>
void KernelStore::with_database(Work work) {
  try {
    if (Database* database = open()) work(*database);
  } catch (const SQLite::Exception& error) {
    trouble_ = error.what();
  }
}

class KernelStore::OfMachine : public KernelMemory {
 public:
  OfMachine(KernelStore& store, std::string machine) : store_(store), machine_(std::move(machine)) {}

  std::optional<RememberedKernel> find(const std::string& key) override {
    std::optional<RememberedKernel> found;
    store_.with_database([&](Database& database) { found = database.find(address(key)); });
    return found;
  }
  void keep(const std::string& key, const RememberedKernel& kernel) override {
    store_.with_database([&](Database& database) { database.keep(address(key), packed(kernel)); });
  }

 private:
  KernelStore& store_;
  std::string machine_;

  std::string address(const std::string& key) const { return digest(machine_ + key); }
};

KernelStore::KernelStore(std::string path) : path_(std::move(path)) {}

KernelStore::~KernelStore() {
  commit();
}

KernelStore::Database* KernelStore::open() {
  if (database_ || path_.empty() || !trouble_.empty()) return trouble_.empty() ? database_.get() : nullptr;
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), failed);
  // Whoever makes the file holds it alone for a moment, and SQLite does not wait for that.
  constexpr int kBusy = 5;
  constexpr int kMostTries = 100;
  for (int tries = 0; !database_; ++tries) {
    try {
      database_ = std::make_unique<Database>(path_);
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != kBusy || tries == kMostTries) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  return database_.get();
}

std::unique_ptr<KernelMemory> KernelStore::of_machine(const std::string& machine) {
  return std::make_unique<OfMachine>(*this, build() + " " + machine + " ");
}

std::optional<std::string> KernelStore::answer(const std::string& question) {
  std::optional<std::string> found;
  with_database([&](Database& database) { found = database.answer(digest(build() + " " + question)); });
  return found;
}

void KernelStore::keep_answer(const std::string& question, const std::string& text) {
  with_database([&](Database& database) { database.keep_answer(digest(build() + " " + question), text); });
}

void KernelStore::commit() {
  if (database_) with_database([](Database& database) { database.commit(); });
}

KernelStoreStatus KernelStore::status() {
  KernelStoreStatus status;
  status.path = path_;
  if (path_.empty())
    throw ConfigError("", "there is no kernel store: ORRERY_STORE is off, or there is no home");
  std::error_code none;
  if (!std::filesystem::exists(path_, none)) return status;
  with_database([&](Database& database) {
    status.kernels = database.count("kernel", "");
    status.kernels_of_this_build = database.count("kernel", "WHERE build=?");
    status.answers = database.count("answer", "");
  });
  if (!trouble_.empty()) throw ConfigError(path_, trouble_);
  for (const char* part : {"", "-wal"}) {
    const auto bytes = std::filesystem::file_size(path_ + part, none);
    if (!none) status.bytes += bytes;
  }
  return status;
}

std::uint64_t KernelStore::prune(bool all) {
  if (const KernelStoreStatus now = status(); now.kernels + now.answers == 0) return 0;
  std::uint64_t dropped = 0;
  with_database([&](Database& database) { dropped = database.prune(all); });
  if (!trouble_.empty()) throw ConfigError(path_, trouble_);
  return dropped;
}

}  // namespace orrery
