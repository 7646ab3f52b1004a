#include "sim/workload/formats/onnx_views.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/util/checked.h"
#include "sim/util/units.h"
#include "sim/workload/formats/onnx_shapes.h"

namespace orrery {

std::uint64_t positive(const OnnxNode& node, std::int64_t extent) {
  if (extent < 0) node.fail(fmt::format("an extent of {}", extent));
  return static_cast<std::uint64_t>(extent);
}

OnnxValue like(const OnnxNode& node, std::size_t i) {
  OnnxValue out = node.in(i);
  out.constant = false;
  out.numbers.reset();
  return out;
}

OnnxValue of_shape(const OnnxNode& node, OnnxShape shape, std::size_t typed_as) {
  OnnxValue out = like(node, typed_as);
  out.shape = std::move(shape);
  return out;
}

std::optional<OnnxNumbers> axes_of(const OnnxNode& node, std::size_t input) {
  if (node.find("axes") != nullptr) return node.list("axes");
  if (const OnnxNumbers* given = node.numbers(input)) return *given;
  if (node.has(input)) return std::nullopt;  // not known
  return OnnxNumbers{};
}

OnnxValue reshape(const OnnxNode& node) {
  const OnnxNumbers* to = node.numbers(1);
  if (to == nullptr) node.unknown("the shape it makes does not follow from the file");
  const OnnxShape& from = node.shape(0);
  OnnxShape shape;
  std::uint64_t known = 1;
  std::optional<std::size_t> rest;
  for (std::size_t i = 0; i < to->size(); ++i) {
    std::int64_t extent = (*to)[i];
    if (extent == 0 && node.attribute("allowzero", 0) == 0) {
      if (i >= from.size()) node.fail("it keeps an extent that its input lacks");
      extent = static_cast<std::int64_t>(from[i]);
    }
    if (extent == -1) {
      if (rest) node.fail("two extents are left open");
      rest = i;
      shape.push_back(1);
      continue;
    }
    shape.push_back(positive(node, extent));
    known = checked_product({known, shape.back()});
  }
  const std::uint64_t all = elements_of(from);
  if (rest && known > 0) shape[*rest] = all / known;
  if (elements_of(shape) != all)
    node.fail(fmt::format("{} elements do not fill the shape [{}]", all, fmt::join(shape, ", ")));
  OnnxValue out = of_shape(node, shape);
  out.numbers = node.in(0).numbers;
  return out;
}

OnnxValue squeeze(const OnnxNode& node) {
  const auto axes = axes_of(node, 1);
  if (!axes) node.unknown("its axes do not follow from the file");
  const OnnxShape& from = node.shape(0);
  std::vector<bool> gone(from.size(), false);
  for (const std::int64_t axis : *axes) gone[node.axis(axis, from.size())] = true;
  OnnxShape shape;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (axes->empty() ? from[i] != 1 : !gone[i]) shape.push_back(from[i]);
  }
  OnnxValue out = of_shape(node, shape);
  out.numbers = node.in(0).numbers;
  return out;
}

OnnxValue unsqueeze(const OnnxNode& node) {
  const auto axes = axes_of(node, 1);
  if (!axes) node.unknown("its axes do not follow from the file");
  const OnnxShape& from = node.shape(0);
  const std::size_t rank = from.size() + axes->size();
  std::vector<bool> fresh(rank, false);
  for (const std::int64_t axis : *axes) fresh[node.axis(axis, rank)] = true;
  OnnxShape shape;
  auto next = from.begin();
  for (std::size_t i = 0; i < rank; ++i) shape.push_back(fresh[i] || next == from.end() ? 1 : *next++);
  OnnxValue out = of_shape(node, shape);
  out.numbers = node.in(0).numbers;
  return out;
}

OnnxValue transpose(const OnnxNode& node) {
  const OnnxShape& from = node.shape(0);
  OnnxNumbers order = node.list("perm");
  if (order.empty()) {
    for (std::size_t i = from.size(); i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  }
  if (order.size() != from.size()) node.fail("its order is of another number of dimensions");
  OnnxShape shape;
  for (const std::int64_t axis : order) shape.push_back(from[node.axis(axis, from.size())]);
  return of_shape(node, shape);
}

OnnxValue concat(const OnnxNode& node) {
  OnnxShape shape = node.shape(0);
  const std::size_t axis = node.axis(node.attribute("axis", 0), shape.size());
  OnnxNumbers numbers;
  bool folds = shape.size() == 1;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    const OnnxShape& part = node.shape(i);
    if (part.size() != shape.size()) node.fail("parts of different numbers of dimensions");
    for (std::size_t d = 0; d < shape.size(); ++d) {
      if (d != axis && part[d] != shape[d])
        node.fail(fmt::format("parts of {} and {} along dimension {}", shape[d], part[d], d));
    }
    sum = checked_sum(sum, part[axis]);
    const OnnxNumbers* these = node.numbers(i);
    folds = folds && these != nullptr && numbers.size() + these->size() <= kMostFolded;
    if (folds) numbers.insert(numbers.end(), these->begin(), these->end());
  }
  shape[axis] = sum;
  OnnxValue out = of_shape(node, shape);
  if (folds) out.numbers = std::move(numbers);
  return out;
}

