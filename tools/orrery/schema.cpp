#include <iostream>

#include "sim/config/schema_validation.h"
#include "sim/stats/activity_counts.h"
#include "tools/orrery/options.h"

namespace orrery {

namespace {

// What each counter of a result counts, and in what.
void describe_counters(nlohmann::json& schema) {
  for (const char* kind : {"run", "kernel"}) {
    nlohmann::json& counts = schema.at("definitions").at(kind).at("properties").at("counts")["properties"];
    counts["macs"] = {{"type", "integer"},
                      {"minimum", 0},
                      {"description", "MACs: useful, of all formats; padding left out"}};
    for (const CounterInfo& c : counters())
      counts[c.name] = {
          {"type", "integer"}, {"minimum", 0}, {"description", std::string(c.unit) + ": " + c.description}};
  }
}

}  // namespace

int schema_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()("name", po::value<std::string>()->required()->value_name("NAME"),
                        "schema, e.g. orrery/arch/1 or arch (may stand alone)");
  const ParsedOptions parsed = parse_options(
      arguments, options, "orrery schema NAME\nPrints a JSON Schema; editors use it for completion.",
      "  orrery schema arch\n  orrery schema orrery/dram/1\n", "name");
  if (parsed.help) return 0;
  std::string name = parsed.values["name"].as<std::string>();
  if (name.find('/') == std::string::npos) name = "orrery/" + name + "/1";
  nlohmann::json schema = load_schema(name);
  if (name == "orrery/result/1") describe_counters(schema);
  std::cout << schema.dump(2) << '\n';
  return 0;
}

}  // namespace orrery
