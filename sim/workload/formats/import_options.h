#pragma once
// What a user says of a file beyond what it holds.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "sim/util/dtype.h"

namespace orrery {

struct ImportOptions {
  std::optional<std::uint32_t> devices;  // that take part, where one rank's file stands for all
  std::optional<DType> dtype;            // whatever the file says
  DType unstated = DType::fp16;          // of what states none
  // Extents that a file leaves open.
  std::optional<std::uint64_t> asked_batch, asked_tokens, asked_past;
  std::uint64_t batch() const { return asked_batch.value_or(1); }
  std::uint64_t tokens() const { return asked_tokens.value_or(1); }  // of a sequence, new
  std::uint64_t past() const { return asked_past.value_or(0); }      // before those

  DType format() const { return dtype.value_or(unstated); }
};

// Of a file that says all of it itself. Throws ConfigError that names the option.
void refuse_options(const std::filesystem::path& file, const ImportOptions& options);

}  // namespace orrery
