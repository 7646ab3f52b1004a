#include "sim/config/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <sstream>

#include "sim/util/errors.h"
#include "sim/util/key_path.h"
#include "sim/util/text_file.h"

namespace orrery {

namespace {

using nlohmann::json;

constexpr const char* kReads =
    "Orrery reads YAML files of its own ('orrery list schemas'), a model's config.json and operator streams "
    "('orrery trace make')";

// A plain scalar by the YAML 1.2 core schema: null, bool, int, float, else a string.
json typed_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const char* first = text.data() + (text[0] == '+' ? 1 : 0);
  const char* last = text.data() + text.size();
  std::int64_t integer = 0;
  if (auto [end, error] = std::from_chars(first, last, integer); error == std::errc() && end == last) {
    return integer;
  }
  const bool numeric = text.find_first_not_of("+-0123456789.eE") == std::string::npos &&
                       text.find_first_of("0123456789") != std::string::npos;
  double real = 0;
  if (numeric) {
    if (auto [end, error] = std::from_chars(first, last, real); error == std::errc() && end == last)
      return real;
  }
  return text;
}

class Converter {
 public:
  Converter(std::string file, std::map<std::string, SourcePosition>& positions)
      : file_(std::move(file)), positions_(positions) {}

  // Nodes that alias each other may go on without end, or as good as.
  json convert(const YAML::Node& node, const std::string& pointer) {
    const auto refuse = [&](const std::string& why) {
      throw ConfigError(format(position(node.Mark())), why);
    };
    if (++depth_ > kDeepest)
      refuse(fmt::format("nested more than {} deep; does an alias hold itself?", kDeepest));
    if (++nodes_ > kMostNodes) refuse(fmt::format("more than {} values, aliases written out", kMostNodes));
    json value = convert_node(node, pointer);
    --depth_;
    return value;
  }

  std::vector<Diagnostic> duplicates;

 private:
  static constexpr int kDeepest = 64;
  static constexpr std::uint64_t kMostNodes = 200'000;

  json convert_node(const YAML::Node& node, const std::string& pointer) {
    if (positions_.find(pointer) == positions_.end()) positions_[pointer] = position(node.Mark());
    if (node.IsMap()) return convert_map(node, pointer);
    if (node.IsSequence()) {
      json list = json::array();
      for (const YAML::Node& item : node)
        list.push_back(convert(item, child_pointer(pointer, std::to_string(list.size()))));
      return list;
    }
    if (node.IsNull()) return nullptr;
    return node.Tag() == "?" || node.Tag().empty() ? typed_scalar(node.Scalar()) : json(node.Scalar());
  }

  json convert_map(const YAML::Node& node, const std::string& pointer) {
    json object = json::object();
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      const SourcePosition at = position(entry.first.Mark());
      const std::string key_pointer = child_pointer(pointer, key);
      if (object.contains(key)) {
        duplicates.push_back(
            {format(at), "key '" + key_path(key_pointer) + "' is given twice (first on line " +
                             std::to_string(positions_[key_pointer].line) + "); remove one of them"});
        continue;
      }
      positions_[key_pointer] = at;
      object[key] = convert(entry.second, key_pointer);
    }
    return object;
  }

  SourcePosition position(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }
  static std::string format(const SourcePosition& p) {
    return p.file + ":" + std::to_string(p.line) + ":" + std::to_string(p.column);
  }

  std::string file_;
  std::map<std::string, SourcePosition>& positions_;
  int depth_ = 0;
  std::uint64_t nodes_ = 0;
};

// Counts documents, and keeps nothing of them.
class DocumentCounter : public YAML::EventHandler {
 public:
  int seen = 0;
  YAML::Mark second;  // where that begins

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++seen == 2) second = mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

// Whether more than one document may stand there: a line that ends one, or a bracket too many.
bool may_hold_more(const std::string& text) {
  std::int64_t open = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') ++open;
    if ((c == '}' || c == ']') && --open < 0) return true;
  }
  return open != 0 || text.find("\n---") != std::string::npos || text.find("\n...") != std::string::npos;
}

// A file holds one document. yaml-cpp 0.7 loads none behind a bracket too many, or ever more.
void expect_one_document(const std::string& text, const std::string& name) {
  if (!may_hold_more(text)) return;
  std::istringstream in(text);
  YAML::Parser parser(in);
  DocumentCounter counter;
  while (counter.seen < 2 && parser.HandleNextDocument(counter)) {
  }
  if (counter.seen == 2)
    throw ConfigError(name + ":" + std::to_string(counter.second.line + 1) + ":1",
                      "a second document; a file holds one");
}

}  // namespace

nlohmann::json read_yaml(const std::string& text, const std::filesystem::path& name,
                         std::map<std::string, SourcePosition>& positions) {
  nlohmann::json root;
  if (const std::string format = foreign_format(text, name); !format.empty())
    throw ConfigError(name.string(), "is " + format + "; " + kReads);
  check_text(text, name.string());
  Converter converter(name.string(), positions);
  try {
    expect_one_document(text, name.string());
    const YAML::Node only = YAML::Load(text);
    if (!only.IsDefined() || (only.IsNull() && text.find_first_not_of(" \t\r\n") == std::string::npos))
      throw ConfigError(name.string(), "the file is empty");
    root = converter.convert(only, "");
  } catch (const YAML::Exception& error) {
    throw ConfigError(name.string() + ":" + std::to_string(error.mark.line + 1) + ":" +
                          std::to_string(error.mark.column + 1),
                      error.msg);
  }
  if (!converter.duplicates.empty()) throw ConfigError(converter.duplicates);
  return root;
}

}  // namespace orrery
