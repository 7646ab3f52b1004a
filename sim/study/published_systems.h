#pragma once
// Systems that were published with figures (schema orrery/system/1): each figure is a question, and what is
// simulated stands beside what was printed. A ratio's baseline is a question of its own.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/describe/document_kind.h"
#include "sim/describe/fields.h"
#include "sim/serve/inference.h"
#include "sim/study/asked_run.h"

namespace orrery {

struct PublishedFigure {
  std::string quantity, unit;
  double published = 0;
  double published_to = 0;  // the far end of what was printed as a range; 0: one number
  double scale = 1;         // the metric's unit in the figure's
  double amount = 0;        // of work: the figure is its rate, amount / metric; 0: the metric itself
  double target = 0.15;     // share that it may be off
  AskedRun run;
  std::optional<AskedRun> against;  // the figure is this one's metric over the run's
  std::string source, reason;
};
template <>
const Table& table_of<PublishedFigure>();

struct PublishedSystem {
  std::string name, kind, source;
  std::uint32_t year = 0;
  bool survey = false;  // of the 24 of Kachris, arXiv 2401.09890
  std::vector<PublishedFigure> figures;
  std::string reason;       // why there is no figure that is simulated
  std::string cannot_hold;  // why the survey's own figure is not one to reproduce, by the primary source
};
template <>
const Table& table_of<PublishedSystem>();

inline constexpr DocumentKind kSystem = {"orrery/system/1", "system", "systems", &table_of<PublishedSystem>};

// In the catalogue, sorted by name. Throws ConfigError.
std::vector<PublishedSystem> published_systems();

// reproduced: within its target. explained: off for a reason that is said. off: neither. missing: none of the
// system's figures is simulated.
enum class SystemVerdict : std::uint8_t { off, missing, explained, reproduced };
template <>
struct EnumNames<SystemVerdict> {
  static constexpr std::array<const char*, 4> kWords = {"off", "missing", "explained", "reproduced"};
};

struct SystemRow {
  std::string system, quantity, unit;
  // error: (simulated - published) / published; of a range by its nearer end, none inside.
  std::optional<double> published, published_to, simulated, error;
  SystemVerdict verdict = SystemVerdict::off;
  std::string reason;
};
template <>
const Table& table_of<SystemRow>();

// Simulates what the figures ask, each machine in a process of its own, at most `jobs` at a time. A run that
// fails is its row's reason, and off. Worst verdict first, and within it the largest error.
std::vector<SystemRow> simulated_systems(const std::vector<PublishedSystem>& systems, Session& session,
                                         std::size_t jobs, const Progress& progress = {});

}  // namespace orrery
