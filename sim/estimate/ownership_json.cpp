#include "sim/estimate/ownership_json.h"

#include <algorithm>

namespace orrery {
namespace {

using json = nlohmann::ordered_json;

const char* to_string(Acquisition acquisition) {
  return acquisition == Acquisition::buy ? "buying" : acquisition == Acquisition::rent ? "renting" : "making";
}

}  // namespace

ServedOption served_by(const json& run, const CostOption& option, const ArchSpec& arch) {
  ServedOption o;
  o.batch = run["batch"].get<std::uint64_t>();
  o.ttft_s = run["ttft_s"].get<double>();
  o.tpot_s = run["tpot_s"].is_null() ? 0 : run["tpot_s"].get<double>();
  o.output_tokens_per_s = run["tokens_per_s"].get<double>();
  o.prefill_share = o.ttft_s / run["latency_s"].get<double>();
  o.power_w = run["average_power_w"].get<double>();
  o.idle_w = std::min(o.power_w, option.devices * arch.static_w / arch.supply_efficiency);
  o.silicon_cm2 = option.die_mm2 * option.dies / 100;
  o.memory_gb = option.memory_gb;
  o.error_known = !run["expected_error"]["p90"].is_null();
  if (o.error_known) o.expected_p90 = run["expected_error"]["p90"].get<double>();
  return o;
}

json ownership_json(const OwnershipCost& c, Acquisition acquisition) {
  return {{"acquire", to_string(acquisition)},
          {"chips", c.chips},
          {"servers", c.servers},
          {"chip_price_usd", acquisition == Acquisition::rent ? json(nullptr) : json(c.chip_price)},
          {"nre_usd", c.nre},
          {"engineering_usd", c.engineering},
          {"capex_usd", c.capex},
          {"usd_per_year",
           {{"capital", c.capital},
            {"rent", c.rent},
            {"electricity", c.electricity},
            {"colocation", c.colocation},
            {"staff", c.staff},
            {"licences", c.licences},
            {"total", c.total()}}},
          {"usd_per_m_tokens",
           {{"all", c.usd_per_m_all}, {"input", c.usd_per_m_input}, {"output", c.usd_per_m_output}}},
          {"joule_per_token", c.joule_per_token},
          {"gco2_per_m_output_tokens", c.gco2_per_m_output},
          {"break_even_months", c.break_even_months < 0 ? json(nullptr) : json(c.break_even_months)}};
}

}  // namespace orrery
