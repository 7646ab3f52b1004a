#include "sim/study/result_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sim/study/model_version.h"
#include "sim/study/store_guard.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr const char* kVersion = "3";

std::string metric_columns() {
  std::string columns;
  for (const Metric& m : metrics()) columns += fmt::format(", {}", m.name);
  return columns;
}

// Named, as stores of another time may have them in another order.
std::string result_columns() {
  return "address, status, error, wall_s" + metric_columns() + ", version";
}

PointStatus status_of(const std::string& word) {
  const auto status = from_word<PointStatus>(word);
  if (!status) throw Damage("a point's status is '" + word + "'");
  return *status;
}

StoredResult read_result(SQLite::Statement& row, int from, bool with_json) {
  StoredResult r;
  if (row.getColumn(from).isNull()) return r;
  r.status = status_of(row.getColumn(from).getString());
  r.error = row.getColumn(from + 1).getString();
  r.wall_s = row.getColumn(from + 2).getDouble();
  for (std::size_t m = 0; m < metrics().size(); ++m) {
    const SQLite::Column c = row.getColumn(from + 3 + static_cast<int>(m));
    if (!c.isNull()) r.figures[m] = c.getDouble();
  }
  if (with_json) r.json = row.getColumn(from + 3 + static_cast<int>(metrics().size())).getString();
  return r;
}

std::string point_query(bool with_json) {
  return "SELECT p.ordinal, p.base, p.inputs, p.address, p.state, r.status, r.error, r.wall_s" +
         metric_columns() + (with_json ? ", ifnull(b.json, '')" : "") +
         " FROM point p LEFT JOIN result r ON p.address=r.address " +
         (with_json ? "LEFT JOIN body b ON p.address=b.address " : "");
}

StoredPoint read_point(SQLite::Statement& row, bool with_json, const std::string& path) {
  StoredPoint p;
  p.ordinal = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
  p.base = static_cast<std::size_t>(row.getColumn(1).getInt64());
  p.inputs = row.getColumn(2).getString();
  p.address = row.getColumn(3).getString();
  const std::string state = row.getColumn(4).getString();
  if (state.empty()) {
    p.result = read_result(row, 5, with_json);
  } else {
    p.result.status = status_of(state);
  }
  check_json(p.inputs, fmt::format("point {}", p.ordinal), path);
  check_json(p.result.json, fmt::format("the result of point {}", p.ordinal), path);
  return p;
}

}  // namespace

ResultStore::ResultStore(const std::string& path, Access access) : path_(path) {
  const bool exists = std::filesystem::exists(path);
  if (access == Access::read && !exists) throw ConfigError(path, "there is no such result store");
  if (access == Access::write) take_lock();
  guarded(path_, [&] {
    const int mode =
        access == Access::read ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
    constexpr int kBusyMs = 10000;
    database_ = std::make_unique<SQLite::Database>(path_, mode, kBusyMs);
    // A million points are met in the order of their numbers, their results anywhere.
    database_->exec("PRAGMA mmap_size=8000000000");
    database_->exec("PRAGMA cache_size=-100000");
    if (access == Access::write) {
      database_->exec("PRAGMA journal_mode=WAL");
      database_->exec("PRAGMA synchronous=NORMAL");
    }
    if (access == Access::write && !database_->tableExists("meta")) {
      if (exists && std::filesystem::file_size(path_) > 0 &&
          database_->execAndGet("SELECT count(*) FROM sqlite_master").getInt() > 0)
        throw ConfigError(path_, "this is no result store");
      create_tables();
    }
    if (!database_->tableExists("meta")) throw ConfigError(path_, "this is no result store");
    check_whole(*database_, path_);
    file_ = identity_of(path_);
    const std::string version =
        database_->execAndGet("SELECT value FROM meta WHERE key='version'").getString();
    if (version != kVersion) {
      throw ConfigError(path_,
                        fmt::format("a result store of version {}; this program reads and writes version {}",
                                    version, kVersion));
    }
  });
}

ResultStore::~ResultStore() {
  try {
    commit();
  } catch (const std::exception&) {  // said already, by whoever recorded
  }
  insert_result_.reset();
  insert_body_.reset();
  transaction_.reset();  // rolls back what could not be written
  if (lock_ >= 0 && database_) {
    try {  // one file to copy, and to read where nothing may be written; a reader at work keeps the log
      database_->exec("PRAGMA journal_mode=DELETE");
    } catch (const std::exception&) {
    }
  }
  database_.reset();
  if (lock_ >= 0) close(lock_);
}

