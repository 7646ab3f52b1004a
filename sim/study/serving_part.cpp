#include "sim/study/serving_part.h"

#include <algorithm>

#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr double kMostRequests = 1e12;
constexpr double kMostTokens = 134217728;

LengthRange fixed(std::uint64_t tokens) {
  return {static_cast<std::uint32_t>(tokens), static_cast<std::uint32_t>(tokens)};
}

void add_load(Fields<ServingPart>& f) {
  using S = ServingPart;
  f.key("trace", &S::trace, "", "file of requests to replay: lengths, and arrivals without 'rate'")
      .standing("lengths as the scenario says");
  f.key("input", &S::input, "tokens", "of a prompt").range(1, kMostTokens).standing("the scenario's");
  f.key("output", &S::output, "tokens", "of an answer").range(1, kMostTokens).standing("the scenario's");
  f.key("rate", &S::rate, "requests/s", "that come")
      .range(0, 1e7)
      .standing("the highest that keeps the targets");
  f.key("arrivals", &S::arrivals, "", "how they come at a rate");
  f.key("cv", &S::cv, "", "of gamma arrivals: standard deviation of the gaps over their mean")
      .range(0.01, 100);
  f.key("concurrency", &S::concurrency, "users", "of a closed loop, in place of a rate").range(0, 1e6);
  f.key("think_s", &S::think_s, "s", "of a user, between an answer and the next request").range(0, 1e9);
  f.key("offline", &S::offline, "requests", "that come all at once, in place of a rate")
      .range(0, kMostRequests);
  f.key("requests", &S::requests, "requests", "at most")
      .range(0, kMostRequests)
      .standing("the trace's; else as many as reach a steady state");
  f.key("seed", &S::seed, "", "of what is drawn");
  f.key("shuffle", &S::shuffle, "", "a trace's lengths come in an order that the seed draws");
  f.key("distinct_prompts", &S::distinct_prompts, "", "that are sent in turn; 0: no two begin alike")
      .range(0, kMostRequests);
  f.key("shared_prefix", &S::shared_prefix, "tokens", "that all prompts begin with").range(0, kMostTokens);
}

void add_targets(Fields<ServingPart>& f) {
  using S = ServingPart;
  f.key("ttft_s", &S::ttft_s, "s", "to the first token, at most; 0 = any").range(0, kAnyNumber);
  f.key("tpot_s", &S::tpot_s, "s", "per output token after it, at most; 0 = any").range(0, kAnyNumber);
  f.key("e2e_s", &S::e2e_s, "s", "to the last token, at most; 0 = any").range(0, kAnyNumber);
  f.key("good_share", &S::good_share, "share", "of the requests, that must keep the targets").range(0.01, 1);
}

void add_replicas(Fields<ServingPart>& f) {
  using S = ServingPart;
  f.key("replicas", &S::replicas, "", "copies of the model").range(1, 100000);
  f.key("router", &S::router, "", "which replica a request goes to");
  f.key("prefill_replicas", &S::prefill_replicas, "",
        "copies that compute prompts alone and hand keys and values over")
      .range(0, 100000);
  f.key("kv_link_gb_per_s", &S::kv_link_gb_per_s, "GB/s", "of such a copy: what they leave by")
      .above(0, 1e6)
      .standing("its node's links");
  f.key("handover_us", &S::handover_us, "us", "that handing over takes beside the wire")
      .range(0, 1e12)
      .standing("the runtime's");
}

void add_scheduler(Fields<ServingPart>& f) {
  using S = ServingPart;
  f.key("policy", &S::policy, "", "who runs in the next step").standing("the runtime's");
  f.key("token_budget", &S::token_budget, "tokens", "of a step").range(1, 1e9).standing("the runtime's");
  f.key("max_sequences", &S::max_sequences, "sequences", "at once").range(1, 1e6).standing("the runtime's");
  f.key("kv_blocks", &S::kv_blocks, "blocks", "of keys and values").range(1, 4e9).standing("what fits");
  f.key("block_tokens", &S::block_tokens, "tokens", "of a block").range(1, 65536).standing("the runtime's");
  f.key("memory_share", &S::memory_share, "share", "of a device's memory that may be filled")
      .range(0.01, 1)
      .standing("the runtime's");
  f.key("host_kv_gb", &S::host_kv_gb, "GB", "of the host's memory for keys and values, a device")
      .range(0, 1e6);
  f.key("host_link_gb_per_s", &S::host_link_gb_per_s, "GB/s", "of a device's way there")
      .range(0, 1e6)
      .standing("the node's");
  f.key("chunked_prefill", &S::chunked_prefill, "", "prompts may be cut").standing("the runtime's");
  f.key("prefix_cache", &S::prefix_cache, "", "prompts that begin alike share").standing("the runtime's");
  f.key("ahead", &S::ahead, "", "a step is formed while the one before runs").standing("the runtime's");
}

void add_guesses(Fields<ServingPart>& f) {
  using S = ServingPart;
  f.key("draft_tokens", &S::draft_tokens, "tokens", "guessed for each sequence and step; 0 = none")
      .range(0, 64);
  f.key("acceptance", &S::acceptance, "share",
        "that at least 1, 2, ... of the guesses are kept; one number: its powers")
      .range(0, 1);
  f.key("draft", &S::draft, "", "who guesses: ngram (free), layer, or a model's name").standing("layer");
}

}  // namespace

