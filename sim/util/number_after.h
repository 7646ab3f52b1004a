#pragma once
// Numbers in names: "stride_4096" is stride_ and 4096.

#include <cstdint>
#include <optional>
#include <string>

namespace orrery {

// N of a name that is `prefix` and N, of 1 to 12 digits; none of another name.
std::optional<std::uint64_t> number_after(const std::string& name, const std::string& prefix);

}  // namespace orrery
