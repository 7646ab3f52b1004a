#include <iostream>

#include "sim/config/schema_validation.h"
#include "tools/orrery/options.h"

namespace orrery {

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
  std::cout << load_schema(name).dump(2) << '\n';
  return 0;
}

}  // namespace orrery
