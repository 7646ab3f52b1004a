#pragma once
// How elements lie in memory: their own bits, their share of what a block of them has in common (scales, zero
// points) and, where some are not stored, of what says which.

#include <optional>
#include <string>
#include <vector>

#include "sim/util/dtype.h"
#include "sim/util/sparsity.h"
#include "sim/util/units.h"

namespace orrery {

// Bits per element, to a 1024th.
class ElementBits {
 public:
  constexpr ElementBits() = default;
  static constexpr ElementBits of(std::uint32_t bits) { return ElementBits(bits * kParts); }
  // What a block of `elements` has in common, `bits` of it.
  static constexpr ElementBits shared(std::uint32_t bits, std::uint64_t elements) {
    return ElementBits(static_cast<std::uint32_t>((std::uint64_t{bits} * kParts + elements / 2) / elements));
  }

  // Of packed elements, rounded up to whole bytes.
  constexpr std::uint64_t bytes(std::uint64_t elements) const {
    return ceil_div<std::uint64_t>(elements * parts_, 8 * std::uint64_t{kParts});
  }
  // `times` as many for every `over` elements, rounded up.
  constexpr ElementBits spread(std::uint64_t times, std::uint64_t over) const {
    return ElementBits(static_cast<std::uint32_t>(ceil_div<std::uint64_t>(parts_ * times, over)));
  }
  constexpr double real() const { return static_cast<double>(parts_) / kParts; }
  constexpr std::uint32_t parts() const { return parts_; }

  friend constexpr ElementBits operator+(ElementBits a, ElementBits b) {
    return ElementBits(a.parts_ + b.parts_);
  }
  // Of more by fewer.
  friend constexpr ElementBits operator-(ElementBits a, ElementBits b) {
    return ElementBits(a.parts_ - b.parts_);
  }
  friend constexpr ElementBits operator*(ElementBits a, std::uint32_t times) {
    return ElementBits(a.parts_ * times);
  }
  friend constexpr bool operator==(ElementBits a, ElementBits b) { return a.parts_ == b.parts_; }
  friend constexpr bool operator!=(ElementBits a, ElementBits b) { return a.parts_ != b.parts_; }
  friend constexpr bool operator<(ElementBits a, ElementBits b) { return a.parts_ < b.parts_; }

 private:
  static constexpr std::uint32_t kParts = 1024;
  std::uint32_t parts_ = 0;

  constexpr explicit ElementBits(std::uint32_t parts) : parts_(parts) {}
};

struct StoredFormat {
  DType dtype = DType::fp16;               // as arithmetic takes it
  ElementBits bits = ElementBits::of(16);  // of an element, kept or not
  Sparsity sparsity = {};

  // Throws ConfigError beyond 2^64.
  std::uint64_t bytes(std::uint64_t elements) const;

  friend bool operator==(const StoredFormat& a, const StoredFormat& b) {
    return a.dtype == b.dtype && a.bits == b.bits && a.sparsity == b.sparsity;
  }
  friend bool operator!=(const StoredFormat& a, const StoredFormat& b) { return !(a == b); }
};

// As a format is stored where nobody says more: mxfp4 with a scale of 8 bits for 32 elements (Open Compute
// Project, Microscaling Formats 1.0), nvfp4 with one of 8 bits for 16, int4 with a scale of 16 bits and a
// zero point for 128; those of 8 bits share one number with a whole row or tensor, which is not counted.
StoredFormat stored_as(DType dtype);

// The same where only some elements of a matrix are kept, with what says which: ceil(log2 M) bits for each
// kept of N:M (NVIDIA, PTX ISA, mma.sp: 2 bits of 2:4), 32 bits for each kept block (the column index of
// block compressed rows), and for unstructured ones the fewer bits of a bitmap and of an index of 16 bits for
// each kept. What blocks of a format have in common (scales) is stored for blocks of all elements.
StoredFormat sparse(const StoredFormat& dense, const Sparsity& sparsity);

// By the words of the command line: those of stored_as, fp8_block (a scale of 32 bits for 128 x 128) and the
// k-quants of GGUF (q4_k: 144 bytes for 256 elements; ggml's block layouts).
std::optional<StoredFormat> stored_format_named(const std::string& word);
std::vector<std::string> stored_format_names();
// "fp8", or "int4 of 4.5 bits" where no word says it; "fp8 2:4".
std::string name_of(const StoredFormat& format);

}  // namespace orrery
