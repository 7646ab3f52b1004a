#include "sim/util/fidelity.h"

#include "sim/util/errors.h"

namespace orrery {

const char* to_string(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::roofline:
      return "roofline";
    case Fidelity::tile:
      return "tile";
    case Fidelity::cycle:
      return "cycle";
  }
  return "";
}

Fidelity parse_fidelity(const std::string& text) {
  for (const Fidelity fidelity : {Fidelity::roofline, Fidelity::tile, Fidelity::cycle}) {
    if (text == to_string(fidelity)) return fidelity;
  }
  throw ConfigError("", "--fidelity is '" + text + "'; expected roofline, tile or cycle");
}

}  // namespace orrery
