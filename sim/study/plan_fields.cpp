#include "sim/report/result_fields.h"
#include "sim/study/plan.h"

namespace orrery {

template <>
const Table& table_of<PlanMoney>() {
  static const Table table = [] {
    Fields<PlanMoney> f("USD, as sure as it is");
    f.results();
    f.key("typical", &PlanMoney::typical, "USD", "of all typical figures; null where nothing is priced");
    f.key("p10", &PlanMoney::p10, "USD", "one of ten draws is below");
    f.key("p90", &PlanMoney::p90, "USD", "nine of ten draws are below");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PlanStage>() {
  static const Table table = [] {
    Fields<PlanStage> f("a year's purchase");
    f.results();
    f.key("year", &PlanStage::year, "", "from 1 on");
    f.key("requests_per_s", &PlanStage::requests_per_s, "requests/s", "demand of that year");
    f.key("servers_bought", &PlanStage::servers_bought, "servers", "that year");
    f.key("servers", &PlanStage::servers, "servers", "that stand then, spares included");
    f.key("usd", &PlanStage::usd, "USD", "for them");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PlanOption>() {
  static const Table table = [] {
    using P = PlanOption;
    Fields<P> f("a machine's best way to serve a demand");
    f.results();
    add_kind(f, "plan");
    f.key("arch", &P::arch, "", "machine");
    f.key("runtime", &P::runtime, "", "software stack");
    f.key("weights", &P::weights, "", "stored format");
    f.key("kv", &P::kv, "", "format of keys and values");
    f.key("tp", &P::tp, "chips", "that share a layer");
    f.key("pp", &P::pp, "stages", "of layers");
    f.key("ep", &P::ep, "chips", "that share a mixture's experts");
    f.key("dp", &P::dp, "", "ranks that step together");
    f.key("prefill_replicas", &P::prefill_replicas, "",
          "that only compute prompts, of those that go together; 0: all do both");
    f.key("decode_replicas", &P::decode_replicas, "", "that serve, of those that go together");
    f.key("max_sequences", &P::max_sequences, "sequences", "at once, of a replica");
    f.key("prompt_share", &P::prompt_share, "share", "of the time, spent on prompts");
    f.key("replicas", &P::replicas, "", "of one copy of the model, or of those that go together");
    f.key("chips", &P::chips, "chips", "of all replicas");
    f.key("servers", &P::servers, "servers", "whole ones, for the replicas");
    f.key("spare_servers", &P::spare_servers, "servers", "beside them");
    f.key("racks", &P::racks, "racks", "that their name plates fit into");
    f.key("average_kw", &P::average_kw, "kW", "of servers and chips at the demand");
    f.key("peak_kw", &P::peak_kw, "kW", "of the busiest stretch of time, spares included");
    f.key("nameplate_kw", &P::nameplate_kw, "kW", "of all servers full of chips, spares included");
    f.key("capex_usd", &P::capex_usd, "USD", "chips, servers and network; null where nothing is priced");
    f.key("opex_usd_per_year", &P::opex_usd_per_year, "USD per year", "electricity, floor, staff, licences");
    f.key("rent_usd_per_year", &P::rent_usd_per_year, "USD per year", "of as many chips, rented");
    f.key("usd_per_m_output_tokens", &P::usd_per_m_output_tokens, "",
          "all costs over the output tokens, in millions");
    f.key("usd_per_m_input_tokens", &P::usd_per_m_input_tokens, "",
          "the prompts' share of them over the input tokens");
    f.key("gco2_per_m_output_tokens", &P::gco2_per_m_output_tokens, "g", "CO2, made and run");
    f.key("break_even_rent_months", &P::break_even_rent_months, "months",
          "of buying against renting the same; null: never");
    f.key("break_even_api_months", &P::break_even_api_months, "months",
          "of buying against the API's price; null: never");
    f.key("requests_per_s", &P::requests_per_s, "requests/s", "demand");
    f.key("capacity_requests_per_s", &P::capacity_requests_per_s, "requests/s",
          "of a replica, within the targets");
    f.key("tokens_per_s_per_chip", &P::tokens_per_s_per_chip, "tokens/s", "output tokens, at that rate");
    f.key("tokens_per_s_per_user", &P::tokens_per_s_per_user, "tokens/s", "output tokens, at the demand");
    f.key("front", &P::front, "", "no other gives as many tokens/s a chip and a user");
    f.key("front_per_usd", &P::front_per_usd, "", "no other gives as many tokens a USD and tokens/s a user");
    f.key("ttft_s", &P::ttft_s, "s", "nine of ten requests have their first token, at the demand");
    f.key("tpot_s", &P::tpot_s, "s", "per output token after it, nine of ten requests");
    f.key("e2e_s", &P::e2e_s, "s", "to the last token, nine of ten requests");
    f.key("meets_targets", &P::meets_targets, "", "within a replica's capacity");
    f.key("binding", &P::binding, "", "what limits it, in words");
    f.key("purchases", &P::purchases, "", "year by year");
    f.key("expected_error", &P::expected, "", "how far latencies are expected to be off");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
