// clip/formats/rewrite.inl.hpp: definitions of clip/formats/rewrite.hpp.
#pragma once

#include <clip/core/half.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/formats/permute.hpp>
#include <clip/formats/rewrite.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Rounds a double to float by round-to-odd: an inexact value becomes that neighbour whose last bit is 1. Rounding the
/// result to a smaller type then gives the same value as rounding the double directly.
inline float round_to_odd(double value) {
  const float near = static_cast<float>(value);
  auto bits = std::bit_cast<std::uint32_t>(near);
  if (std::isnan(value) || static_cast<double>(near) == value) return near;
  if (std::abs(static_cast<double>(near)) > std::abs(value)) --bits;
  return std::bit_cast<float>(bits | 1U);
}

/// Appends values as elements of a type, rounded to the nearest. NumericError: a finite value becomes infinite.
inline Result<void> try_append(std::span<const double> values, Dtype dtype, std::vector<std::byte>& bytes,
                               const std::string& name) {
  const auto all = [&](auto bits_of, auto infinity) -> Result<void> {
    constexpr std::size_t each = sizeof(infinity);
    std::size_t at = bytes.size();
    bytes.resize(at + each * values.size());
    for (const double value : values) {
      const auto bits = bits_of(value);
      if ((bits & static_cast<decltype(infinity)>(~(decltype(infinity){1} << (8 * each - 1)))) == infinity &&
          std::isfinite(value))
        return NumericError{name, in_words(value) + " is too large for " + std::string(traits(dtype).name)}.with_id(
            "clip.numeric.range");
      store_little(bytes.data() + at, bits);
      at += each;
    }
    return {};
  };
  switch (dtype) {
    case Dtype::f16: return all([](double x) { return float_to_half(round_to_odd(x)); }, std::uint16_t{0x7C00});
    case Dtype::bf16: return all([](double x) { return float_to_bfloat16(round_to_odd(x)); }, std::uint16_t{0x7F80});
    case Dtype::f32:
      return all([](double x) { return std::bit_cast<std::uint32_t>(static_cast<float>(x)); },
                 std::uint32_t{0x7F800000});
    case Dtype::f64:
      return all([](double x) { return std::bit_cast<std::uint64_t>(x); }, std::uint64_t{0x7FF0000000000000});
    default: return OptionError{name, "element type to write", "F16, BF16, F32 or F64", traits(dtype).name};
  }
}

inline Result<std::vector<std::byte>> try_bytes_of(const TensorToWrite& tensor) {
  std::vector<std::byte> all;
  if (auto done = try_produce(
          tensor, [&](std::span<const std::byte> bytes) { all.insert(all.end(), bytes.begin(), bytes.end()); });
      !done)
    return done.error();
  return all;
}

CLIP_HOST TensorToWrite permuted(TensorToWrite tensor, std::vector<std::size_t> axes) {
  TensorToWrite result{tensor.name, tensor.dtype, permuted_shape(tensor.shape, axes), {}, {}};
  result.produce = [tensor = std::move(tensor), axes = std::move(axes)](const ByteSink& sink) -> Result<void> {
    const auto from = try_bytes_of(tensor);
    if (!from) return from.error();
    const auto each = static_cast<std::size_t>(traits(tensor.dtype).bits) / 8;
    if (const auto size = stored_size(tensor.dtype, tensor.shape); each == 0 || from->size() != size)
      return InputError{tensor.name, "bytes to transpose, in whole elements", size.value_or(0), from->size()};
    sink(permuted(*from, tensor.shape, axes, each));
    return {};
  };
  return result;
}

CLIP_HOST TensorToWrite transposed(TensorToWrite tensor) { return permuted(std::move(tensor), {1, 0}); }

CLIP_HOST TensorToWrite rows_of(TensorToWrite tensor, std::vector<std::int32_t> rows) {
  std::vector<Index> shape = tensor.shape;
  auto row_bytes = static_cast<std::size_t>(traits(tensor.dtype).bits / 8);
  for (std::size_t i = 1; i < shape.size(); ++i) row_bytes *= static_cast<std::size_t>(shape[i]);
  shape[0] = static_cast<Index>(rows.size());
  TensorToWrite result{tensor.name, tensor.dtype, std::move(shape), {}, {}};
  result.produce = [tensor = std::move(tensor), rows = std::move(rows), row_bytes](const ByteSink& sink) {
    std::size_t begin = 0, next = 0;  // of the bytes given; of the rows that are not passed on yet
    return try_produce(tensor, [&](std::span<const std::byte> bytes) {
      const std::size_t end = begin + bytes.size();
      while (next < rows.size()) {
        const std::size_t row = static_cast<std::size_t>(rows[next]) * row_bytes, row_end = row + row_bytes;
        if (row >= end) break;
        const std::size_t from = std::max(row, begin), to = std::min(row_end, end);
        if (from < to) sink(bytes.subspan(from - begin, to - from));
        if (row_end > end) break;
        ++next;
      }
      begin = end;
    });
  };
  return result;
}

