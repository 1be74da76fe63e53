// clip/formats/safetensors.inl.hpp: definitions of clip/formats/safetensors.hpp.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/mapped_file.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

namespace clip::inline CLIP_ABI {

CLIP_HOST const StoredTensor* Safetensors::find(std::string_view name) const {
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [&](std::size_t i, std::string_view n) { return tensors_[i].name < n; });
  return at != by_name_.end() && tensors_[*at].name == name ? &tensors_[*at] : nullptr;
}

namespace detail {

struct SafetensorsEntry {
  StoredTensor tensor;
  std::size_t begin, end;
};

/// Reads a JSON integer of 0 or more that fits an Index.
inline bool whole(const Json& value, std::uint64_t& out) {
  if (!value.is_number_unsigned()) return false;
  out = value.get<std::uint64_t>();
  return out <= static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
}

/// Parses one entry of the header. Checks that its byte count agrees with its shape.
inline Result<SafetensorsEntry> parse_safetensors_entry(const std::string& name, const Json& entry,
                                                        const std::string& place) {
  const auto fail = [&](const std::string& what, const auto& expected, const auto& found) -> Error {
    return LoadError{place, name + ": " + what, expected, found};
  };
  const auto field = [&](const char* key) {
    const auto at = entry.find(key);
    return at == entry.end() ? nullptr : &*at;
  };
  if (!entry.is_object()) return fail("entry", "an object", json_in_words(entry));
  const Json *const type = field("dtype"), *const shape = field("shape"), *const offsets = field("data_offsets");
  if (type == nullptr || shape == nullptr || offsets == nullptr)
    return fail("entry", "dtype, shape and data_offsets", "keys missing");

  SafetensorsEntry result{};
  result.tensor.name = name;
  const auto* const type_name = type->get_ptr<const Json::string_t*>();
  const auto dtype = type_name ? dtype_named(*type_name) : std::nullopt;
  if (!dtype) return fail("dtype", "a known element type", json_in_words(*type));
  result.tensor.dtype = *dtype;

  if (!shape->is_array()) return fail("shape", "an array", json_in_words(*shape));
  for (const Json& extent : *shape) {
    std::uint64_t n = 0;
    if (!whole(extent, n)) return fail("shape", "extents of 0 or more", json_in_words(extent));
    result.tensor.shape.push_back(static_cast<Index>(n));
  }
  std::uint64_t begin = 0, end = 0;
  if (!offsets->is_array() || offsets->size() != 2 || !whole((*offsets)[0], begin) || !whole((*offsets)[1], end) ||
      begin > end)
    return fail("data_offsets", "two numbers, begin <= end", json_text(*offsets).substr(0, 60));
  result.begin = static_cast<std::size_t>(begin);
  result.end = static_cast<std::size_t>(end);

  const auto size = stored_size(*dtype, result.tensor.shape);
  if (!size) return fail("shape", "a size in whole bytes that fits memory", json_text(*shape).substr(0, 60));
  if (*size != result.end - result.begin) return fail("bytes of shape and type", *size, result.end - result.begin);
  return result;
}

}  // namespace detail

CLIP_HOST Result<Safetensors> try_parse_safetensors(std::span<const std::byte> bytes, const std::string& place) {
  const auto fail = [&](const std::string& what) -> Error { return LoadError{place, what}; };
  if (bytes.size() < 8) return LoadError{place, "safetensors: file size", "at least 8 bytes", bytes.size()};
  const auto length = load_little<std::uint64_t>(bytes.data());
  if (length > safetensors_header_limit)
    return LoadError{place, "safetensors: header length", "at most " + std::to_string(safetensors_header_limit),
                     length};
  const auto header_size = static_cast<std::size_t>(length);
  if (header_size > bytes.size() - 8)
    return LoadError{place, "safetensors: truncated: bytes after the length", "at least " + std::to_string(length),
                     bytes.size() - 8};
  const std::string_view header = as_text(bytes.subspan(8, header_size));
  if (header.empty() || header.front() != '{') return fail("safetensors: the header must begin with '{'");
  auto json = try_parse_json(header, place);
  if (!json) return fail("safetensors header: " + json.error().message().substr(place.size() + 2));
  const detail::DismantledAtEnd end{*json};
  if (!json->is_object()) return LoadError{place, "safetensors header", "an object", json_in_words(*json)};

  Safetensors result;
  result.place_ = place;
  std::vector<detail::SafetensorsEntry> entries;
  for (const auto& [name, value] : json->items()) {
    if (name == "__metadata__") {
      if (!value.is_null() && !value.is_object())
        return LoadError{place, "__metadata__", "an object", json_in_words(value)};
      for (const auto& [key, text] : value.items()) {
        const auto* const string = text.template get_ptr<const Json::string_t*>();
        if (string == nullptr) return LoadError{place, "__metadata__: " + key, "a string", json_in_words(text)};
        result.metadata_.emplace(key, *string);
      }
      continue;
    }
    auto entry = detail::parse_safetensors_entry(name, value, place);
    if (!entry) return entry.error();
    entries.push_back(std::move(*entry));
  }

  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair{a.begin, a.end} < std::pair{b.begin, b.end};
  });
  const std::span<const std::byte> data = bytes.subspan(8 + header_size);
  std::size_t reached = 0;
  for (auto& entry : entries) {
    if (entry.begin != reached)
      return LoadError{place,
                       entry.tensor.name + (entry.begin < reached ? ": overlaps another tensor: begin"
                                                                  : ": leaves a hole before it: begin"),
                       reached, entry.begin};
    if (entry.end > data.size())
      return LoadError{place, entry.tensor.name + ": truncated: bytes of data", "at least " + std::to_string(entry.end),
                       data.size()};
    entry.tensor.bytes = data.subspan(entry.begin, entry.end - entry.begin);
    reached = entry.end;
    result.tensors_.push_back(std::move(entry.tensor));
  }
  if (reached != data.size()) return LoadError{place, "safetensors: bytes of data", reached, data.size()};

  result.by_name_.resize(result.tensors_.size());
  std::iota(result.by_name_.begin(), result.by_name_.end(), std::size_t{0});
  std::sort(result.by_name_.begin(), result.by_name_.end(),
            [&](std::size_t a, std::size_t b) { return result.tensors_[a].name < result.tensors_[b].name; });
  return result;
}

CLIP_HOST Result<Safetensors> try_open_safetensors(const std::string& path) {
  auto file = try_map_file(path);
  if (!file) return file.error();
  auto result = try_parse_safetensors(file->bytes(), path);
  if (result) result->file_ = std::move(*file);
  return result;
}

}  // namespace clip::inline CLIP_ABI
