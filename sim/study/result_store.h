#pragma once
// Sweeps and results in one SQLite file (write-ahead log). A result lies under the address of all it depends
// on, so points that several sweeps share are run once. One writer at a time; it holds NAME.lock.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sim/study/metrics.h"
#include "sim/study/sweep_plan.h"
#include "sim/util/enum_names.h"
#include "sim/util/file_identity.h"

namespace SQLite {
class Database;
class Statement;
class Transaction;
}  // namespace SQLite

namespace orrery {

enum class PointStatus : std::uint8_t {
  pending,
  done,
  failed,
  crashed,
  timed_out,
  out_of_memory,
  infeasible,
  pruned
};
template <>
struct EnumNames<PointStatus> {
  static constexpr std::array<const char*, 8> kWords = {"pending",   "done",          "failed",     "crashed",
                                                        "timed_out", "out_of_memory", "infeasible", "pruned"};
};

struct StoredResult {
  PointStatus status = PointStatus::pending;
  std::string error;
  std::string json;  // orrery/result/1 without what differs from run to run
  double wall_s = 0;
  std::array<std::optional<double>, kMostMetrics> figures;  // in the order of metrics()
};

struct StoredSweep {
  std::string id, name, title, question;
  nlohmann::json bases, objectives, output_constraints;
  std::vector<std::string> keys;  // axes and derived, in order
};

// One point with its result; inputs as JSON text.
struct StoredPoint {
  std::uint64_t ordinal = 0;
  std::size_t base = 0;
  std::string inputs, address;
  StoredResult result;
};

class ResultStore {
 public:
  enum class Access : std::uint8_t { read, write };
  // Throws ConfigError: not there (read), not a store, a store of another version, a folder that cannot be
  // written to, another sweep writing it.
  ResultStore(const std::string& path, Access access);
  ~ResultStore();
  ResultStore(const ResultStore&) = delete;
  ResultStore& operator=(const ResultStore&) = delete;

  // Enters the sweep and its points; what is there already stays.
  void add_sweep(const StoredSweep& sweep);
  void add_points(const std::string& sweep, const std::vector<SweepPoint>& points);
  // Of the addresses, those with a result that need not be run again. What crashed is tried again.
  std::unordered_set<std::string> settled(const std::vector<SweepPoint>& points);
  void record(const std::string& address, const StoredResult& result);
  void set_pruned(const std::string& sweep, const std::vector<std::uint64_t>& ordinals);
  // Writes what was recorded since the last call.
  void commit();
  // Forgets the results of failed, crashed, timed out and memory-hungry points; how many.
  std::uint64_t forget_failures(const std::string& sweep);

  std::vector<StoredSweep> sweeps();
  // By id, its beginning or name; the only one when empty. Throws ConfigError with what there is.
  StoredSweep sweep(const std::string& which);
  std::vector<std::pair<PointStatus, std::uint64_t>> counts(const std::string& sweep);
  // Points of the sweep that failed, crashed, took too long or too much memory.
  std::uint64_t failures(const std::string& sweep);
  double wall_s(const std::string& sweep);
  // In the order of the ordinals; `with_json`: the results themselves too.
  void each_point(const std::string& sweep, bool with_json,
                  const std::function<void(const StoredPoint&)>& visit);
  StoredPoint point(const std::string& sweep, std::uint64_t ordinal);
  std::optional<StoredResult> result(const std::string& address);

  // Adds all that `other` holds.
  void merge(const std::string& other);

 private:
  std::string path_;
  int lock_ = -1;
  FileIdentity file_;  // that was opened
  std::unique_ptr<SQLite::Database> database_;
  std::unique_ptr<SQLite::Transaction> transaction_;
  std::unique_ptr<SQLite::Statement> insert_result_, insert_body_;

  void take_lock();
  void create_tables();
  void begin();
};

}  // namespace orrery
