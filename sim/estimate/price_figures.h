#pragma once
// What a run costs where nobody asked a question of ownership (orrery cost does): typical prices and the
// price book's finance, a chip without its server, always busy.

#include "sim/config/arch_spec.h"
#include "sim/config/price_book.h"
#include "sim/config/technology.h"
#include "sim/stats/serving_result.h"

namespace orrery {

// Fills area (where the machine file has none) and prices of a result. Unknown figures stay unknown.
void add_price_figures(RunResult& result, const ArchSpec& arch, const Technology& technology,
                       const PriceBook& prices);
void add_price_figures(ServingResult& result, const ArchSpec& arch, const Technology& technology,
                       const PriceBook& prices);

}  // namespace orrery
