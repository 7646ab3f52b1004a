#pragma once
// Files of requests, told apart by their first line: CSV with arrivals and lengths (Azure's LLM inference
// traces, BurstGPT, our own: arrival_s, input_tokens, output_tokens), JSON lines (Mooncake: timestamp in ms,
// input_length, output_length, hash_ids of 512 tokens), results of vLLM's and SGLang's benchmark clients
// (input_lens, output_lens).

#include <memory>
#include <string>

#include "sim/serve/request_source.h"

namespace orrery {

// Requests come in the order of the file, the first at 0 s. With `needs_arrivals` a file that has none is
// refused. `output_column`: of a CSV file, in place of the usual ones. Throws ConfigError with the line: not
// there, empty, an unknown format, a time before the one above it, a negative or missing number.
std::unique_ptr<RequestSource> open_request_trace(const std::string& path, bool needs_arrivals,
                                                  const std::string& output_column = "");

}  // namespace orrery
