#pragma once
// Where the measured rows are (-DORRERY_REFERENCE_DATA=DIR).

#include <string>

namespace orrery::test {

inline const std::string kData = ORRERY_REFERENCE_DATA;

}  // namespace orrery::test
