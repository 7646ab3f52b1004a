#pragma once
// What a vector operator asks of the lanes: operation counts of the straightforward kernel (one fused
// multiply-add = one operation).

#include <cstdint>

namespace orrery {

struct VectorCost {
  double simple_ops = 0;              // lane operations an element
  double transcendental_ops = 0;      // an element
  double row_transcendental_ops = 0;  // a row
  std::uint32_t reductions = 0;       // trees over a row
  std::uint32_t instructions = 0;     // vector instructions a row, on machines that issue one for each
};

inline constexpr VectorCost kCopyCost = {0, 0, 0, 0, 1};  // moves only
inline constexpr VectorCost kAddCost = {1, 0, 0, 0, 1};
inline constexpr VectorCost kScaleCost = {1, 0, 0, 0, 1};
// Integers to the format that multiplies: shift and mask into place; scale and offset (LLM kernels do two at
// a time).
inline constexpr VectorCost kWidenCost = {2, 0, 0, 0, 2};
// max; subtract; sum; scale | exp | reciprocal
inline constexpr VectorCost kSoftmaxCost = {4, 1, 1, 2, 6};
// A FlashAttention block: scale; max; subtract; sum | exp | the old maximum's exp, which rescales the sums.
inline constexpr VectorCost kOnlineSoftmaxCost = {4, 1, 1, 2, 7};

// A block of FlashAttention's backward pass: scale; subtract the row's logarithm; dP - its row's sum; * P |
// exp
inline constexpr VectorCost kSoftmaxBackwardCost = {4, 1, 0, 0, 5};

// Of an index: below 0 is 0; times its head's weight, added up.
inline constexpr VectorCost kIndexScoreCost = {2, 0, 0, 0, 2};

}  // namespace orrery