void ResultStore::take_lock() {
  // Of the file itself, whatever it is called here.
  const std::string name = std::filesystem::weakly_canonical(path_).string() + ".lock";
  lock_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) throw ConfigError(path_, fmt::format("cannot write here: {}", std::strerror(errno)));
  // A record lock: children do not inherit it, and it goes with the process however that ends.
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(lock_, F_SETLK, &whole) != 0) {
    close(lock_);
    lock_ = -1;
    throw ConfigError(path_, "another sweep is writing to it; give this one a --db of its own");
  }
}

void ResultStore::create_tables() {
  SQLite::Transaction transaction(*database_);
  std::string figures;
  for (const Metric& m : metrics()) figures += fmt::format(", {} REAL", m.name);
  database_->exec("CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT)");
  database_->exec(
      "CREATE TABLE sweep(id TEXT PRIMARY KEY, name TEXT, title TEXT, question TEXT, bases TEXT, "
      "objectives TEXT, output_constraints TEXT, keys TEXT)");
  database_->exec(
      "CREATE TABLE point(sweep TEXT, ordinal INTEGER, base INTEGER, inputs TEXT, address TEXT, "
      "state TEXT, PRIMARY KEY(sweep, ordinal)) WITHOUT ROWID");
  database_->exec("CREATE TABLE result(address TEXT PRIMARY KEY, status TEXT, error TEXT, wall_s REAL" +
                  figures + ", version TEXT)");
  // Apart, so that figures lie close together.
  database_->exec("CREATE TABLE body(address TEXT PRIMARY KEY, json TEXT)");
  database_->exec(fmt::format("INSERT INTO meta VALUES('version', '{}')", kVersion));
  transaction.commit();
}

void ResultStore::begin() {
  if (!transaction_) transaction_ = std::make_unique<SQLite::Transaction>(*database_);
}

void ResultStore::commit() {
  if (!transaction_) return;
  guarded(path_, [&] { transaction_->commit(); });
  transaction_.reset();
  if (!(identity_of(path_) == file_))
    throw ConfigError(path_,
                      "the store was removed or replaced while it was written to; its results are lost");
}

void ResultStore::add_sweep(const StoredSweep& sweep) {
  guarded(path_, [&] {
    begin();
    SQLite::Statement insert(*database_, "INSERT OR IGNORE INTO sweep VALUES(?,?,?,?,?,?,?,?)");
    const std::string values[] = {sweep.id,
                                  sweep.name,
                                  sweep.title,
                                  sweep.question,
                                  sweep.bases.dump(),
                                  sweep.objectives.dump(),
                                  sweep.output_constraints.dump(),
                                  json(sweep.keys).dump()};
    int at = 0;
    for (const std::string& v : values) insert.bind(++at, v);
    insert.exec();
  });
}

void ResultStore::add_points(const std::string& sweep, const std::vector<SweepPoint>& points) {
  guarded(path_, [&] {
    begin();
    SQLite::Statement insert(*database_, "INSERT OR IGNORE INTO point VALUES(?,?,?,?,?,?)");
    for (const SweepPoint& p : points) {
      insert.bind(1, sweep);
      insert.bind(2, static_cast<std::int64_t>(p.ordinal));
      insert.bind(3, static_cast<std::int64_t>(p.base));
      insert.bind(4, p.inputs.dump());
      insert.bind(5, p.address);
      insert.bind(6, p.feasible ? "" : "infeasible");
      insert.exec();
      insert.reset();
    }
  });
}

std::unordered_set<std::string> ResultStore::settled(const std::vector<SweepPoint>& points) {
  std::unordered_set<std::string> known;
  guarded(path_, [&] {
    SQLite::Statement find(*database_, "SELECT 1 FROM result WHERE address=? AND status<>'crashed'");
    for (const SweepPoint& p : points) {
      find.bind(1, p.address);
      if (find.executeStep()) known.insert(p.address);
      find.reset();
    }
  });
  return known;
}

