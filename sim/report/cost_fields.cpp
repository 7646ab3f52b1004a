#include "sim/report/cost_fields.h"

namespace orrery {
namespace {

const char* how(Acquisition acquisition) {
  return acquisition == Acquisition::buy ? "buying" : acquisition == Acquisition::rent ? "renting" : "making";
}

const Table& per_year_table() {
  static const Table table = [] {
    using F = OwnedFleet;
    Fields<F> f("a year's cost by what it is for");
    f.results();
    f.key("capital", &F::capital, "USD", "hardware, by capital recovery").label("  capital");
    f.key("rent", &F::rent, "USD", "of chips").label("  rent");
    f.key("electricity", &F::electricity, "USD", "at the wall").label("  electricity");
    f.key("colocation", &F::colocation, "USD", "floor, cooling, security").label("  colocation");
    f.key("staff", &F::staff, "USD", "who runs it").label("  staff");
    f.key("licences", &F::licences, "USD", "of software").label("  licences");
    f.figure(
         "total", [](const F& o) { return o.total(); }, "USD", "of these")
        .label("  total");
    return Table(f);
  }();
  return table;
}

const Table& per_token_table() {
  static const Table table = [] {
    using F = OwnedFleet;
    Fields<F> f("cost of million tokens");
    f.results();
    f.key("all", &F::usd_per_m_all, "USD", "the whole cost over the output tokens")
        .label("USD/M output tokens, all in")
        .compared("owned_usd_per_m_tokens");
    f.key("output", &F::usd_per_m_output, "USD", "of output tokens, by the time they take")
        .label("  of output alone");
    f.key("input", &F::usd_per_m_input, "USD", "of input tokens, by the time they take")
        .label("  USD/M input tokens");
    return Table(f);
  }();
  return table;
}

template <class T>
void add_fleet(Fields<T>& f) {
  f.figure(
      "acquire", [](const T& o) { return std::string(how(o.acquisition)); }, "", "how one comes by it");
  f.key("chips", &T::chips, "", "of the fleet").label("chips").compared("fleet_chips");
  f.key("servers", &T::servers, "", "of the fleet").label("servers").compared("fleet_servers");
  f.key("average_kw", &T::average_kw, "kW", "of servers and chips, over the year").label("average power, kW");
  f.key("nameplate_kw", &T::nameplate_kw, "kW", "of servers and chips at most, spares included")
      .label("name-plate power, kW");
  f.key("chip_price_usd", &T::chip_price, "USD", "of a chip, bought or made").label("chip, USD");
  f.key("nre_usd", &T::nre, "USD", "once: the chip's design, this fleet's share")
      .label("  design of the chip, its share");
  f.key("engineering_usd", &T::engineering, "USD", "once: bringing the model onto the machine")
      .label("  bringing the model onto it");
  f.key("capex_usd", &T::capex, "USD", "spent at first, the two included")
      .label("spent at first, USD")
      .compared("capex_usd");
  f.group("usd_per_year", &per_year_table, "a year's cost by what it is for").label("USD a year");
  f.group("usd_per_m_tokens", &per_token_table, "cost of million tokens");
  f.key("joule_per_token", &T::joule_per_token, "J", "at the wall, an output token, idle hours included")
      .label("J a token, at the wall")
      .compared("wall_joule_per_token");
  f.key("gco2_per_m_output_tokens", &T::gco2_per_m_output, "g", "CO2 of million output tokens")
      .label("gCO2/M output tokens")
      .compared("gco2_per_m_tokens");
  f.key("break_even_months", &T::break_even_months, "months",
        "of buying or making against renting the same; null: never, or no rent is known")
      .label("break-even against renting, months");
}

}  // namespace

template <>
const Table& table_of<OwnedFleet>() {
  static const Table table = [] {
    Fields<OwnedFleet> f("what a fleet comes to that serves the demand");
    f.results();
    add_fleet(f);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PointFleet>() {
  static const Table table = [] {
    Fields<PointFleet> f("what a fleet comes to that serves the demand, and whether as fast as it asks");
    f.results();
    add_fleet(f);
    f.key("keeps_target", &PointFleet::keeps_target, "", "1: the latency target is kept; 0: it is not")
        .range(0, 1)
        .compared("keeps_target");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ServedOption>() {
  static const Table table = [] {
    using S = ServedOption;
    Fields<S> f("what a replica serves");
    f.results();
    f.key("sequences", &S::sequences, "sequences", "that decode at a time, mean").label("sequences at once");
    f.key("ttft_s", &S::ttft_s, "s", "to the first token, nine of ten requests").label("TTFT, s");
    f.key("tpot_s", &S::tpot_s, "s", "per output token after it, nine of ten requests").label("TPOT, s");
    f.key("e2e_s", &S::e2e_s, "s", "to the last token, nine of ten requests");
    f.key("requests_per_s", &S::requests_per_s, "requests/s", "the most that keeps the targets");
    f.key("output_tokens_per_s", &S::output_tokens_per_s, "tokens/s", "of a replica")
        .label("output tokens/s a replica");
    f.key("power_w", &S::power_w, "W", "of its boards under load");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<Spread>() {
  static const Table table = [] {
    Fields<Spread> f("USD a million output tokens over the draws");
    f.results();
    f.key("p10", &Spread::p10, "USD", "10 % of draws are below").label("  10 % of draws below");
    f.key("p50", &Spread::p50, "USD", "half are below").label("  half below");
    f.key("p90", &Spread::p90, "USD", "90 % are below").label("  90 % below");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<TornadoBar>() {
  static const Table table = [] {
    Fields<TornadoBar> f("an uncertain number and what it does, the others typical");
    f.results();
    f.key("variable", &TornadoBar::variable, "", "its name");
    f.key("at_low", &TornadoBar::at_low, "USD", "a million output tokens at its low end");
    f.key("at_high", &TornadoBar::at_high, "USD", "the same at its high end");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PathStage>() {
  static const Table table = [] {
    using P = PathStage;
    Fields<P> f("a step from pilot to scale");
    f.results();
    f.key("stage", &P::stage, "", "its name");
    f.key("chips", &P::chips, "", "of it");
    f.key("output_tokens_per_s", &P::output_tokens_per_s, "tokens/s", "of all its replicas");
    f.key("kw", &P::kw, "kW", "of its servers");
    f.key("usd", &P::usd, "USD", "of its hardware");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<OptionStudy>() {
  static const Table table = [] {
    using O = OptionStudy;
    Fields<O> f("an option");
    f.results();
    f.key("name", &O::name, "", "of the option");
    f.key("arch", &O::arch, "", "machine");
    f.key("devices", &O::devices, "", "of a replica");
    f.key("runtime", &O::runtime, "", "software stack");
    f.key("weights", &O::weights, "", "stored format of most of them");
    f.key("kv", &O::kv, "", "format of keys and values");
    f.key("meets_target", &O::meets_target, "", "whether it keeps the latency target");
    f.key("served", &O::served, "", "what a replica serves");
    f.figure(
         "die_mm2", [](const O& o) { return o.served.make.die_mm2; }, "mm2", "of each of a chip's dies")
        .label("die, mm2");
    f.key("monte_carlo", &O::drawn, "", "USD a million output tokens over the draws");
    // The fleet's figures beside these.
    for (const Field& field : table_of<OwnedFleet>().fields()) {
      f.field(field, [](O& o) -> void* { return &o.fleet; });
    }
    f.key("yield", &O::yield, "share", "of a made chip's die");
    f.key("tornado", &O::tornado, "", "uncertain numbers by what they do, most first");
    f.key("path", &O::path, "", "from pilot to scale");
    f.key("binding", &O::binding, "", "what limits what it serves, in words");
    f.key("expected_error", &O::expected, "", "how far latencies are expected to be off");
    f.other("serving", Shape::object(&serving_body_table), "", "one replica at the most that it serves",
            [](O& o, const nlohmann::json& value, const Place& at) {
              serving_body_table().read(&o.serving, value, at);
            });
    f.written([](const O& o) { return serving_body_table().write(&o.serving); });
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<Beats>() {
  static const Table table = [] {
    Fields<Beats> f("two options");
    f.results();
    f.key("a", &Beats::a, "", "an option");
    f.key("b", &Beats::b, "", "another");
    f.key("share", &Beats::share, "share", "of draws in which a is cheaper");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<Crossover>() {
  static const Table table = [] {
    using C = Crossover;
    Fields<C> f("where two options change places");
    f.results();
    f.key("a", &C::a, "", "an option");
    f.key("b", &C::b, "", "another");
    f.key("variable", &C::variable, "", "that is varied, the others typical");
    f.key("from", &C::from, "", "least that is tried");
    f.key("to", &C::to, "", "most that is tried");
    f.key("at", &C::at, "", "where they change places; null: nowhere between");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<BreakEven>() {
  static const Table table = [] {
    Fields<BreakEven> f("owning against renting");
    f.results();
    f.key("owned", &BreakEven::owned, "", "an option that is bought or made");
    f.key("rented", &BreakEven::rented, "", "one that is rented");
    f.key("months", &BreakEven::months, "months", "after which owning has cost less; null: never");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<RateOption>() {
  static const Table table = [] {
    using R = RateOption;
    Fields<R> f("an option at a user's rate");
    f.results();
    f.key("name", &R::name, "", "of the option");
    f.key("sequences", &R::sequences, "sequences", "that decode at a time; null: the rate is not kept");
    f.key("usd_per_m_tokens", &R::usd_per_m_tokens, "USD", "all in; null: the rate is not kept");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<RateStudy>() {
  static const Table table = [] {
    using R = RateStudy;
    Fields<R> f("the options at the rate a user asks for");
    f.results();
    f.key("tokens_per_s_a_user", &R::tokens_per_s_a_user, "tokens/s", "of a user");
    f.key("cheapest", &R::cheapest, "", "option; null: none keeps it");
    f.key("options", &R::options, "", "one each");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<StalePrice>() {
  static const Table table = [] {
    Fields<StalePrice> f("a price that is old");
    f.results();
    f.key("price", &StalePrice::price, "", "its name");
    f.key("date", &StalePrice::date, "", "when it held");
    f.key("source", &StalePrice::source, "", "where it is from");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<CostStudy>() {
  static const Table table = [] {
    using S = CostStudy;
    Fields<S> f("what serving a model costs on each option of a scenario");
    f.results();
    add_kind(f, "cost");
    f.key("title", &S::title, "", "of the scenario");
    f.key("question", &S::question, "", "that it answers");
    f.key("model", &S::model, "", "that is served");
    f.key("input", &S::input, "tokens", "of a request");
    f.key("output", &S::output, "tokens", "of a request");
    f.key("peak_tokens_per_s", &S::peak_tokens_per_s, "tokens/s", "that the fleet must serve");
    f.key("mean_load", &S::mean_load, "share", "of the peak, over the year");
    f.key("draws", &S::draws, "", "of the uncertain numbers");
    f.key("seed", &S::seed, "", "of the draws");
    f.key("options", &S::options, "", "one each");
    f.key("beats", &S::beats, "", "who is cheaper than whom, and how often");
    f.key("crossovers", &S::crossovers, "", "where the order changes");
    f.key("break_evens", &S::break_evens, "", "each owned option against each rented one");
    f.key("user_rates", &S::user_rates, "", "the options at rates that a user asks for");
    f.key("as_of", &S::as_of, "", "day on which prices were checked for age");
    f.key("stale_prices", &S::stale_prices, "", "older than 12 months on that day");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
