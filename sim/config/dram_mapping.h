#pragma once
// Where a byte address lies in DRAM: a permutation of the address bits, written as fields from the most
// significant to the least: ro (row), ch (channel), ra (rank or stack ID), pc (pseudo channel), bg (bank
// group), ba (bank), co (column: a burst). "rorabgbaco" puts consecutive bursts into one row; a field may be
// split by giving bits to a part of it, lowest part last: "rorabacobgco2" changes the bank group every four
// bursts. Dashes between fields are allowed.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/dram_device.h"

namespace orrery {

struct DramAddress {
  std::uint32_t channel = 0, pseudo_channel = 0, rank = 0, bank_group = 0, bank = 0, row = 0, column = 0;
};

class DramMapping {
 public:
  // Throws ConfigError: unknown field, a field that is missing though it has bits, parts that do not add up,
  // a size that is no power of two.
  DramMapping(const std::string& order, const DramDevice& device, std::uint32_t channels);

  DramAddress decode(std::uint64_t address) const;
  // The address of the burst at a place; the inverse of decode.
  std::uint64_t encode(const DramAddress& place) const;

  std::uint64_t capacity_bytes() const { return std::uint64_t{1} << (shift_ + bits_); }
  const std::string& order() const { return order_; }

  // "LSB-first PseudoChannel-BankGroup-Column-Bank-Row" and "bgint:..." of reference rows, and orders as
  // above, in this class's own writing.
  static std::string normalised(const std::string& text);

  // Bank group and pseudo channel change with every burst, then columns, banks and rows: what spreads a
  // stream best.
  static std::string default_order() { return "ro-ra-ba-co-bg-pc-ch"; }

 private:
  struct Part {
    std::uint32_t field = 0;      // index of DramAddress's members
    std::uint32_t shift = 0;      // within the address
    std::uint32_t field_bit = 0;  // within the field
    std::uint32_t bits = 0;
  };
  std::string order_;
  std::uint32_t shift_ = 0;  // of the burst
  std::uint32_t bits_ = 0;
  std::vector<Part> parts_;
};

}  // namespace orrery
