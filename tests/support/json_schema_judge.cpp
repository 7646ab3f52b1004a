#include "tests/support/json_schema_judge.h"

#include <map>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "tests/support/command.h"

namespace orrery::test {

std::string judged(const nlohmann::json& schema, const nlohmann::json& value) {
  valijson::Schema compiled;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), compiled);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(compiled, valijson::adapters::NlohmannJsonAdapter(value), &results)) return "";
  std::string all;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const std::string& step : error.context) all += step;
    all += ": " + error.description + "\n";
  }
  return all;
}

std::string judged_by(const std::string& name, const nlohmann::json& value) {
  static std::map<std::string, nlohmann::json> schemas;
  const auto known = schemas.find(name);
  if (known != schemas.end()) return judged(known->second, value);
  const CommandResult printed = orrery_command("schema " + name);
  if (printed.exit_code != 0) return printed.err;
  return judged(schemas.emplace(name, nlohmann::json::parse(printed.out)).first->second, value);
}

}  // namespace orrery::test
