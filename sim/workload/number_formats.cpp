#include "sim/workload/number_formats.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/util/errors.h"

namespace orrery {
namespace {

bool is_wide(DType dtype) {
  return storage_bits(dtype) >= 16 && weight_dtype(dtype) == dtype;
}

// What a machine computes in beside narrow products: its own format. One whose own is narrow takes a format
// of 16 bits where weights are to be `widened`.
DType plain_format(const ArchSpec& arch, bool widened) {
  const DType usual = arch.execution.default_dtype;
  if (is_wide(usual) || !widened) return usual;
  for (const DType wide : {DType::bf16, DType::fp16, DType::fp32}) {
    if (supports_dtype(arch.cores.matrix, wide)) return wide;
  }
  return usual;
}

ProductFormat product_format(DType dtype) {
  if (weight_dtype(dtype) != activation_dtype(dtype)) return {stored_as(weight_dtype(dtype)), std::nullopt};
  return {stored_as(dtype), stored_as(dtype)};
}

ProductFormats all_quantised(const ProductFormat& format) {
  ProductFormats products;
  for (const TensorGroup group : kQuantised) products[static_cast<std::size_t>(group)] = format;
  return products;
}

// The groups that hold most of a model, the largest first.
const std::optional<ProductFormat>& most(const ProductFormats& products) {
  for (const TensorGroup group : {TensorGroup::experts, TensorGroup::feed_forward, TensorGroup::state,
                                  TensorGroup::attention, TensorGroup::shared_experts}) {
    const auto& product = products[static_cast<std::size_t>(group)];
    if (product) return product;
  }
  static const std::optional<ProductFormat> none;
  return none;
}

// What --weights and --activations say of products that `usual` are quantised.
ProductFormats asked_products(const FormatRequest& asked, const ProductFormats& usual,
                              const StoredFormat& plain) {
  ProductFormats products = usual;
  const auto named = [](const char* option, const StoredFormat& format) {
    return std::string(option) + " " + name_of(format);
  };
  if (asked.weights && is_wide(asked.weights->dtype)) {
    if (asked.activations && !is_wide(asked.activations->dtype))
      throw ConfigError("", named("--activations", *asked.activations) + " with " +
                                named("--weights", *asked.weights) +
                                ": products take activations no narrower than their weights");
    return {};
  }
  if (asked.weights) {
    if (!most(products)) products = all_quantised({*asked.weights, std::nullopt});
    for (auto& product : products) {
      if (product) product->weights = *asked.weights;
    }
  }
  if (!asked.activations) return products;
  if (!most(products)) {
    if (is_wide(asked.activations->dtype)) return products;
    throw ConfigError("", named("--activations", *asked.activations) + " with weights in " + name_of(plain) +
                              ": products take activations no narrower than their weights (say --weights, or "
                              "--dtype for both)");
  }
  for (auto& product : products) {
    if (!product) continue;
    product->activations =
        is_wide(asked.activations->dtype) ? std::nullopt : std::optional(*asked.activations);
    if (product->activations &&
        storage_bits(product->activations->dtype) < storage_bits(product->weights.dtype))
      throw ConfigError("", named("--activations", *asked.activations) + " with weights in " +
                                name_of(product->weights) +
                                ": products take activations no narrower than their weights");
  }
  return products;
}

// The layers' products with weights of which only some elements are kept.
void make_sparse(NumberFormats& formats, const Sparsity& sparsity) {
  if (sparsity.is_dense()) return;
  for (const TensorGroup group : kQuantised) {
    auto& product = formats.products[static_cast<std::size_t>(group)];
    if (!product) product = ProductFormat{formats.plain, std::nullopt};
    product->weights = sparse(product->weights, sparsity);
  }
}

}  // namespace

DType arithmetic_of(DType activations, DType weights) {
  if (storage_bits(activations) <= storage_bits(weights)) return activations;
  if (storage_bits(activations) != 16) return activations;
  return storage_bits(weights) <= 4 ? DType::w4a16 : DType::w8a16;
}

StoredFormat NumberFormats::weights(TensorGroup group) const {
  const auto& product = products[static_cast<std::size_t>(group)];
  return product ? product->weights : plain;
}

StoredFormat NumberFormats::most_weights() const {
  const auto& product = most(products);
  return product ? product->weights : plain;
}

StoredFormat NumberFormats::most_activations() const {
  const auto& product = most(products);
  return product ? product->activations.value_or(plain) : plain;
}

DType NumberFormats::arithmetic() const {
  return arithmetic_of(most_activations().dtype, most_weights().dtype);
}

std::string NumberFormats::key() const {
  const auto word = [](const StoredFormat& f) {
    const std::string pattern = f.sparsity.is_dense() ? "" : ":" + name_of(f.sparsity);
    return fmt::format("{}:{}{}", to_string(f.dtype), f.bits.parts(), pattern);
  };
  std::string all = word(plain) + " " + word(kv);
  for (const auto& product : products) {
    all += " ";
    if (product) all += word(product->weights) + "x" + word(product->activations.value_or(plain));
  }
  return all;
}

NumberFormats formats_of(DType dtype, DType plain) {
  const DType wide = is_wide(dtype) ? dtype : plain;
  NumberFormats formats{stored_as(wide), stored_as(wide), {}};
  if (!is_wide(dtype)) formats.products = all_quantised(product_format(dtype));
  return formats;
}

NumberFormats as_filed(const std::optional<Quantization>& model) {
  NumberFormats formats = formats_of(DType::bf16);
  if (!model) return formats;
  formats.products = model->products;
  formats.kv = model->kv.value_or(formats.kv);
  make_sparse(formats, model->sparsity);
  return formats;
}

NumberFormats number_formats(const FormatRequest& asked, const std::optional<Quantization>& model,
                             const ArchSpec& arch) {
  NumberFormats formats;
  if (asked.dtype) {
    if (!is_wide(*asked.dtype)) formats.products = all_quantised(product_format(*asked.dtype));
  } else if (model) {
    formats.products = model->products;
    // A machine that does not multiply what the file says takes the weights alone, and widens them.
    for (auto& product : formats.products) {
      if (product && product->activations &&
          !supports_dtype(arch.cores.matrix,
                          arithmetic_of(product->activations->dtype, product->weights.dtype)))
        product->activations = std::nullopt;
    }
  } else if (!is_wide(arch.execution.default_dtype)) {
    formats.products = all_quantised(product_format(arch.execution.default_dtype));
  }
  formats.products = asked_products(asked, formats.products, stored_as(plain_format(arch, false)));
  const bool widened = std::any_of(formats.products.begin(), formats.products.end(),
                                   [](const auto& product) { return product && !product->activations; });
  DType plain = plain_format(arch, widened);
  if (asked.dtype && is_wide(*asked.dtype)) plain = *asked.dtype;
  if (!asked.dtype && asked.activations && is_wide(asked.activations->dtype))
    plain = asked.activations->dtype;
  formats.plain = formats.kv = stored_as(plain);
  if (model && model->kv) formats.kv = *model->kv;
  if (asked.kv) formats.kv = *asked.kv;
  make_sparse(formats, asked.sparsity.value_or(model ? model->sparsity : Sparsity{}));
  return formats;
}

void check_formats(const ArchSpec& arch, const NumberFormats& formats) {
  check_format(arch, formats.arithmetic());
  check_format(arch, formats.plain.dtype);
  for (const auto& product : formats.products) {
    if (product)
      check_format(arch,
                   arithmetic_of(product->activations.value_or(formats.plain).dtype, product->weights.dtype));
  }
}

}  // namespace orrery
