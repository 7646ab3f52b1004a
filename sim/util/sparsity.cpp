#include "sim/util/sparsity.h"

#include <fmt/format.h>

#include <cmath>
#include <regex>

#include "sim/util/units.h"

namespace orrery {
namespace {

constexpr std::uint32_t kMillion = 1'000'000;
constexpr std::uint32_t kMostNeighbours = 256;
constexpr std::uint32_t kLargestBlock = 65536;
constexpr std::uint32_t kMostTurned = 4096;

// Between none and all, to a millionth; 0 for anything else.
std::uint32_t density_of(const std::string& text) {
  const double density = std::stod(text);
  const double millionths = std::round(density * kMillion);
  return millionths >= 1 && millionths < kMillion ? static_cast<std::uint32_t>(millionths) : 0;
}

// "0.3": to the millionth that it is kept to.
std::string density_word(double density) {
  std::string word = fmt::format("{:.6f}", density);
  word.erase(word.find_last_not_of('0') + 1);
  return word;
}

std::uint32_t whole(const std::string& text, std::uint32_t most) {
  if (text.size() > 6) return 0;
  const unsigned long number = std::stoul(text);
  return number <= most ? static_cast<std::uint32_t>(number) : 0;
}

}  // namespace

std::uint64_t Sparsity::kept_of(std::uint64_t elements) const {
  // In whole groups of `of`, and of what is left: nothing of either is beyond `elements`.
  return elements / of * kept + ceil_div(elements % of * kept, std::uint64_t{of});
}

bool Sparsity::satisfies(const Sparsity& other) const {
  if (kind != SparsityKind::n_of_m || other.kind != SparsityKind::n_of_m) return false;
  // Groups of M hold whole groups of its own, or are parts of one.
  if (other.of % of == 0) return kept * (other.of / of) <= other.kept;
  return of % other.of == 0 && kept <= other.kept;
}

std::string misfit_of(const Sparsity& sparsity, std::uint64_t rows, std::uint64_t cols) {
  if (sparsity.kind != SparsityKind::circulant || (rows >= sparsity.of && cols >= sparsity.of)) return "";
  return fmt::format("circulant blocks of {0} x {0} do not fit into {1} x {2} weights", sparsity.of, rows,
                     cols);
}

std::optional<Sparsity> sparsity_named(const std::string& word) {
  static const std::regex n_of_m("([0-9]+):([0-9]+)");
  static const std::regex blocks("([0-9]+)x([0-9]+):(0?\\.[0-9]+)");
  static const std::regex circulant("circulant:([0-9]+)");
  static const std::regex density("0?\\.[0-9]+");
  Sparsity s;
  if (word == "dense") return s;
  std::smatch parts;
  if (std::regex_match(word, parts, n_of_m)) {
    s.kind = SparsityKind::n_of_m;
    s.kept = whole(parts[1], kMostNeighbours);
    s.of = whole(parts[2], kMostNeighbours);
    if (s.kept == 0 || s.kept >= s.of) return std::nullopt;
    return s;
  }
  if (std::regex_match(word, parts, circulant)) {
    s.kind = SparsityKind::circulant;
    s.of = whole(parts[1], kMostTurned);
    if (s.of < 2 || (s.of & (s.of - 1)) != 0) return std::nullopt;
    return s;
  }
  s.of = kMillion;
  if (std::regex_match(word, parts, blocks)) {
    s.kind = SparsityKind::blocks;
    s.block_rows = whole(parts[1], kLargestBlock);
    s.block_cols = whole(parts[2], kLargestBlock);
    s.kept = density_of(parts[3]);
    if (s.block_rows == 0 || s.block_cols == 0 || s.kept == 0) return std::nullopt;
    return s;
  }
  if (!std::regex_match(word, density)) return std::nullopt;
  s.kind = SparsityKind::unstructured;
  s.kept = density_of(word);
  if (s.kept == 0) return std::nullopt;
  return s;
}

std::string name_of(const Sparsity& sparsity) {
  switch (sparsity.kind) {
    case SparsityKind::dense:
      return "dense";
    case SparsityKind::n_of_m:
      return fmt::format("{}:{}", sparsity.kept, sparsity.of);
    case SparsityKind::blocks:
      return fmt::format("{}x{}:{}", sparsity.block_rows, sparsity.block_cols,
                         density_word(sparsity.share()));
    case SparsityKind::unstructured:
      return density_word(sparsity.share());
    case SparsityKind::circulant:
      return fmt::format("circulant:{}", sparsity.of);
  }
  return "";
}

}  // namespace orrery
