#include "sim/study/kernel_record.h"

#include <cstring>
#include <type_traits>

namespace orrery {
namespace {

// FNV-1a, 64 bits.
std::uint64_t checksum(const char* bytes, std::size_t count) {
  std::uint64_t sum = 1469598103934665603ULL;
  for (std::size_t i = 0; i < count; ++i)
    sum = (sum ^ static_cast<unsigned char>(bytes[i])) * 1099511628211ULL;
  return sum;
}

class Writer {
 public:
  template <class T>
  void value(const T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void text(const std::string& t) {
    value(static_cast<std::uint64_t>(t.size()));
    bytes += t;
  }
  std::string bytes;
};

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  template <class T>
  void value(T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (left() < sizeof v) {
      failed_ = true;
      return;
    }
    std::memcpy(&v, bytes_.data() + at_, sizeof v);
    at_ += sizeof v;
  }
  void text(std::string& t) {
    std::uint64_t size = 0;
    value(size);
    if (failed_ || left() < size) {
      failed_ = true;
      return;
    }
    t.assign(bytes_, at_, size);
    at_ += size;
  }
  std::size_t left() const { return bytes_.size() - at_; }
  bool whole() const { return !failed_ && left() == 0; }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

// All but the tensors: `kernel` may be const.
template <class Archive, class Kernel>
void all_values(Archive& archive, Kernel& kernel) {
  archive.value(kernel.outcome.time);
  archive.value(kernel.outcome.skipped);
  archive.value(kernel.outcome.split);
  archive.value(kernel.outcome.counts);
  archive.value(kernel.outcome.sharing);
  archive.value(kernel.clock_factor);
  archive.value(kernel.candidate);
  archive.value(kernel.transactions);
  archive.value(kernel.granule_bytes);
  archive.value(kernel.kernels);
  archive.value(kernel.on_chip.other_dirty_bytes);
  archive.text(kernel.mapping);
}

template <class Archive, class Tensor>
void tensor_values(Archive& archive, Tensor& tensor) {
  archive.value(tensor.tensor);
  archive.value(tensor.bytes);
  archive.value(tensor.dirty_bytes);
}

}  // namespace

std::string packed(const RememberedKernel& kernel) {
  Writer out;
  all_values(out, kernel);
  out.value(static_cast<std::uint64_t>(kernel.on_chip.tensors.size()));
  for (const ResidentTensor& t : kernel.on_chip.tensors) tensor_values(out, t);
  const std::uint64_t sum = checksum(out.bytes.data(), out.bytes.size());
  out.value(sum);
  return out.bytes;
}

std::optional<RememberedKernel> unpacked(const std::string& bytes) {
  std::uint64_t sum = 0;
  if (bytes.size() < sizeof sum) return std::nullopt;
  const std::size_t body = bytes.size() - sizeof sum;
  std::memcpy(&sum, bytes.data() + body, sizeof sum);
  if (sum != checksum(bytes.data(), body)) return std::nullopt;
  const std::string values = bytes.substr(0, body);
  Reader in(values);
  RememberedKernel kernel;
  all_values(in, kernel);
  std::uint64_t tensors = 0;
  in.value(tensors);
  constexpr std::size_t kTensor = sizeof(TensorId) + 2 * sizeof(Bytes);
  if (tensors != in.left() / kTensor) return std::nullopt;
  kernel.on_chip.tensors.resize(tensors);
  for (ResidentTensor& t : kernel.on_chip.tensors) tensor_values(in, t);
  if (!in.whole()) return std::nullopt;
  return kernel;
}

}  // namespace orrery
