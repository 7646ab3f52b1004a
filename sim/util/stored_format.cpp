#include "sim/util/stored_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/util/checked.h"

namespace orrery {
namespace {

struct NamedFormat {
  const char* word;
  StoredFormat format;
};

// A block of GGUF: so many bytes for 256 elements.
constexpr StoredFormat block(DType dtype, std::uint32_t bytes) {
  return {dtype, ElementBits::shared(8 * bytes, 256)};
}
constexpr StoredFormat whole(DType dtype, std::uint32_t bits) {
  return {dtype, ElementBits::of(bits)};
}

constexpr NamedFormat kFormats[] = {
    {"fp32", whole(DType::fp32, 32)},
    {"tf32", whole(DType::tf32, 32)},
    {"bf16", whole(DType::bf16, 16)},
    {"fp16", whole(DType::fp16, 16)},
    {"fp8", whole(DType::fp8, 8)},
    {"fp8_block", {DType::fp8, ElementBits::of(8) + ElementBits::shared(32, 128 * 128)}},
    {"mxfp8", {DType::fp8, ElementBits::of(8) + ElementBits::shared(8, 32)}},
    {"int8", whole(DType::int8, 8)},
    {"int4", {DType::int4, ElementBits::of(4) + ElementBits::shared(16 + 4, 128)}},
    {"mxfp4", {DType::mxfp4, ElementBits::of(4) + ElementBits::shared(8, 32)}},
    {"nvfp4", {DType::nvfp4, ElementBits::of(4) + ElementBits::shared(8, 16)}},
    {"q2_k", block(DType::int4, 84)},
    {"q3_k", block(DType::int4, 110)},
    {"q4_k", block(DType::int4, 144)},
    {"q5_k", block(DType::int8, 176)},
    {"q6_k", block(DType::int8, 210)},
    {"q8_0", block(DType::int8, 272)},
};

// Bits that say which elements are kept, per element.
ElementBits index_bits(const Sparsity& s) {
  switch (s.kind) {
    case SparsityKind::dense:
    case SparsityKind::circulant:
      return {};
    case SparsityKind::n_of_m: {
      std::uint32_t position = 0;
      while ((1U << position) < s.of) ++position;
      return ElementBits::of(position).spread(s.kept, s.of);
    }
    case SparsityKind::blocks:
      return ElementBits::shared(32, std::uint64_t{s.block_rows} * s.block_cols).spread(s.kept, s.of);
    case SparsityKind::unstructured:
      return std::min(ElementBits::of(1), ElementBits::of(16).spread(s.kept, s.of));
  }
  return {};
}

// Of a format's bits those of its elements alone; all, where a block's own are among them.
ElementBits own_bits(const StoredFormat& format) {
  return std::min(format.bits, ElementBits::of(storage_bits(format.dtype)));
}

}  // namespace

StoredFormat sparse(const StoredFormat& dense, const Sparsity& sparsity) {
  if (sparsity.is_dense()) return dense;
  StoredFormat format = dense;
  format.sparsity = sparsity;
  // Of blocks that are not stored, or stored once, no scales are stored either.
  const bool whole = sparsity.kind == SparsityKind::blocks || sparsity.kind == SparsityKind::circulant;
  const ElementBits own = whole ? dense.bits : own_bits(dense);
  format.bits = own.spread(sparsity.kept, sparsity.of) + (dense.bits - own) + index_bits(sparsity);
  return format;
}

std::uint64_t StoredFormat::bytes(std::uint64_t elements) const {
  checked_product({elements, bits.parts()});
  return bits.bytes(elements);
}

StoredFormat stored_as(DType dtype) {
  for (const NamedFormat& named : kFormats) {
    if (named.format.dtype == dtype) return named.format;
  }
  return {dtype, ElementBits::of(storage_bits(dtype))};
}

std::optional<StoredFormat> stored_format_named(const std::string& word) {
  for (const NamedFormat& named : kFormats) {
    if (word == named.word) return named.format;
  }
  return std::nullopt;
}

std::vector<std::string> stored_format_names() {
  std::vector<std::string> names;
  for (const NamedFormat& named : kFormats) names.emplace_back(named.word);
  return names;
}

std::string name_of(const StoredFormat& format) {
  if (!format.sparsity.is_dense()) {
    for (const NamedFormat& named : kFormats) {
      if (named.word[0] != 'q' && sparse(named.format, format.sparsity) == format)
        return std::string(named.word) + " " + name_of(format.sparsity);
    }
    return fmt::format("{} {} of {:g} bits", to_string(format.dtype), name_of(format.sparsity),
                       format.bits.real());
  }
  for (const NamedFormat& named : kFormats) {
    // A k-quant's bits may be another's, too.
    if (format == named.format && named.word[0] != 'q') return named.word;
  }
  return fmt::format("{} of {:g} bits", to_string(format.dtype), format.bits.real());
}

}  // namespace orrery
