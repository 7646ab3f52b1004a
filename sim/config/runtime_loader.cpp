#include "sim/config/runtime_loader.h"

#include <algorithm>
#include <regex>

#include "sim/operators/operator_row.h"
#include "sim/util/ends_with.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

constexpr double kLongestUs = 1e6;

const Table& framework_table() {
  static const Table table = [] {
    using R = RuntimeSpec;
    Fields<R> f("operators that go through more of the framework, with costs of their own");
    std::vector<std::string> names;
    for (const OperatorRow& row : kOperators) {
      if (!std::holds_alternative<CollectiveFamily>(row.family)) names.emplace_back(row.name);
    }
    f.key("names", &R::framework_operators, "", "of the operators")
        .shaped(Shape::list(Shape::word(names)))
        .required();
    f.key("call_us", &R::framework_call_us, "us", "as call_us, of these").required().range(0, kLongestUs);
    f.key("least_call_us", &R::framework_least_call_us, "us", "as least_call_us, of these")
        .required()
        .range(0, kLongestUs);
    return Table(f);
  }();
  return table;
}

}  // namespace

template <>
const Table& table_of<LimitsByMemory>() {
  static const Table table = [] {
    using L = LimitsByMemory;
    Fields<L> f("limits that an engine takes by itself on machines of so much memory", Bears::none);
    f.key("above_gib", &L::above_gib, "GiB", "a device has more memory than this").range(0, 1e6);
    f.key("except", &L::except, "", "machines that the engine leaves out, by the end of their names");
    f.key("token_budget", &L::token_budget, "tokens", "of a step").range(1, 1e9);
    f.key("sequences", &L::sequences, "sequences", "that run at once").range(1, 1e6);
    f.key("graph_sizes", &L::graph_sizes, "tokens", "largest step that a recorded graph runs").range(0, 1e6);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ServingKeys>() {
  static const Table table = [] {
    using K = ServingKeys;
    Fields<K> f("how requests are scheduled", Bears::none);
    f.key("policy", &K::policy, "",
          "who runs in the next step: static (a batch until its last sequence ends), vllm_v0 (prompts first, "
          "whole), vllm_v1 (decoding first, within a budget of tokens), sglang (prompts first, in pieces), "
          "trtllm_no_evict (starts what can end), trtllm_max_utilization (packs, and pauses)");
    f.key("sequences", &K::sequences, "sequences", "that run at once").range(1, 1e6);
    f.key("block_tokens", &K::block_tokens, "tokens", "of a block of keys and values").range(1, 65536);
    f.key("chunked_prefill", &K::chunked_prefill, "", "prompts may be cut at the budget");
    f.key("prefix_cache", &K::prefix_cache, "",
          "keys and values of prompts are kept for those that begin alike");
    f.key("ahead", &K::ahead, "",
          "a step is formed while the one before runs: what arrives meanwhile waits for the one after");
    f.key("watermark", &K::watermark, "", "share of the blocks that admission leaves free").range(0, 0.9);
    f.key("graph_sizes", &K::graph_sizes, "tokens",
          "largest step that a recorded graph runs, to whose sizes steps are padded; 0: none")
        .range(0, 1e6);
    f.key("reserve_first", &K::reserve_first, "",
          "sglang: share of the tokens to come that admission holds free, at first")
        .range(0, 10);
    f.key("reserve_last", &K::reserve_last, "", "the same after reserve_steps steps").range(0, 10);
    f.key("reserve_steps", &K::reserve_steps, "steps", "over which it falls").range(1, 1e9);
    f.key("reserve_most", &K::reserve_most, "tokens", "of one sequence that are counted").range(0, 1e9);
    f.key("by_memory", &K::by_memory, "", "limits by a device's memory; the first that fits counts");
    f.key("guessing_sequences", &K::guessing_sequences, "sequences",
          "that run at once where tokens are guessed (speculative decoding)")
        .range(1, 1e6)
        .standing("sequences");
    f.key("guessing_ahead", &K::guessing_ahead, "", "the same of ahead").standing("ahead");
    f.key("budget_of_context", &K::budget_of_context, "",
          "where prompts are not cut, the budget of a step is at least the model's context");
    f.key("other_gib", &K::other_gib, "GiB",
          "of a device that is neither weights, activations nor cache: context, buffers, workspaces")
        .range(0, 1000);
    f.key("logit_bytes", &K::logit_bytes, "bytes",
          "that sampling takes of a device for each sequence and word of the vocabulary")
        .range(0, 1000);
    f.key("request_us", &K::request_us, "us",
          "a request's way from the client to the scheduler and its first token's way back")
        .range(0, 1e8);
    f.key("handover_us", &K::handover_us, "us",
          "from a machine that computes prompts to one that decodes, beside the wire: step boundaries, "
          "dispatch")
        .range(0, 1e8);
    f.key("prompt_token_us", &K::prompt_token_us, "us", "of that, for each token of the prompt")
        .range(0, 1e6);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<RuntimeSpec>() {
  static const Table table = [] {
    using R = RuntimeSpec;
    Fields<R> f("orrery/runtime/1: a software stack that runs a model on a machine");
    f.document("orrery/runtime/1");
    f.key("name", &R::name, "", "what it goes by").required().characters(1, 200).bears(Bears::none);
    f.key(
         "kernel_gap_us", &R::kernel_gap_us, "us",
         "between a kernel and the next of the same stream or graph; below 0 where the next one's start lies "
         "beside the end of the one before")
        .range(-10, 1e5);
    f.key("step_us", &R::step_us, "us",
          "host work of a step (scheduling, inputs, sampling) that the device waits for")
        .range(0, 1e7);
    f.key("group_us", &R::group_us, "us",
          "more of it where several devices run the step together: its inputs are sent to their workers")
        .range(0, 1e7);
    f.key("sequence_us", &R::sequence_us, "us", "the same for each sequence of the batch")
        .range(0, kLongestUs);
    f.key("kv_memory_fraction", &R::kv_memory_fraction, "",
          "share of a device's memory the stack may fill; what weights and activations leave of it holds "
          "paged keys and values. 0: a batch must fit whole")
        .range(0, 1);
    f.key("token_budget", &R::token_budget, "tokens",
          "of prompts that a step takes at most; longer prompts run in pieces")
        .range(1, 1e9);
    f.key("own_collectives", &R::own_collectives, "",
          "all-reduces of its own inside a node, where the node says what they cost");
    f.key("older_collectives", &R::older_collectives, "",
          "collectives of the library as it was in 2023, where the node says what those cost");
    f.key("scalar_rows", &R::scalar_rows, "",
          "norms and activations by kernels whose threads load an element each, as engines of 2023 had them, "
          "where the library knows them (scalar_kernels)");
    f.key("product", &R::product, "", "whose it is, as measurements name it").bears(Bears::none);
    f.key("from_version", &R::from_version, "", "the first version that it stands for").bears(Bears::none);
    f.key("from_date", &R::from_date, "", "when that came: 2026-01").bears(Bears::none);
    f.key("engine", &R::engine, "",
          "whose attention kernels run, where the machine's library knows them (engine_attention)");
    f.key("preempts", &R::preempts, "", "sequences that run out of cache are set back and recomputed");
    f.key("scheduler", &R::serving, "", "how requests are scheduled");
    f.key("fused", &R::fused, "",
          "operators that run as parts of others, beside those that the machine fuses");
    f.key("apart", &R::apart, "",
          "operators that are kernels of their own, though the machine could fuse them");
    f.key("call_us", &R::call_us, "us",
          "by the host's clock, what a call adds to an operator's time on the device")
        .range(0, kLongestUs);
    f.key("least_call_us", &R::least_call_us, "us", "the least a call takes by the host's clock")
        .range(0, kLongestUs);
    f.group("framework_operators", &framework_table,
            "operators that go through more of the framework, with costs of their own");
    return Table(f);
  }();
  return table;
}

std::vector<std::string> runtime_names() {
  return names_of(kRuntime);
}

ServingLimits ServingKeys::on(const std::string& machine, double memory_gib) const {
  ServingLimits limits = *this;
  const auto left_out = [&](const LimitsByMemory& by) {
    return std::any_of(by.except.begin(), by.except.end(),
                       [&](const std::string& name) { return ends_with(machine, name); });
  };
  for (const LimitsByMemory& by : by_memory) {
    if (memory_gib <= by.above_gib || left_out(by)) continue;
    limits.token_budget = by.token_budget.value_or(limits.token_budget);
    limits.sequences = by.sequences.value_or(limits.sequences);
    limits.graph_sizes = by.graph_sizes.value_or(limits.graph_sizes);
    break;
  }
  return limits;
}

namespace {

// "2026-02", "0.15.1" by their numbers, a year by its end; empty where there are none.
std::vector<int> numbers_of(const std::string& text) {
  static const std::regex kDate("(20[0-9][0-9])(?:-([0-9]+))?");
  static const std::regex kVersion("([0-9]+)[.]([0-9]+)(?:[.]([0-9]+))?");
  std::smatch found;
  if (std::regex_search(text, found, kDate))
    return {std::stoi(found[1].str()), found[2].matched ? std::stoi(found[2].str()) : 12};
  if (!std::regex_search(text, found, kVersion)) return {};
  std::vector<int> numbers = {std::stoi(found[1].str()), std::stoi(found[2].str())};
  if (found[3].matched) numbers.push_back(std::stoi(found[3].str()));
  return numbers;
}

}  // namespace

std::string runtime_of(const std::string& product, const std::string& version) {
  // By their names; those that ship do not change while a program runs.
  static const std::vector<std::pair<std::string, RuntimeSpec>> presets = [] {
    std::vector<std::pair<std::string, RuntimeSpec>> all;
    for (const std::string& name : runtime_names()) all.emplace_back(name, load_runtime(name));
    return all;
  }();
  const std::vector<int> asked = numbers_of(version);
  const bool dated = !asked.empty() && asked.front() >= 2000;
  std::string best;
  std::vector<int> best_from;
  std::vector<std::string> products;
  for (const auto& [name, spec] : presets) {
    if (spec.product.empty()) continue;
    products.push_back(spec.product);
    if (spec.product != product) continue;
    const std::vector<int> from = numbers_of(dated ? spec.from_date : spec.from_version);
    if ((asked.empty() || from <= asked) && (best.empty() || from > best_from)) {
      best = name;
      best_from = from;
    }
  }
  if (best.empty())
    throw ConfigError("", "no runtime is of '" + product + "' " + version + did_you_mean(product, products));
  return best;
}

ConfigDocument load_runtime_document(const std::string& name) {
  return open_document(name, kRuntime);
}

RuntimeSpec load_runtime(const std::string& name) {
  return build_runtime(load_runtime_document(name));
}

RuntimeSpec build_runtime(const ConfigDocument& document) {
  return read_document<RuntimeSpec>(document);
}

}  // namespace orrery
