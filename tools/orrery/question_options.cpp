#include "tools/orrery/question_options.h"

#include <filesystem>
#include <iostream>
#include <set>

#include "sim/study/configured.h"
#include "sim/util/ends_with.h"
#include "sim/workload/attention_pattern.h"
#include "sim/workload/attention_table.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostSequences = std::uint64_t{1} << 24;
constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 27;  // a sequence
constexpr std::uint64_t kMostChips = 65536;
constexpr std::uint64_t kMostLayers = 16384;

// What is made of them is the scenario's (workload/parallelism.h).
void put_degrees(json& scenario, const po::variables_map& values) {
  for (const char* degree : {"devices", "tp", "pp", "ep", "dp", "cp"}) {
    if (values.count(degree) != 0) scenario[degree] = whole_between(values, degree, 1, kMostChips);
  }
  if (values.count("micro-batches") != 0)
    scenario["micro_batches"] = whole_between(values, "micro-batches", 1, kMostChips);
  if (values.count("expert-load") != 0) scenario["expert_load"] = values["expert-load"].as<std::string>();
}

// As text, whose own words go into what a result depends on.
std::string patterns_from(const std::string& text) {
  std::error_code none;
  if (std::filesystem::is_regular_file(text, none)) return attention_patterns_of_file(text);
  if (text.find('/') != std::string::npos || ends_with(text, ".csv"))
    throw UsageError("--attention: there is no file '" + text + "'");
  attention_patterns(text);
  return text;
}

// A batch of sequences of one length; who serves requests has none.
void put_batch(json& scenario, const po::variables_map& values) {
  scenario["batch"] = whole_between(values, "batch", 1, kMostSequences);
  if (values.count("input") != 0) scenario["input"] = whole_between(values, "input", 1, kMostTokens);
  if (values.count("sequence") != 0) {
    scenario["input"] = whole_between(values, "sequence", 1, kMostTokens);
    scenario["output"] = 1;
  }
  if (values.count("output") != 0) scenario["output"] = whole_between(values, "output", 1, kMostTokens);
}

json asked(const po::variables_map& values) {
  json scenario = json::object();
  if (values.count("batch") != 0) {
    put_batch(scenario, values);
  } else {  // requests come with lengths of their own
    scenario["input"] = scenario["output"] = 1;
    if (values.count("dp") != 0) scenario["batch"] = whole_between(values, "dp", 1, kMostChips);  // one each
  }
  if (values.count("layers") != 0) scenario["layers"] = whole_between(values, "layers", 1, kMostLayers);
  if (values.count("dtype") != 0)
    scenario["dtype"] = to_string(parse_dtype_option(values["dtype"].as<std::string>()));
  for (const char* part : {"weights", "activations", "kv"}) {
    if (values.count(part) == 0) continue;
    scenario[part] = values[part].as<std::string>();
    format_named(scenario[part]);
  }
  if (values.count("sparsity") != 0) {
    scenario["sparsity"] = values["sparsity"].as<std::string>();
    weight_sparsity_named(scenario["sparsity"]);
  }
  if (values.count("attention") != 0)
    scenario["attention"] = patterns_from(values["attention"].as<std::string>());
  put_degrees(scenario, values);
  if (values.count("step") != 0) {
    for (const char* key : {"batch", "input", "output"}) {
      if (values.count(key) != 0 && !values[key].defaulted())
        throw UsageError(std::string("--") + key + " beside --step, whose groups say it; leave it out");
      scenario.erase(key);
    }
    scenario["step"] = values["step"].as<std::string>();
    step_named(scenario["step"]);
  }
  return scenario;
}

}  // namespace

po::options_description patch_options() {
  po::options_description options("Changes");
  options.add_options()(kPatches, po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "a key of any document set anew (may stand alone): arch.dram.channels=96, "
                        "arch.shared_buffer.size_mib=64MiB, runtime.token_budget=4096");
  return options;
}

std::vector<Patch> patches_from(const po::variables_map& values) {
  if (values.count(kPatches) == 0) return {};
  return parse_patches(values[kPatches].as<std::vector<std::string>>());
}

po::options_description division_options() {
  po::options_description options("How chips divide the model");
  options.add_options()  //
      ("devices", po::value<std::int64_t>()->value_name("N"),
       "chips in all (default: what the machine file says, or the product of the degrees); without a degree "
       "they share each layer")  //
      ("tp", po::value<std::int64_t>()->value_name("N"),
       "tensor parallel: chips that share each layer; what is left of --devices are pipeline stages")  //
      ("pp", po::value<std::int64_t>()->value_name("N"), "pipeline parallel: stages of layers")        //
      ("ep", po::value<std::int64_t>()->value_name("N"),
       "expert parallel: chips that share a mixture's experts, of --tp, or of --tp x --dp")  //
      ("dp", po::value<std::int64_t>()->value_name("N"),
       "data parallel: replicas (of attention, where --ep goes beyond --tp) that share the batch")  //
      ("cp", po::value<std::int64_t>()->value_name("N"),
       "context parallel: chips that share a sequence (ring attention)")  //
      ("micro-batches", po::value<std::int64_t>()->value_name("N"),
       "that a batch flows through a pipeline in (default: as many as stages)")  //
      ("expert-load", po::value<std::string>()->value_name("LOAD"),
       "what tokens want of a mixture's experts: uniform (default), zipf:EXPONENT, power:EXPONENT, or a file "
       "of counts, an expert each");
  return options;
}