void ResultStore::record(const std::string& address, const StoredResult& r) {
  guarded(path_, [&] {
    begin();
    if (!insert_result_) {
      std::string places = "?,?,?,?";
      for (std::size_t m = 0; m < metrics().size(); ++m) places += ",?";
      insert_result_ = std::make_unique<SQLite::Statement>(
          *database_, "INSERT OR REPLACE INTO result(" + result_columns() + ") VALUES(" + places + ",?)");
      insert_body_ =
          std::make_unique<SQLite::Statement>(*database_, "INSERT OR REPLACE INTO body VALUES(?,?)");
    }
    SQLite::Statement& insert = *insert_result_;
    insert.bind(1, address);
    insert.bind(2, to_string(r.status));
    insert.bind(3, r.error);
    insert.bind(4, r.wall_s);
    for (std::size_t m = 0; m < metrics().size(); ++m) {
      const int at = 5 + static_cast<int>(m);
      if (r.figures[m]) {
        insert.bind(at, *r.figures[m]);
      } else {
        insert.bind(at);
      }
    }
    insert.bind(5 + static_cast<int>(metrics().size()),
                fmt::format("orrery {}, model {}", kVersionName, kModelVersion));
    insert.exec();
    insert.reset();
    if (r.json.empty()) return;
    insert_body_->bind(1, address);
    insert_body_->bind(2, r.json);
    insert_body_->exec();
    insert_body_->reset();
  });
}

void ResultStore::set_pruned(const std::string& sweep, const std::vector<std::uint64_t>& ordinals) {
  guarded(path_, [&] {
    begin();
    SQLite::Statement update(*database_,
                             "UPDATE point SET state='pruned' WHERE sweep=? AND ordinal=? AND state=''");
    for (const std::uint64_t ordinal : ordinals) {
      update.bind(1, sweep);
      update.bind(2, static_cast<std::int64_t>(ordinal));
      update.exec();
      update.reset();
    }
  });
}

std::uint64_t ResultStore::forget_failures(const std::string& sweep) {
  return guarded(path_, [&] {
    begin();
    SQLite::Statement forget(
        *database_,
        "DELETE FROM result WHERE status IN ('failed','crashed','timed_out','out_of_memory') "
        "AND address IN (SELECT address FROM point WHERE sweep=?)");
    forget.bind(1, sweep);
    return static_cast<std::uint64_t>(forget.exec());
  });
}

std::vector<StoredSweep> ResultStore::sweeps() {
  std::vector<StoredSweep> all;
  guarded(path_, [&] {
    SQLite::Statement rows(*database_, "SELECT * FROM sweep ORDER BY name, id");
    while (rows.executeStep()) {
      StoredSweep s;
      s.id = rows.getColumn(0).getString();
      s.name = rows.getColumn(1).getString();
      s.title = rows.getColumn(2).getString();
      s.question = rows.getColumn(3).getString();
      for (int column = 4; column <= 7; ++column)
        check_json(rows.getColumn(column).getString(), "sweep " + s.name, path_);
      s.bases = json::parse(rows.getColumn(4).getString());
      s.objectives = json::parse(rows.getColumn(5).getString());
      s.output_constraints = json::parse(rows.getColumn(6).getString());
      s.keys = json::parse(rows.getColumn(7).getString()).get<std::vector<std::string>>();
      all.push_back(std::move(s));
    }
  });
  return all;
}

StoredSweep ResultStore::sweep(const std::string& which) {
  std::vector<StoredSweep> matching;
  std::vector<std::string> names;
  for (StoredSweep& s : sweeps()) {
    names.push_back(s.name);
    names.push_back(s.id);
    if (which.empty() || s.name == which || s.id.compare(0, which.size(), which) == 0)
      matching.push_back(std::move(s));
  }
  if (matching.size() == 1) return matching[0];
  if (names.empty()) throw ConfigError(path_, "holds no sweep yet");
  std::string listed;
  for (std::size_t i = 0; i < names.size(); i += 2)
    listed += fmt::format("{}{} ({})", i == 0 ? "" : ", ", names[i], names[i + 1]);
  if (matching.empty())
    throw ConfigError(
        path_, fmt::format("holds no sweep '{}'{}; it holds {}", which, did_you_mean(which, names), listed));
  throw ConfigError(path_, fmt::format("holds several sweeps: name one with --sweep: {}", listed));
}

