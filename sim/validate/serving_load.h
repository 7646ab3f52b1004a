#pragma once
// What a measured serving run's row says of its requests and its engine.

#include "sim/study/serve.h"
#include "sim/validate/cells.h"

namespace orrery {

// Arrivals and lengths. A row's trace is a file below the row's own folder. Throws ConfigError.
LoadSpec serving_load(const CsvRow& row);

// Limits and switches that the row states; what it does not say is the runtime's.
ServingOverrides serving_overrides(const CsvRow& row);

// The row's own degrees and formats, as a scenario of a configuration; `native_fp8`: the machine multiplies
// them.
nlohmann::json serving_scenario(const CsvRow& row, bool quantized_file, bool native_fp8);

// Speculative decoding, where the row has it: its client measures gaps between a step's tokens and the next
// one's (itl) and the time per token (tpot), so how much is guessed right is the row's own; engine_args say
// how far it guesses. Throws ConfigError: a column that does not say so.
std::optional<Guessing> serving_guessing(const CsvRow& row, const LlmSpec& llm);

// "1 prefill + 3 decode workers": copies that compute prompts for others; 0 where all do both.
std::uint32_t prefill_copies(const CsvRow& row);
// Copies of the model that serve.
std::uint32_t serving_copies(const CsvRow& row, std::uint32_t devices_of_one);

}  // namespace orrery
