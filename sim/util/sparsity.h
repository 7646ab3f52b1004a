#pragma once
// Which elements of a tensor are kept, where the others are zero and are not stored.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

namespace orrery {

enum class SparsityKind : std::uint8_t {
  dense,
  n_of_m,        // N of every M neighbours along the reduction
  blocks,        // some blocks whole, the others not at all
  unstructured,  // wherever they are
  circulant,     // blocks whose rows are their first one turned: one row of each is kept
};

struct Sparsity {
  SparsityKind kind = SparsityKind::dense;
  std::uint32_t kept = 1, of = 1;  // N and M; a density in millionths; 1 and the rows of a circulant block
  std::uint32_t block_rows = 0, block_cols = 0;  // along the reduction and across it, of blocks

  bool is_dense() const { return kind == SparsityKind::dense; }
  double share() const { return static_cast<double>(kept) / of; }
  // Of so many elements, rounded up.
  std::uint64_t kept_of(std::uint64_t elements) const;
  // Whether what is kept so is kept as `other` (of kind n_of_m) says, too: 1:4 and 2:8 keep at most N of
  // each M of 2:4 and 4:8.
  bool satisfies(const Sparsity& other) const;

  friend bool operator==(const Sparsity& a, const Sparsity& b) {
    return std::tie(a.kind, a.kept, a.of, a.block_rows, a.block_cols) ==
           std::tie(b.kind, b.kept, b.of, b.block_rows, b.block_cols);
  }
  friend bool operator!=(const Sparsity& a, const Sparsity& b) { return !(a == b); }
};

// Why a matrix of so many rows and columns cannot be kept so; "" where it can.
std::string misfit_of(const Sparsity& sparsity, std::uint64_t rows, std::uint64_t cols);

// "dense", "2:4" (2 of every 4), "32x64:0.3" (blocks of 32 along the reduction by 64, 0.3 of them kept),
// "0.3" (of the elements, wherever), "circulant:16" (blocks of 16 x 16 that are one row, turned); none where
// a word says nothing of the kind.
std::optional<Sparsity> sparsity_named(const std::string& word);
std::string name_of(const Sparsity& sparsity);
// How such words look, for messages.
inline constexpr const char* kSparsityWords =
    "dense, N:M (2:4), a density (0.3), blocks of rows along the reduction by columns, and their density "
    "(32x64:0.3), or circulant blocks of a power of two (circulant:16)";

}  // namespace orrery