std::vector<std::pair<PointStatus, std::uint64_t>> ResultStore::counts(const std::string& sweep) {
  std::array<std::uint64_t, EnumNames<PointStatus>::kWords.size()> counted{};
  guarded(path_, [&] {
    SQLite::Statement rows(
        *database_,
        "SELECT CASE WHEN p.state<>'' THEN p.state ELSE ifnull(r.status,'pending') END, count(*) "
        "FROM point p LEFT JOIN result r ON p.address=r.address WHERE p.sweep=? GROUP BY 1");
    rows.bind(1, sweep);
    while (rows.executeStep())
      counted[static_cast<std::size_t>(status_of(rows.getColumn(0).getString()))] +=
          static_cast<std::uint64_t>(rows.getColumn(1).getInt64());
  });
  std::vector<std::pair<PointStatus, std::uint64_t>> result;
  for (std::size_t s = 0; s < counted.size(); ++s) {
    if (counted[s] > 0) result.emplace_back(static_cast<PointStatus>(s), counted[s]);
  }
  return result;
}

std::uint64_t ResultStore::failures(const std::string& sweep) {
  std::uint64_t failed = 0;
  for (const auto& [status, n] : counts(sweep)) {
    for (const PointStatus bad :
         {PointStatus::failed, PointStatus::crashed, PointStatus::timed_out, PointStatus::out_of_memory})
      failed += status == bad ? n : 0;
  }
  return failed;
}

double ResultStore::wall_s(const std::string& sweep) {
  return guarded(path_, [&] {
    SQLite::Statement sum(
        *database_,
        "SELECT total(wall_s) FROM result WHERE address IN (SELECT address FROM point WHERE sweep=?)");
    sum.bind(1, sweep);
    sum.executeStep();
    return sum.getColumn(0).getDouble();
  });
}

void ResultStore::each_point(const std::string& sweep, bool with_json,
                             const std::function<void(const StoredPoint&)>& visit) {
  guarded(path_, [&] {
    SQLite::Statement rows(*database_, point_query(with_json) + "WHERE p.sweep=? ORDER BY p.ordinal");
    rows.bind(1, sweep);
    while (rows.executeStep()) {
      visit(read_point(rows, with_json, path_));
    }
  });
}

StoredPoint ResultStore::point(const std::string& sweep, std::uint64_t ordinal) {
  return guarded(path_, [&] {
    SQLite::Statement row(*database_, point_query(false) + "WHERE p.sweep=? AND p.ordinal=?");
    row.bind(1, sweep);
    row.bind(2, static_cast<std::int64_t>(ordinal));
    if (!row.executeStep()) throw ConfigError(path_, fmt::format("holds no point {}", ordinal));
    return read_point(row, false, path_);
  });
}

std::optional<StoredResult> ResultStore::result(const std::string& address) {
  return guarded(path_, [&]() -> std::optional<StoredResult> {
    SQLite::Statement row(*database_,
                          "SELECT r.status, r.error, r.wall_s" + metric_columns() +
                              ", ifnull(b.json, '') FROM result r LEFT JOIN body b ON r.address=b.address "
                              "WHERE r.address=?");
    row.bind(1, address);
    if (!row.executeStep()) return std::nullopt;
    StoredResult result = read_result(row, 0, true);
    check_json(result.json, "the result at " + address, path_);
    return result;
  });
}

void ResultStore::merge(const std::string& other) {
  { const ResultStore check(other, Access::read); }  // that it is one
  guarded(path_, [&] {
    commit();
    SQLite::Statement attach(*database_, "ATTACH ? AS other");
    attach.bind(1, other);
    attach.exec();
    SQLite::Transaction transaction(*database_);
    database_->exec("INSERT OR IGNORE INTO sweep SELECT * FROM other.sweep");
    database_->exec("INSERT OR IGNORE INTO point SELECT * FROM other.point");
    // A point that another shard pruned or failed does not hide one that was done.
    const std::string columns = result_columns();
    const std::string results = fmt::format("INTO result({}) SELECT {} FROM other.result", columns, columns);
    database_->exec("INSERT OR IGNORE " + results);
    database_->exec("INSERT OR REPLACE " + results + " WHERE status='done'");
    database_->exec("INSERT OR IGNORE INTO body SELECT * FROM other.body");
    transaction.commit();
    database_->exec("DETACH other");
  });
}

}  // namespace orrery
