#include "sim/workload/formats/import_options.h"

#include <string>
#include <utility>

#include "sim/util/errors.h"

namespace orrery {

void refuse_options(const std::filesystem::path& file, const ImportOptions& options) {
  for (const auto& [said, name] : {std::pair(options.devices.has_value(), "devices"),
                                   {options.dtype.has_value(), "dtype"},
                                   {options.asked_batch.has_value(), "batch"},
                                   {options.asked_tokens.has_value(), "input"},
                                   {options.asked_past.has_value(), "past"}}) {
    if (said)
      throw ConfigError(file.string(), std::string("--") + name + " is part of the trace; leave it out");
  }
}

}  // namespace orrery
