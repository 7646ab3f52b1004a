#include "sim/explore/named_files.h"

#include "sim/config/document_reference.h"
#include "sim/config/noc_loader.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"

namespace orrery {
namespace {

using nlohmann::json;

struct NamedFile {
  const char* folder;
  const char* schema;
  const char* what;
};
constexpr NamedFile kPreset = {"dram", "orrery/dram/1", "DRAM preset"};
constexpr NamedFile kEnergy = {"energy", "orrery/energy/1", "energy table"};
constexpr NamedFile kLibrary = {"libraries", "orrery/library/1", "library"};
constexpr NamedFile kRouter = {"noc", "orrery/router/1", "router"};
constexpr NamedFile kNetwork = {"noc", "orrery/noc/1", "network"};

// Calls visit(reference, file, pointer in the configuration) for each, of a machine that may be const. A
// network's own router comes after the network, so that it is found in content that was just put there.
template <class Arch, class Visit>
void each_named_file(Arch& arch, Visit visit) {
  auto& chip = arch.at("chip");
  auto& memory = chip.at("memory");
  for (std::size_t i = 0; i < memory.size(); ++i) {
    if (memory[i].contains("preset"))
      visit(memory[i]["preset"], kPreset, "/arch/chip/memory/" + std::to_string(i) + "/preset");
  }
  visit(chip.at("energy_table"), kEnergy, "/arch/chip/energy_table");
  if (chip.at("execution").contains("library"))
    visit(chip["execution"]["library"], kLibrary, "/arch/chip/execution/library");
  auto& network = chip.at("network");
  if (network.contains("router")) visit(network["router"], kRouter, "/arch/chip/network/router");
  if (!network.contains("file")) return;
  visit(network["file"], kNetwork, "/arch/chip/network/file");
  if (network["file"].is_object() && network["file"].contains("router"))
    visit(network["file"]["router"], kRouter, "/arch/chip/network/file/router");
}

json content_of(const json& reference, const NamedFile& file) {
  const ConfigDocument document =
      referenced_document(reference, data_home() / "arch_configs" / file.folder, file.what, file.folder);
  validate_as(document, file.schema);
  json root = document.root();
  drop_words(root);
  root["name"] = referenced_name(reference);
  return root;
}

bool lies_below(const std::string& pointer, const std::string& place) {
  return pointer.compare(0, place.size() + 1, place + "/") == 0;
}

}  // namespace

void check_against(const json& part, const char* schema, const std::string& name) {
  validate_against(ConfigDocument::of(part, name), schema);
}

void put_content(json& arch) {
  json& network = arch.at("chip").at("network");
  const std::string kind = network.value("kind", "");
  if (kind != "crossbar" && kind != "graph" && !network.contains("router"))
    network["router"] = kDefaultRouter;
  each_named_file(arch, [](json& reference, const NamedFile& file, const std::string&) {
    if (!reference.is_string()) return;
    reference = content_of(reference, file);
    if (std::string(file.what) == kNetwork.what && !reference.contains("router"))
      reference["router"] = kDefaultRouter;
  });
}

json checked_with_names(const json& arch, const std::string& pointer) {
  json named = arch;
  // Networks first lose the content of their router, which their schema does not know.
  each_named_file(named, [&](json& reference, const NamedFile& file, const std::string& at) {
    if (reference.is_string()) {
      content_of(reference, file);
      return;
    }
    json content = reference;
    const std::string name = content.value("name", "inline");
    content.erase("name");
    if (content.contains("router") && content["router"].is_object()) {
      json router = content["router"];
      const std::string router_name = router.value("name", "inline");
      router.erase("name");
      if (lies_below(pointer, at + "/router")) check_against(router, kRouter.schema, router_name);
      content["router"] = router_name;
    }
    if (pointer == at || lies_below(pointer, at)) check_against(content, file.schema, name);
    reference = name;
  });
  return named;
}

bool is_named_file(const json& arch, const std::string& pointer) {
  bool found = false;
  each_named_file(
      arch, [&](const json&, const NamedFile&, const std::string& at) { found = found || at == pointer; });
  return found;
}

}  // namespace orrery
