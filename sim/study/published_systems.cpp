#include "sim/study/published_systems.h"

#include <algorithm>
#include <cmath>

#include "sim/config/open_document.h"
#include "sim/engine/isolate.h"

namespace orrery {

template <>
const Table& table_of<PublishedFigure>() {
  static const Table table = [] {
    using P = PublishedFigure;
    Fields<P> f("a figure as it was printed, and what is simulated for it", Bears::none);
    f.key("quantity", &P::quantity, "", "in words").required().characters(1, 200);
    f.key("published", &P::published, "", "as printed").required().range(-kAnyNumber, kAnyNumber);
    f.key("published_to", &P::published_to, "", "the far end of a range that was printed")
        .range(-kAnyNumber, kAnyNumber)
        .standing("one number");
    f.key("unit", &P::unit, "", "of it").required();
    f.key("scale", &P::scale, "", "what one unit of the metric is in the figure's").above(0, 1e15);
    f.key("amount", &P::amount, "", "of work: the figure is its rate, amount / metric")
        .above(0, kAnyNumber)
        .standing("the figure is the metric");
    f.key("target", &P::target, "share", "that it may be off").above(0, 10);
    f.key("run", &P::run, "", "what is simulated").required();
    f.key("against", &P::against, "", "a ratio's baseline: its metric is divided by the run's");
    f.key("source", &P::source, "", "where it was printed").standing("the system's");
    f.key("reason", &P::reason, "", "why it cannot hold, or what is not modelled");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PublishedSystem>() {
  static const Table table = [] {
    using P = PublishedSystem;
    Fields<P> f("orrery/system/1: a published system and its figures");
    f.document("orrery/system/1");
    f.key("name", &P::name, "", "as its authors call it").required().characters(1, 200);
    f.key("kind", &P::kind, "", "of system")
        .required()
        .shaped(Shape::word({"fpga", "asic", "in_memory", "software"}));
    f.key("year", &P::year, "", "of publication").required().range(1990, 2100);
    f.key("survey", &P::survey, "", "whether it is one of the 24 of C. Kachris, arXiv 2401.09890");
    f.key("source", &P::source, "", "of its figures").required();
    f.key("figures", &P::figures, "", "that it printed");
    f.key("reason", &P::reason, "", "why none of its figures is simulated");
    f.key("cannot_hold", &P::cannot_hold, "",
          "why the survey's own figure is not one to reproduce, by the primary source");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SystemRow>() {
  static const Table table = [] {
    using R = SystemRow;
    Fields<R> f("a published figure beside what is simulated", Bears::none);
    f.results();
    f.key("system", &R::system, "", "as its authors call it");
    f.key("quantity", &R::quantity, "", "in words");
    f.key("published", &R::published, "", "as printed");
    f.key("published_to", &R::published_to, "", "the far end of a range");
    f.key("simulated", &R::simulated, "", "the same");
    f.key("unit", &R::unit, "", "of both");
    f.key("error", &R::error, "share", "(simulated - published) / published; of a range by its nearer end");
    f.key("verdict", &R::verdict, "",
          "reproduced: within its target; explained: off, or not asked, for the reason said; off: neither; "
          "missing: none of "
          "the "
          "system's figures is simulated");
    f.key("reason", &R::reason, "", "of what is off");
    return Table(f);
  }();
  return table;
}

std::vector<PublishedSystem> published_systems() {
  std::vector<PublishedSystem> all;
  for (const std::string& name : names_of(kSystem)) {
    const ConfigDocument document = open_document(name, kSystem);
    all.push_back(read_document<PublishedSystem>(document));
    const PublishedSystem& system = all.back();
    if (system.figures.empty() && system.reason.empty() && system.cannot_hold.empty())
      throw ConfigError(document.where(""), "neither figures nor the reason why there are none");
    for (const PublishedFigure& figure : system.figures) {
      if (figure.published_to != 0 && figure.published_to <= figure.published)
        throw ConfigError(document.where("/figures"),
                          "'published_to' of " + figure.quantity + " is not above 'published'");
      check(figure.run);
      if (figure.against) check(*figure.against);
    }
  }
  std::sort(all.begin(), all.end(),
            [](const PublishedSystem& a, const PublishedSystem& b) { return a.name < b.name; });
  return all;
}

namespace {

class Simulation {
 public:
  Simulation(Session& session, std::size_t jobs) : session_(session), jobs_(jobs) {}

  std::size_t ask(const AskedRun& run) {
    const auto known = std::find(runs_.begin(), runs_.end(), run);
    if (known == runs_.end()) {
      runs_.push_back(run);
      return runs_.size() - 1;
    }
    return static_cast<std::size_t>(known - runs_.begin());
  }
  void run(const Progress& progress) {
    session_.accuracy();  // once, for all
    std::vector<std::function<std::string()>> tasks;
    for (const AskedRun& run : runs_)
      tasks.emplace_back([&run, this] { return nlohmann::json(figure_of(run, session_)).dump(); });
    if (progress) progress("systems", 0, tasks.size());
    answers_ = answers_of_isolated(tasks, jobs_);
  }
  const IsolatedAnswer& answer(std::size_t at) const { return answers_[at]; }

 private:
  Session& session_;
  std::size_t jobs_;
  std::vector<AskedRun> runs_;
  std::vector<IsolatedAnswer> answers_;
};

double value_of(const IsolatedAnswer& answer) {
  return nlohmann::json::parse(answer.text).get<double>();
}

SystemRow row_of(const PublishedSystem& system, const PublishedFigure& figure, const IsolatedAnswer& own,
                 const IsolatedAnswer* against) {
  SystemRow row;
  row.system = system.name;
  row.quantity = figure.quantity;
  row.unit = figure.unit;
  row.published = figure.published;
  if (figure.published_to != 0) row.published_to = figure.published_to;
  row.reason = figure.reason;
  for (const IsolatedAnswer* answer : {&own, against}) {
    if (answer == nullptr || answer->failure.empty()) continue;
    row.reason = answer->failure;
    return row;
  }
  double value = against != nullptr ? value_of(*against) / value_of(own) : value_of(own);
  if (figure.amount > 0) value = figure.amount / value;
  row.simulated = figure.scale * value;
  const double nearer =
      std::clamp(*row.simulated, figure.published, row.published_to.value_or(figure.published));
  row.error = (*row.simulated - nearer) / nearer;
  if (std::abs(*row.error) <= figure.target) {
    row.verdict = SystemVerdict::reproduced;
    row.reason.clear();
  } else if (!figure.reason.empty()) {
    row.verdict = SystemVerdict::explained;
  }
  return row;
}

}  // namespace

std::vector<SystemRow> simulated_systems(const std::vector<PublishedSystem>& systems, Session& session,
                                         std::size_t jobs, const Progress& progress) {
  Simulation simulation(session, jobs);
  for (const PublishedSystem& system : systems) {
    for (const PublishedFigure& figure : system.figures) {
      simulation.ask(figure.run);
      if (figure.against) simulation.ask(*figure.against);
    }
  }
  simulation.run(progress);
  std::vector<SystemRow> rows;
  for (const PublishedSystem& system : systems) {
    for (const PublishedFigure& figure : system.figures) {
      const IsolatedAnswer* against =
          figure.against ? &simulation.answer(simulation.ask(*figure.against)) : nullptr;
      rows.push_back(row_of(system, figure, simulation.answer(simulation.ask(figure.run)), against));
    }
    if (!system.figures.empty()) continue;
    SystemRow none;
    none.system = system.name;
    const bool explained = !system.cannot_hold.empty();
    none.reason = explained ? system.cannot_hold : system.reason;
    none.verdict = explained ? SystemVerdict::explained : SystemVerdict::missing;
    rows.push_back(none);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const SystemRow& a, const SystemRow& b) {
    const auto off = [](const SystemRow& r) { return r.error ? std::abs(*r.error) : kAnyNumber; };
    return std::pair(a.verdict, -off(a)) < std::pair(b.verdict, -off(b));
  });
  return rows;
}

}  // namespace orrery
