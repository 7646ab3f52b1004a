#pragma once
// In which formats a model's tensors are stored and multiplied: weights, by groups of them; activations as
// products read them; keys and values; and everything else.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/util/stored_format.h"

namespace orrery {

// Weights that are stored alike. Norms and biases are never quantised.
enum class TensorGroup : std::uint8_t {
  attention,
  state,  // of blocks that keep a state in place of a cache
  feed_forward,
  experts,
  shared_experts,
  router,
  embedding,
  head,
};
inline constexpr std::size_t kTensorGroups = 8;

// Products of the layers: what is quantised unless a file says otherwise. Routers never are.
inline constexpr std::array<TensorGroup, 5> kQuantised = {TensorGroup::attention, TensorGroup::state,
                                                          TensorGroup::feed_forward, TensorGroup::experts,
                                                          TensorGroup::shared_experts};

using GroupSet = std::uint32_t;  // a bit each
constexpr GroupSet only(TensorGroup group) {
  return GroupSet{1} << static_cast<unsigned>(group);
}

// Of products with weights of a group. Activations: as they come, where none are said.
struct ProductFormat {
  StoredFormat weights;
  std::optional<StoredFormat> activations;

  friend bool operator==(const ProductFormat& a, const ProductFormat& b) {
    return a.weights == b.weights && a.activations == b.activations;
  }
};
using ProductFormats = std::array<std::optional<ProductFormat>, kTensorGroups>;

// What a model's file says of it.
struct Quantization {
  ProductFormats products;  // of the groups that are quantised
  std::optional<StoredFormat> kv;
  Sparsity sparsity = {};  // of the weights of the layers' products
};

// What is asked for, in place of what the file and the machine say.
struct FormatRequest {
  std::optional<DType> dtype;  // shorthand for weights and activations
  std::optional<StoredFormat> weights, activations, kv;
  std::optional<Sparsity> sparsity;  // of weights, in whichever format they are
};

struct NumberFormats {
  StoredFormat plain;  // of all that is not said otherwise: between products, embedding, norms and head
  StoredFormat kv;
  ProductFormats products;

  StoredFormat weights(TensorGroup group) const;
  // Of the groups that hold most of a model; "fp8", "w4a16": the shorthand that a result goes by.
  DType arithmetic() const;
  StoredFormat most_weights() const;
  StoredFormat most_activations() const;
  // Distinguishes formats from others.
  std::string key() const;
};

// What multiplies activations and weights that are stored so: the wider of them, into which the other is
// widened (w4a16, w8a16 where that has 16 bits).
DType arithmetic_of(DType activations, DType weights);

// Weights and activations of a shorthand, `plain` (16 bits, unless it is wider itself) for all else.
NumberFormats formats_of(DType dtype, DType plain = DType::fp16);

// As a file says, in 16 bits what it says nothing of; whatever machine runs it.
NumberFormats as_filed(const std::optional<Quantization>& model);

// `model`: what its file says, if anything. Formats of the file that the machine does not multiply are
// widened to its 16 bits. Throws ConfigError where what is asked contradicts itself.
NumberFormats number_formats(const FormatRequest& asked, const std::optional<Quantization>& model,
                             const ArchSpec& arch);

// Throws ConfigError where the machine does not multiply one of them.
void check_formats(const ArchSpec& arch, const NumberFormats& formats);

}  // namespace orrery
