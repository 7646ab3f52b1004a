#pragma once
// What to buy for a demand: of each candidate machine the best way to deploy a model, how many servers that
// takes, and what they cost. Deployments are chosen by steady-state estimates at the roofline; requests on
// the simulated machine decide among the best of them.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/describe/fields.h"
#include "sim/study/question.h"
#include "sim/study/serve.h"

namespace orrery {

struct PlanDemand {
  double users = 0, think_s = 0;  // who each send a request when the last is answered and thought about
  double requests_per_s = 0;      // in place of users
  LoadSpec load;                  // lengths; its arrivals are Poisson
};

struct PlanQuestion {
  std::string model;
  std::vector<std::string> archs;
  std::string runtime, node;
  std::vector<std::string> formats;  // of weights and activations that are tried; "" = the model's own
  std::string kv;                    // "" = as usual
  // Degrees that are tried; empty = powers of two of a server. Data parallel: ranks that share experts.
  std::vector<std::uint32_t> tensor, pipeline, data;
  bool apart = true;  // prompts on replicas of their own are tried, too
  std::vector<Patch> patches;
  PlanDemand demand;
  RequestTargets targets;
  ServingOverrides overrides;
  double good_share = 0.9;
  std::uint32_t spare_servers = 1;  // for repairs
  double rack_kw = 40;
  double growth = 0;        // of the demand, a year
  std::uint32_t years = 1;  // over which servers are bought
  // What the same tokens cost bought from somebody.
  std::optional<double> api_usd_per_m_output, api_usd_per_m_input;
  // Of the site, in place of the usual one's.
  std::optional<double> grid_gco2_per_kwh, pue, electricity_usd_per_kwh;
  std::size_t finalists = 2;  // of a machine, that requests are simulated on
};

struct PlanMoney {
  std::optional<double> typical, p10, p90;
};

struct PlanStage {
  std::uint32_t year = 0;
  double requests_per_s = 0;
  std::uint64_t servers_bought = 0, servers = 0;
  std::optional<double> usd;
};

struct PlanOption {
  std::string arch, runtime, weights, kv;
  std::uint32_t tp = 1, pp = 1, ep = 1, dp = 1;
  // Of those that go together: how many only compute prompts (0: all do both), and how many serve.
  std::uint32_t prefill_replicas = 0, decode_replicas = 1;
  std::uint64_t max_sequences = 0;  // at once, of a replica
  double prompt_share = 0;          // of the time
  std::uint64_t replicas = 0, chips = 0, servers = 0, spare_servers = 0, racks = 0;
  double average_kw = 0, peak_kw = 0, nameplate_kw = 0;  // servers and chips; peak and name plate with spares
  std::optional<double> capex_usd, opex_usd_per_year, rent_usd_per_year;
  PlanMoney usd_per_m_output_tokens, usd_per_m_input_tokens;
  std::optional<double> gco2_per_m_output_tokens;
  std::optional<double> break_even_rent_months, break_even_api_months;
  double requests_per_s = 0;           // the demand
  double capacity_requests_per_s = 0;  // of a replica, within the targets
  double tokens_per_s_per_chip = 0, tokens_per_s_per_user = 0;
  bool front = false;                           // no other gives more tokens/s a chip and more a user
  bool front_per_usd = false;                   // the same of tokens a USD
  std::optional<double> ttft_s, tpot_s, e2e_s;  // nine of ten requests; at the demand
  bool meets_targets = false;
  std::string binding;  // what limits it, or why there is none
  std::vector<PlanStage> purchases;
  ExpectedError expected;
};
template <>
const Table& table_of<PlanMoney>();
template <>
const Table& table_of<PlanStage>();
template <>
const Table& table_of<PlanOption>();

// Of one machine, in this process. Where nothing fits, or no deployment keeps the targets, the option says
// so. Throws SimulationError.
PlanOption plan_machine(const PlanQuestion& question, const std::string& arch, Session& session,
                        const Progress& progress = {});

// Cheapest first, those that miss the targets last; marks the front.
void rank_plan(std::vector<PlanOption>& options);

}  // namespace orrery
