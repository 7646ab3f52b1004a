#pragma once
// Names that schemas share with the program: an `enum` that lists "<operator>", "<vector operator>",
// "<kernel operator>" (all but collectives), "<collective>" or "<dtype>" stands for all of that kind.

#include <nlohmann/json.hpp>

namespace orrery {

// Puts the names in their places, everywhere in `schema`.
void fill_in_names(nlohmann::json& schema);

}  // namespace orrery
