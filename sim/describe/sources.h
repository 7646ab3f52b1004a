#pragma once
// What a document says of where its numbers come from.

#include "sim/describe/shape.h"

namespace orrery {

// Of an entry of `sources`.
const Table& table_of_sources();

}  // namespace orrery
