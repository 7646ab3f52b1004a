#include "sim/workload/formats/scale_sim.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMostExtent = std::uint64_t{1} << 40;

// Cells without blanks around them; an empty one at the end is a comma too many.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) {
    const std::size_t begin = cell.find_first_not_of(" \t\r");
    const std::size_t end = cell.find_last_not_of(" \t\r");
    cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
  }
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
  return cells;
}

std::uint64_t extent(const std::string& cell, const std::string& column, const std::string& where) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || value == 0 || value > kMostExtent)
    throw ConfigError(
        where, fmt::format("column '{}' is '{}'; expected a whole number from 1 to 2^40", column, cell));
  return value;
}

// The rows of an output: the input is as large as its padding makes it; a last step that does not fit counts
// (scalesim/topology_utils.py: ceil((ifmap - filter + stride) / stride)).
std::uint64_t outputs(std::uint64_t input, std::uint64_t filter, std::uint64_t stride,
                      const std::string& where) {
  if (filter > input)
    throw ConfigError(where, fmt::format("a filter of {} on an input of {}", filter, input));
  return (input - filter + 2 * stride - 1) / stride;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// SCALE-Sim v3's last column: N:M of the weights along the reduction, all of them where they are equal.
bool has_sparsity(const std::vector<std::string>& header) {
  return header.size() >= 5 && lower(header.back()).find("sparsity") == 0;
}
Sparsity sparsity_of(const std::string& ratio, const std::string& where) {
  const std::size_t colon = ratio.find(':');
  if (colon != std::string::npos && ratio.substr(0, colon) == ratio.substr(colon + 1)) return {};
  const auto sparsity = sparsity_named(ratio);
  if (!sparsity || sparsity->kind != SparsityKind::n_of_m)
    throw ConfigError(where, "'" + ratio + "' is no ratio of weights that are kept; expected N:M, as 2:4");
  return *sparsity;
}

bool is_remark(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string::npos && (line[first] == '#' || line.compare(first, 2, "//") == 0);
}

struct Layer {
  std::vector<std::string> header, cells;
  std::string where;
  std::uint64_t at(std::size_t column) const { return extent(cells[column], header[column], where); }
};

MatmulShape product(const Layer& layer) {
  return {1, layer.at(1), layer.at(2), layer.at(3)};
}

// As im2col makes it one: a row a pixel of the output, a column a filter.
MatmulShape convolution(const Layer& layer) {
  const std::uint64_t down = layer.at(7);
  const std::uint64_t across =
      layer.cells.size() - (has_sparsity(layer.header) ? 1 : 0) > 8 ? layer.at(8) : down;
  // Channel by channel, as SCALE-Sim takes layers of that name.
  const bool depthwise = layer.cells[0].find("DP") != std::string::npos;
  const std::uint64_t pixels = checked_product({outputs(layer.at(1), layer.at(3), down, layer.where),
                                                outputs(layer.at(2), layer.at(4), across, layer.where)});
  if (depthwise) return {layer.at(5), pixels, layer.at(6), checked_product({layer.at(3), layer.at(4)})};
  return {1, pixels, layer.at(6), checked_product({layer.at(3), layer.at(4), layer.at(5)})};
}

bool is_products(const std::vector<std::string>& header) {
  return header.size() == 4 + (has_sparsity(header) ? 1 : 0) && lower(header[1]) == "m" &&
         lower(header[2]) == "n" && lower(header[3]) == "k";
}

bool is_convolutions(const std::vector<std::string>& header) {
  const std::size_t columns = header.size() - (has_sparsity(header) ? 1 : 0);
  return columns >= 8 && columns <= 9 && lower(header[1]).find("ifmap") == 0 &&
         lower(header[3]).find("filter") == 0 && lower(header[5]).find("channel") == 0;
}

}  // namespace

ImportedTrace read_scale_sim(const std::filesystem::path& file, const ImportOptions& options) {
  Coverage coverage("a SCALE-Sim topology");
  std::istringstream lines(read_text_file(file));
  std::string line;
  std::uint64_t number = 0;
  std::vector<std::string> header;
  while (header.empty() && std::getline(lines, line)) {
    ++number;
    if (!is_remark(line)) header = cells_of(line);
  }
  const bool products = is_products(header);
  if (!products && !is_convolutions(header))
    throw ConfigError(
        file.string() + ":1",
        "is a CSV table, but no topology of SCALE-Sim: 'Layer,M,N,K' of products, or 'Layer name,IFMAP "
        "Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides' of convolutions");
  const DType dtype = options.format();
  const auto names = std::make_shared<TensorNames>();
  GraphImport graph(file.string(), names);
  while (std::getline(lines, line)) {
    ++number;
    Layer layer{header, cells_of(line), fmt::format("{}:{}", file.string(), number)};
    if (layer.cells.empty() || is_remark(line)) continue;
    if (layer.cells.size() != header.size())
      throw ConfigError(layer.where,
                        fmt::format("{} cells; the header has {}", layer.cells.size(), header.size()));
    const std::vector<std::uint64_t> before =
        graph.operators() > 0 ? std::vector<std::uint64_t>{graph.operators()} : std::vector<std::uint64_t>{};
    Operator op = standalone_matmul(products ? product(layer) : convolution(layer), dtype);
    if (has_sparsity(header)) {
      StoredFormat& weights = op.inputs[1].format;
      weights = sparse(weights, sparsity_of(layer.cells.back(), layer.where));
    }
    name_tensors(op, layer.cells[0] + "@" + std::to_string(number), *names);
    graph.add(graph.operators() + 1, layer.cells[0], before, std::move(op));
    coverage.understand(products ? "product as matmul" : "convolution as matmul");
  }
  coverage.assume(fmt::format("elements are {} (--dtype says otherwise)", to_string(dtype)));
  coverage.assume("layers run one after the other; activations and weights of each are read from memory");
  if (!products)
    coverage.assume("inputs hold their padding, and are laid out by im2col; strides are of both directions");
  std::vector<OperatorGraph> graphs;
  graphs.push_back(graph.finish());
  return imported(file.string(), std::move(graphs), options.devices.value_or(1), dtype, std::move(coverage));
}

}  // namespace orrery
