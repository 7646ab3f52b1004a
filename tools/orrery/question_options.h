#pragma once
// The options that ask a question, alike in all commands: which documents, what is run, how closely, and what
// KEY=VALUE arguments set anew.

#include <string>
#include <vector>

#include "sim/study/evaluate.h"
#include "tools/orrery/options.h"

namespace orrery {

// KEY=VALUE arguments; parse_options takes them as `kPatches`.
inline constexpr const char* kPatches = "set";
po::options_description patch_options();
std::vector<Patch> patches_from(const po::variables_map& values);

// --devices --tp --pp --ep --dp --cp --micro-batches --expert-load
po::options_description division_options();
// --layers --dtype and other formats, --sparsity --attention --runtime, and those
po::options_description model_options();
// --batch --input --output --layers --dtype --runtime and those
po::options_description scenario_options();
// --no-store
void add_store(po::options_description& options);
bool uses_store(const po::variables_map& values);
// --node --fidelity --objective --exact --no-store
po::options_description fidelity_options();

// Of each machine: --model (where there is one), --runtime, --node and the scenario asked for.
std::vector<Question> questions_from(const std::vector<std::string>& archs, const po::variables_map& values);
// Changed by the patches, in the structs that are run.
std::vector<Posed> posed_from(const std::vector<Question>& questions, const po::variables_map& values);
Posed posed_from(const std::string& arch, const po::variables_map& values);

RunnerOptions runner_options_from(const po::variables_map& values);
Session session_from(const po::variables_map& values);
// Says on stderr why the kernel store is not used, if it is not.
void warn_of_store(const Session& session);

}  // namespace orrery
