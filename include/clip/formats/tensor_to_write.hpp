// clip/formats/tensor_to_write.hpp: a tensor to be written to a file, with its bytes or a function that produces them.
#pragma once

#include <clip/formats/dtype.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Receives the next bytes of a tensor.
using ByteSink = std::function<void(std::span<const std::byte>)>;

/// Passes the bytes of a tensor to a sink, in one or several calls. A function that returns void cannot fail.
class ByteSource {
 public:
  ByteSource() = default;
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, ByteSource> && std::invocable<F&, const ByteSink&>)
  ByteSource(F produce)
      : run_{[produce = std::move(produce)](const ByteSink& sink) mutable -> Result<void> {
          if constexpr (std::is_void_v<std::invoke_result_t<F&, const ByteSink&>>) {
            produce(sink);
            return {};
          } else {
            return produce(sink);
          }
        }} {}

  explicit operator bool() const { return static_cast<bool>(run_); }
  Result<void> operator()(const ByteSink& sink) const { return run_(sink); }

 private:
  std::function<Result<void>(const ByteSink&)> run_;
};

/// A tensor to be written. Its bytes (row-major, little-endian) are `bytes`, or the output of `produce` if that is set.
struct TensorToWrite {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<Index> shape;
  std::span<const std::byte> bytes{};
  ByteSource produce{};
};

/// Passes the bytes of a tensor to a sink.
inline Result<void> try_produce(const TensorToWrite& tensor, const ByteSink& sink) {
  if (tensor.produce) return tensor.produce(sink);
  sink(tensor.bytes);
  return {};
}

}  // namespace clip::inline CLIP_ABI
