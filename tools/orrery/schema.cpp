#include <iostream>

#include "sim/describe/json_schema.h"
#include "sim/describe/key_reference.h"
#include "sim/report/text_table.h"
#include "sim/study/catalogue.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

const char* const kSchemaUsage =
    "orrery schema NAME [--format json|table|csv]\n"
    "A JSON Schema, which editors use for completion; as a table, every key with its unit, range, default "
    "and "
    "what\nit has a bearing on.";
const char* const kSchemaExamples =
    "  orrery schema arch > arch-schema.json\n"
    "  orrery schema dram --format table\n"
    "  orrery schema orrery/result/1\n";

void print_reference(const Shape& shape, OutputFormat format) {
  ordered_json rows = ordered_json::array();
  std::vector<std::vector<std::string>> table = {
      {"key", "value", "unit", "left out", "bears on", "what it is"}};
  for (const KeyRow& r : key_reference(shape)) {
    rows.push_back({{"key", r.key},
                    {"value", r.value},
                    {"unit", r.unit},
                    {"left_out", r.standing},
                    {"bears_on", r.bears},
                    {"sentence", r.sentence}});
    table.push_back({r.key, r.value, r.unit, r.standing, r.bears, r.sentence});
  }
  print_result(format, rows, [&] { return format_table(table, Align::left); });
}

}  // namespace

int schema_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()("name", po::value<std::string>()->required()->value_name("NAME"),
                        "schema, e.g. orrery/arch/1 or arch (may stand alone)")(
      "format", po::value<std::string>()->default_value("json")->value_name("F"),
      "json (a JSON Schema), table or csv (a reference of the keys)");
  const ParsedOptions parsed = parse_options(arguments, options, kSchemaUsage, kSchemaExamples, "name");
  if (parsed.help) return 0;
  const auto format = format_from(parsed.values);
  const NamedSchema schema = schema_named(parsed.values["name"].as<std::string>());
  if (format == OutputFormat::json) {
    std::cout << json_schema(schema.shape, schema.title).dump(2) << '\n';
  } else {
    print_reference(schema.shape, format);
  }
  return 0;
}

}  // namespace orrery
