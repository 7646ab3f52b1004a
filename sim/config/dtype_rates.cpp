#include "sim/config/dtype_rates.h"

namespace orrery {

DTypeRates dtype_rates(const nlohmann::json& object) {
  DTypeRates rates{};
  for (const auto& [name, value] : object.items()) {
    if (const auto dtype = from_word<DType>(name))
      rates[static_cast<std::size_t>(*dtype)] = value.get<double>();
  }
  for (const DType mixed : {DType::w4a16, DType::w8a16}) {
    double& rate = rates[static_cast<std::size_t>(mixed)];
    for (const DType wide : {DType::fp16, DType::bf16}) {
      if (rate == 0) rate = rates[static_cast<std::size_t>(wide)];
    }
  }
  return rates;
}

Shape dtype_rates_shape() {
  Shape rate = Shape::of(ShapeKind::number);
  rate.least = 0;
  rate.most = kAnyNumber;
  return Shape::map(rate, words_of<DType>());
}

}  // namespace orrery
