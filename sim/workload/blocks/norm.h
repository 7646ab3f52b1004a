#pragma once
// Norms of a token's row, and sums of two.

#include <optional>
#include <utility>

#include "sim/workload/graph_builder.h"

namespace orrery {

Tensor norm(GraphBuilder& builder, const Tensor& x, const std::string& name, const std::string& weight);

// Of the heads in `x`: `rows` rows of `cols` elements, written to `out` (`more`: another part of it is). The
// layer holds a gain, and perhaps a bias, of `held_cols` elements.
void head_norm(GraphBuilder& builder, const Tensor& x, const Tensor& out, const std::string& weight,
               std::uint64_t rows, std::uint64_t cols, std::uint64_t held_cols, bool more);

Tensor add(GraphBuilder& builder, const Tensor& a, const Tensor& b, const std::string& name);

// {x + branch, its norm}: one operator where the machine fuses them. The weight is `norm_name`_weight.
std::pair<Tensor, Tensor> add_norm(GraphBuilder& builder, const Tensor& x, const Tensor& branch,
                                   const std::string& sum_name, const std::string& norm_name);

// x, to which a branch may still have to be added.
Tensor settled(GraphBuilder& builder, const Tensor& x, const std::optional<Tensor>& branch);

}  // namespace orrery
