#pragma once
// The options that ask for requests: which, how fast, in what order they are served, and which latencies are
// wanted.

#include "sim/study/serve.h"
#include "tools/orrery/options.h"

namespace orrery {

// --trace --input --output --seed
po::options_description length_options();
LoadSpec lengths_from(const po::variables_map& values);
// Those and --rate --arrivals --cv --concurrency --think --offline --requests --speedup
// --distinct-prompts --shared-prefix
po::options_description load_options();
LoadSpec load_from(const po::variables_map& values);

// --ttft --tpot --e2e
po::options_description target_options();
RequestTargets targets_from(const po::variables_map& values);

// --policy --token-budget --max-sequences --kv-blocks --block-tokens --memory-share --chunked-prefill
// --prefix-cache --host-kv --host-link --ahead
po::options_description scheduler_options();
ServingOverrides overrides_from(const po::variables_map& values);

// --draft --draft-tokens --acceptance
po::options_description guessing_options();
// None where nothing is guessed; `llm`: whose own layer may guess. UsageError, ConfigError.
std::optional<Guessing> guessing_from(const po::variables_map& values, const LlmSpec& llm);

// "50ms", "1.5", "20us": seconds; 0 where the option is not given.
double time_from(const po::variables_map& values, const char* option);

}  // namespace orrery
