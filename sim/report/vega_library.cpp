#include "sim/report/vega_library.h"

#include <filesystem>

#include "sim/util/errors.h"
#include "sim/util/outside_program.h"

#ifndef ORRERY_VEGA_DIR
#define ORRERY_VEGA_DIR "/usr/share/javascript/vega"
#endif

namespace orrery {
namespace {

// Each after those that it requires.
constexpr const char* kModules[] = {"vega-util",
                                    "vega-time",
                                    "vega-format",
                                    "vega-loader",
                                    "vega-canvas",
                                    "vega-statistics",
                                    "vega-dataflow",
                                    "vega-scale",
                                    "vega-scenegraph",
                                    "vega-expression",
                                    "vega-event-selector",
                                    "vega-selection",
                                    "vega-functions",
                                    "vega-runtime",
                                    "vega-view",
                                    "vega-transforms",
                                    "vega-view-transforms",
                                    "vega-encode",
                                    "vega-crossfilter",
                                    "vega-parser"};
constexpr const char* kOpen =
    "var orreryVega=(function(){var made={},names={'vega-selections':'vega-selection'};"
    "function need(n){return made[names[n]||n]||{};}"
    "function add(n,f){var m={exports:{}};f(m,m.exports,need);made[n]=m.exports;}\n";
// Some bring transforms.
constexpr const char* kClose =
    "['vega-transforms','vega-view-transforms','vega-encode','vega-crossfilter'].forEach(function(n){"
    "Object.assign(made['vega-dataflow'].transforms,made[n]);});"
    "return{parse:made['vega-parser'].parse,View:made['vega-view'].View};})();\n";

}  // namespace

std::string vega_script(const std::string& folder) {
  const std::filesystem::path from = folder.empty() ? ORRERY_VEGA_DIR : folder;
  std::string script = kOpen;
  for (const char* name : kModules) {
    const std::filesystem::path path = from / (std::string(name) + ".min.js");
    if (!std::filesystem::exists(path))
      throw ConfigError("",
                        path.string() + " is not there: plots and reports need Vega (Debian's libjs-vega)");
    script +=
        std::string("add('") + name + "',function(module,exports,require){\n" + read_bytes(path) + "\n});\n";
  }
  return script + kClose;
}

}  // namespace orrery
