#include "sim/workload/formats/trace_reader.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/formats/trace_assembly.h"

namespace orrery {

RecordedStream read_trace(std::istream& in, const std::string& name) {
  using nlohmann::json;
  TraceAssembly assembly(name);
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    const std::string at = name + ":" + std::to_string(number);
    json value;
    bool more = true;
    try {
      value = json::parse(line);
      more = assembly.add(value, at);
    } catch (const json::exception&) {
      more = assembly.refuse(at, assembly.has_header()
                                     ? "not a JSON line"
                                     : "not a JSON line; a trace begins with a header, as 'orrery trace "
                                       "make' writes it");
    }
    if (!more) break;
  }
  return assembly.finish();
}

RecordedStream read_trace_file(const std::filesystem::path& path) {
  std::ifstream in = open_file(path);
  return read_trace(in, path.string());
}

}  // namespace orrery