OnnxValue gather(const OnnxNode& node) {
  const OnnxShape& data = node.shape(0);
  const std::size_t axis = node.axis(node.attribute("axis", 0), data.size());
  OnnxShape shape(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), node.shape(1).begin(), node.shape(1).end());
  shape.insert(shape.end(), data.begin() + static_cast<std::ptrdiff_t>(axis) + 1, data.end());
  OnnxValue out = of_shape(node, shape);
  const OnnxNumbers* from = node.numbers(0);
  const OnnxNumbers* at = node.numbers(1);
  if (from == nullptr || at == nullptr || data.size() != 1) return out;
  OnnxNumbers numbers;
  for (const std::int64_t i : *at) {
    if (from->empty()) return out;
    numbers.push_back((*from)[node.axis(i, from->size())]);
  }
  out.numbers = std::move(numbers);
  return out;
}

// Along each axis, from and to which element, and in what steps.
OnnxValue slice(const OnnxNode& node) {
  OnnxShape shape = node.shape(0);
  const auto part = [&node](const char* name, std::size_t input) -> std::optional<OnnxNumbers> {
    if (node.find(name) != nullptr) return node.list(name);
    if (const OnnxNumbers* given = node.numbers(input)) return *given;
    return std::nullopt;
  };
  const auto starts = part("starts", 1);
  const auto ends = part("ends", 2);
  if (!starts || !ends || starts->size() != ends->size())
    node.unknown("the part it takes does not follow from the file");
  const OnnxNumbers axes = part("axes", 3).value_or(OnnxNumbers{});
  const OnnxNumbers steps = part("steps", 4).value_or(OnnxNumbers{});
  OnnxNumbers kept = node.in(0).numbers.value_or(OnnxNumbers{});
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const std::size_t axis =
        node.axis(i < axes.size() ? axes[i] : static_cast<std::int64_t>(i), shape.size());
    const auto length = static_cast<std::int64_t>(shape[axis]);
    // Beyond the extent, a step takes one element all the same.
    const std::int64_t step = std::clamp(i < steps.size() ? steps[i] : 1, -length - 1, length + 1);
    if (step == 0) node.fail("a step of 0");
    if (step < 0) {
      const auto back = [length](std::int64_t at) {
        return std::clamp<std::int64_t>(at < -length ? -1 : at < 0 ? at + length : at, -1, length - 1);
      };
      const std::int64_t from = back((*starts)[i]);
      const std::int64_t to = std::min(from, back((*ends)[i]));
      shape[axis] = static_cast<std::uint64_t>((from - to - step - 1) / -step);
      kept.clear();
      continue;
    }
    const auto place = [length](std::int64_t at) {
      return std::clamp<std::int64_t>(at < 0 ? at + length : at, 0, length);
    };
    const std::int64_t begin = place((*starts)[i]);
    const std::int64_t end = std::max(begin, place((*ends)[i]));
    shape[axis] = static_cast<std::uint64_t>((end - begin + step - 1) / step);
    if (kept.empty() || shape.size() != 1) continue;
    OnnxNumbers some;
    for (std::int64_t at = begin; at < end; at += step) some.push_back(kept[static_cast<std::size_t>(at)]);
    kept = std::move(some);
  }
  OnnxValue out = of_shape(node, shape);
  if (shape.size() == 1 && kept.size() == shape[0] && node.in(0).numbers) out.numbers = std::move(kept);
  return out;
}

std::vector<OnnxValue> split(const OnnxNode& node) {
  const OnnxShape& from = node.shape(0);
  const std::size_t axis = node.axis(node.attribute("axis", 0), from.size());
  OnnxNumbers sizes = node.list("split");
  if (const OnnxNumbers* given = node.numbers(1)) sizes = *given;
  if (sizes.empty() && node.has(1)) node.unknown("the parts it makes do not follow from the file");
  std::vector<OnnxValue> parts;
  const std::uint64_t each = ceil_div<std::uint64_t>(from[axis], std::max<std::size_t>(1, node.outputs()));
  std::uint64_t left = from[axis];
  for (std::size_t i = 0; i < node.outputs(); ++i) {
    OnnxShape shape = from;
    shape[axis] = i < sizes.size() ? positive(node, sizes[i]) : std::min(each, left);
    if (shape[axis] > left) node.fail("its parts exceed it");
    left -= shape[axis];
    parts.push_back(of_shape(node, shape));
  }
  return parts;
}

}  // namespace orrery
