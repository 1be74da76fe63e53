// clip/formats/npz.hpp: reader for numpy's .npz files: a zip archive of arrays.
#pragma once

#include <clip/formats/below.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/io/file_budget.hpp>
#include <clip/io/npy_header.hpp>
#include <clip/io/zip.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The arrays of a file, with the names that numpy gives them: those of the entries, without ".npy". Each is a span of
/// the file, or of `memory` if it was deflated or column-major. Valid across moves.
struct NpzFile {
  std::string place;
  std::size_t budget = 0;              // of memory for what is read
  std::vector<StoredTensor> arrays{};  // in the order of the archive
  std::vector<std::vector<std::byte>> memory{};
};

/// Whether a file begins as numpy writes an archive of arrays.
CLIP_HOST bool is_npz(std::span<const std::byte> bytes);

namespace detail {
/// The element type of an array, or of weights as an array.
constexpr Dtype dtype_of(NpyType type) {
  constexpr std::array types{Dtype::f16, Dtype::f32, Dtype::f64, Dtype::i8,
                             Dtype::i32, Dtype::i64, Dtype::u8,  Dtype::bf16};
  return types[static_cast<std::size_t>(type)];
}
/// nullopt: numpy has no such type, or weights are not stored in it.
constexpr std::optional<NpyType> npy_type_of(Dtype dtype) {
  for (const NpyType type :
       {NpyType::f2, NpyType::f4, NpyType::f8, NpyType::i1, NpyType::i4, NpyType::i8, NpyType::u1, NpyType::bf16})
    if (dtype_of(type) == dtype) return type;
  return std::nullopt;
}

/// Adds the array in an entry, whose content is given; the bytes of what is not a span of the file, if they are wanted.
CLIP_HOST Result<void> try_add_array(NpzFile& file, const ZipEntry& entry, ZipContent content, TensorContent wanted);
}  // namespace detail

/// Parses a file in memory, which must outlive the result. below: only arrays whose names begin with it and a slash,
/// without both; if it is empty and there are such names, those below "params", as training programs of Flax save
/// the weights beside the state of the optimiser.
/// LoadError: an entry that is no array, an element type that is not supported, sizes that differ from the header,
/// content beyond the budget of the file, no such names.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<NpzFile> try_parse_npz(std::span<const std::byte> bytes, const std::string& place,
                                            std::string_view below = {},
                                            TensorContent content = TensorContent::values) {
  const auto zip = try_parse_zip(bytes, place);
  if (!zip) return zip.error();
  std::string prefix = below.empty() ? "params" : std::string(below);
  for (char& c : prefix) c = c == '.' ? '/' : c;
  prefix += '/';
  const auto is_below = [&](const ZipEntry& entry) { return entry.name.starts_with(prefix); };
  if (std::ranges::none_of(zip->entries(), is_below)) {
    if (!below.empty()) return detail::none_below(place, below);
    prefix.clear();
  }
  NpzFile file{place, file_budget().of(bytes.size())};
  std::size_t taken = 0;
  for (const ZipEntry& entry : zip->entries()) {
    if (!is_below(entry)) continue;
    if (entry.deflated) {
      if (entry.size > file.budget - taken)
        return detail::budget_error(place, "the inflated content up to " + entry.name.substr(0, 200), file.budget);
      if (content == TensorContent::values) taken += entry.size;
    }
    auto read = try_read_entry<Inflate>(entry, place);
    if (!read) return read.error();
    ZipEntry named = entry;
    named.name.erase(0, prefix.size());
    if (auto done = detail::try_add_array(file, named, std::move(*read), content); !done) return done.error();
  }
  return file;
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/npz.inl.hpp>
#endif