po::options_description scenario_options() {
  po::options_description options("What is run");
  options.add_options()                                                                             //
      ("batch", po::value<std::int64_t>()->default_value(1)->value_name("N"), "sequences at once")  //
      ("input", po::value<std::int64_t>()->default_value(1024)->value_name("N"),
       "prompt tokens a sequence")  //
      ("output", po::value<std::int64_t>()->value_name("N"),
       "tokens generated a sequence (default 128; 1 for an encoder)")  //
      ("step", po::value<std::string>()->value_name("GROUPS"),
       "one step of a replica in place of prompts and answers: KIND:SEQUENCES[xNEW]@CONTEXT, ... with kinds "
       "prefill, decode and verify (prefill:1x512@2048,decode:64@4096)");
  return options.add(model_options());
}

po::options_description model_options() {
  po::options_description options("How the model runs");
  options.add_options()                                                                              //
      ("layers", po::value<std::int64_t>()->value_name("N"), "run only the model's first N layers")  //
      ("dtype", po::value<std::string>()->value_name("T"),
       "format of weights and activations: shorthand for the next two (default: what the model's file says, "
       "or "
       "the machine's)")  //
      ("weights", po::value<std::string>()->value_name("F"),
       "stored format of the layers' matrices (orrery list stored)")  //
      ("activations", po::value<std::string>()->value_name("F"),
       "format in which products with them read activations")  //
      ("kv", po::value<std::string>()->value_name("F"),
       "of keys and values (default: the file's, or 16 bits)")  //
      ("sparsity", po::value<std::string>()->value_name("P"),
       "weights of the layers' matrices that are kept: 2:4, 0.3 (a share, wherever), 32x64:0.3 (of blocks), "
       "circulant:16 (blocks that are one row, turned), dense (default: what the model's file says)")  //
      ("attention", po::value<std::string>()->value_name("P"),
       "positions that attention reads: window:W, dilated:D, global:G (beside a window), topk:K[xBLOCK], "
       "density:D, tokens:S[..T] (a share of the tokens goes on, from the first to the last layer), full or "
       "model, joined by '+'; several between commas for layers in turn; or a table layer,attention "
       "(default: as the model's file says)")  //
      ("runtime", po::value<std::string>()->default_value("ideal")->value_name("R"),
       "software stack (orrery list runtimes); ideal: no launch cost, no host time");
  return options.add(division_options());
}

void add_store(po::options_description& options) {
  options.add_options()("no-store",
                        "neither take kernels from the store on disk nor keep any there (orrery store)");
}

bool uses_store(const po::variables_map& values) {
  return values.count("no-store") == 0;
}

po::options_description fidelity_options() {
  po::options_description options("How");
  options.add_options()  //
      ("node", po::value<std::string>()->value_name("NAME"),
       "chips, links and protocols of this node (orrery list nodes) instead of the machine's own")  //
      ("fidelity", po::value<std::string>()->default_value("tile")->value_name("F"),
       "roofline (a bound), tile, or cycle (slow: small kernels)")  //
      ("objective", po::value<std::string>()->default_value("time")->value_name("O"),
       "what a free mapper chooses tilings by: time (energy decides within 1 %), energy or edp")  //
      ("exact", "simulate every kernel, layer and step: no cache, replication, sampling or skipping");
  add_store(options);
  return options;
}

std::vector<Question> questions_from(const std::vector<std::string>& archs, const po::variables_map& values) {
  const bool model = values.count("model") != 0;
  std::vector<Question> questions;
  for (const std::string& arch : archs) {
    questions.push_back({{arch, given(values, "model"), given(values, "runtime"), given(values, "node")},
                         model ? asked(values) : json::object()});
  }
  return questions;
}

std::vector<Posed> posed_from(const std::vector<Question>& questions, const po::variables_map& values) {
  std::vector<Posed> all;
  std::set<std::string> warnings;
  for (const json& c : configurations_of(questions, patches_from(values))) {
    const Posed& q = all.emplace_back(posed(c));
    if (!q.llm) continue;
    for (const std::string& warning : scenario_warnings(*q.llm, q.scenario)) warnings.insert(warning);
  }
  for (const std::string& warning : warnings) std::cerr << "orrery: warning: " << warning << '\n';
  return all;
}

Posed posed_from(const std::string& arch, const po::variables_map& values) {
  return posed_from(questions_from({arch}, values), values).front();
}

RunnerOptions runner_options_from(const po::variables_map& values) {
  RunnerOptions options;
  options.fidelity = named<Fidelity>(values["fidelity"].as<std::string>(), "--fidelity");
  options.objective = named<MapObjective>(values["objective"].as<std::string>(), "--objective");
  options.exact = values.count("exact") != 0;
  return options;
}

Session session_from(const po::variables_map& values) {
  return Session(runner_options_from(values), uses_store(values));
}

void warn_of_store(const Session& session) {
  if (const std::string trouble = session.trouble(); !trouble.empty())
    std::cerr << "orrery: warning: " << trouble << '\n';
}

}  // namespace orrery