/// Passes bytes [begin, begin + size) of a tensor to a sink.
inline Result<void> try_produce_part(const TensorToWrite& tensor, std::size_t begin, std::size_t size,
                                     const ByteSink& sink) {
  std::size_t at = 0;
  return try_produce(tensor, [&](std::span<const std::byte> bytes) {
    const std::size_t from = std::clamp(begin, at, at + bytes.size()),
                      to = std::clamp(begin + size, at, at + bytes.size());
    if (from < to) sink(bytes.subspan(from - at, to - from));
    at += bytes.size();
  });
}

CLIP_HOST TensorToWrite folded(TensorToWrite first, TensorToWrite second, Index kept) {
  TensorToWrite result{first.name, first.dtype, first.shape, {}, {}};
  const std::size_t all = stored_size(result.dtype, result.shape).value_or(0),
                    begin = all / static_cast<std::size_t>(std::max<Index>(1, result.shape[0])) *
                            static_cast<std::size_t>(kept);
  result.produce = [first = std::move(first), second = std::move(second), begin, all](const ByteSink& sink) {
    const auto done = try_produce_part(first, 0, begin, sink);
    return done ? try_produce_part(second, begin, all - begin, sink) : done;
  };
  return result;
}

CLIP_HOST TensorToWrite thirds(TensorToWrite tensor, std::size_t first, std::size_t count) {
  TensorToWrite result{tensor.name, tensor.dtype, tensor.shape, {}, {}};
  result.shape[0] /= 3;
  const std::size_t third = stored_size(result.dtype, result.shape).value_or(0), begin = first * third,
                    size = count * third;
  result.shape[0] *= static_cast<Index>(count);
  result.produce = [tensor = std::move(tensor), begin, size](const ByteSink& sink) {
    return try_produce_part(tensor, begin, size, sink);
  };
  return result;
}

}  // namespace detail

CLIP_HOST TensorToWrite in_dtype(TensorToWrite tensor, Dtype dtype) {
  if (!is_floating(tensor.dtype) || tensor.dtype == dtype) return tensor;
  TensorToWrite result{tensor.name, dtype, tensor.shape, {}, {}};
  result.produce = [tensor = std::move(tensor), dtype](const ByteSink& sink) -> Result<void> {
    constexpr std::size_t most = std::size_t{1} << 18;  // a multiple of every element
    std::vector<std::byte> waiting, changed;
    std::vector<double> values;
    Result<void> good;
    const auto pass = [&] {
      values.resize(waiting.size() * 8 / static_cast<std::size_t>(traits(tensor.dtype).bits));
      changed.clear();
      if (good)
        good = try_convert(StoredTensor{tensor.name, tensor.dtype, {static_cast<Index>(values.size())}, waiting},
                           std::span<double>(values));
      if (good) good = detail::try_append(values, dtype, changed, tensor.name);
      if (good) sink(changed);
      waiting.clear();
    };
    auto produced = try_produce(tensor, [&](std::span<const std::byte> bytes) {
      while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), most - waiting.size()));
        waiting.insert(waiting.end(), piece.begin(), piece.end());
        bytes = bytes.subspan(piece.size());
        if (waiting.size() == most) pass();
      }
    });
    pass();
    return produced ? good : produced;
  };
  return result;
}

CLIP_HOST TensorToWrite in_integers(TensorToWrite tensor) {
  TensorToWrite result{tensor.name, Dtype::i64, tensor.shape, {}, {}};
  result.produce = [tensor = std::move(tensor)](const ByteSink& sink) -> Result<void> {
    const auto from = detail::try_bytes_of(tensor);
    if (!from) return from.error();
    const StoredTensor stored{tensor.name, tensor.dtype, tensor.shape, *from};
    std::vector<double> values(static_cast<std::size_t>(stored.count()));
    if (auto done = try_convert(stored, std::span<double>(values)); !done) return done;
    std::vector<std::byte> to(8 * values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      store_little(to.data() + 8 * i, static_cast<std::uint64_t>(std::llround(values[i])));
    sink(to);
    return {};
  };
  return result;
}

}  // namespace clip::inline CLIP_ABI
