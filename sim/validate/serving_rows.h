#pragma once
// A measured serving run, simulated by what its row says.

#include "sim/study/serve.h"
#include "sim/validate/reference_kind.h"

namespace orrery {

// With another load than the row's own, and told of every request. Throws ConfigError.
ServingResult serve_measured_run(const CsvRow& row, const RowSettings& settings, Session& session,
                                 const LoadSpec& load,
                                 const std::function<void(const RequestOutcome&)>& each);

}  // namespace orrery