template <>
const Table& table_of<ServingPart>() {
  static const Table table = [] {
    Fields<ServingPart> f("requests that are served: their load, targets, replicas and scheduler");
    add_load(f);
    add_targets(f);
    add_replicas(f);
    add_scheduler(f);
    add_guesses(f);
    return Table(f);
  }();
  return table;
}

Guessing guessing_of(std::uint32_t draft_tokens, std::vector<double> acceptance, const std::string& draft,
                     const LlmSpec& llm) {
  if (acceptance.empty())
    throw ConfigError(
        "", "guesses (draft tokens): how many are kept (acceptance) is known of measurements alone");
  Guessing g;
  g.how.drafts = draft_tokens;
  g.how.acceptance = std::move(acceptance);
  if (g.how.acceptance.size() == 1) {
    for (std::uint32_t i = 1; i < g.how.drafts; ++i)
      g.how.acceptance.push_back(g.how.acceptance.back() * g.how.acceptance.front());
  }
  double before = 1;
  for (const double share : g.how.acceptance) {
    if (share > before)
      throw ConfigError("", "acceptance: shares are at most 1 and do not rise from one position to the next");
    before = share;
  }
  if (g.how.acceptance.size() < g.how.drafts)
    throw ConfigError("", "acceptance: a share for each of the draft tokens, or one for all");
  if (draft.empty() || draft == "layer") {
    g.draft = llm;
    g.draft->keep_layers(1);
  } else if (draft != "ngram") {
    g.draft = load_llm_named(draft);
  }
  return g;
}

ServeRequest serve_request_of(const ServingPart& part, const LlmSpec& llm, std::uint64_t input,
                              std::uint64_t output) {
  ServeRequest r;
  LoadSpec& load = r.load;
  load.trace = part.trace;
  if (part.input || part.trace.empty()) load.input = fixed(part.input.value_or(input));
  if (part.output || part.trace.empty()) load.output = fixed(part.output.value_or(output));
  const int ways = (part.rate > 0 ? 1 : 0) + (part.concurrency > 0 ? 1 : 0) + (part.offline > 0 ? 1 : 0);
  if (ways > 1)
    throw ConfigError("", "serving: one of 'rate', 'concurrency' and 'offline' says when requests come");
  if (part.think_s > 0 && part.concurrency == 0)
    throw ConfigError("", "serving: 'think_s' is of a closed loop ('concurrency')");
  load.rate = part.rate;
  load.arrivals = part.arrivals;
  load.cv = part.cv;
  load.concurrency = part.concurrency;
  load.think_s = part.think_s;
  load.offline = part.offline > 0;
  load.requests = load.offline ? part.offline : part.requests;
  if (load.requests == 0 && load.closed()) load.requests = 10 * load.concurrency;
  if (load.requests == 0 && load.rate > 0 && load.trace.empty()) load.requests = 1000;
  load.shuffled = part.shuffle;
  if (part.shuffle && (part.trace.empty() || ways == 0))
    throw ConfigError("",
                      "serving: 'shuffle' is of a 'trace' whose requests come by a rate, users or at once");
  load.distinct_prompts = part.distinct_prompts;
  load.shared_prefix = part.shared_prefix;
  load.seed = part.seed;
  r.find_rate = ways == 0 && part.trace.empty();
  r.targets = {part.ttft_s, part.tpot_s, part.e2e_s};
  r.good_share = part.good_share;
  r.router = part.router;
  r.replicas = part.replicas;
  if (part.prefill_replicas > 0) {
    r.prefilling = Prefilling{nullptr, part.prefill_replicas, std::nullopt, 0};
    if (part.handover_us) r.prefilling->orchestration_s = 1e-6 * *part.handover_us;
    r.prefilling->link_bytes_per_s = 1e9 * part.kv_link_gb_per_s.value_or(0);
  } else if (part.handover_us || part.kv_link_gb_per_s) {
    throw ConfigError("", "serving: 'handover_us' and 'kv_link_gb_per_s' are of 'prefill_replicas'");
  }
  ServingOverrides& o = r.overrides;
  o.policy = part.policy;
  o.token_budget = part.token_budget;
  o.sequences = part.max_sequences;
  o.kv_blocks = part.kv_blocks;
  o.block_tokens = part.block_tokens;
  o.memory_share = part.memory_share;
  o.host_kv_bytes = 1e9 * part.host_kv_gb;
  o.host_bytes_per_s = 1e9 * part.host_link_gb_per_s;
  o.chunked_prefill = part.chunked_prefill;
  o.prefix_cache = part.prefix_cache;
  o.ahead = part.ahead;
  if (part.draft_tokens > 0) {
    r.guessing = guessing_of(part.draft_tokens, part.acceptance, part.draft, llm);
    r.guessing->how.seed = part.seed;
  }
  r.check = false;  // many are run: steps are not simulated whole beside
  return r;
}

}  // namespace orrery
