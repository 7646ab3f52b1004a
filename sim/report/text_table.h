#pragma once
// A table of text for a terminal, no colours: the first column left-aligned, the others as asked.

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

enum class Align : std::uint8_t { left, right };
std::string format_table(const std::vector<std::vector<std::string>>& rows, Align others = Align::right);

// A number with four significant digits and an SI prefix: si(0.00123, "s") = "1.230 ms".
std::string si(double value, const char* unit);

// A number as people write it: so many significant digits, thousands apart, no exponent between a millionth
// and a quadrillion: people(2226812, 4) = "2,227,000", people(0.01234, 3) = "0.0123".
std::string people(double value, int digits = 4);

// A count with its thousands apart: 6,738,415,616.
std::string grouped(std::uint64_t count);

}  // namespace orrery
