// clip/formats/safetensors_write.inl.hpp: definitions of clip/formats/safetensors_write.hpp.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The layout of a file: length and header, and the order of the tensors' data.
struct SafetensorsPlan {
  std::string start;
  std::vector<std::size_t> order;
  std::vector<std::size_t> sizes;  // by index in the list of tensors
};

/// Text as a JSON string. InputError if it is not UTF-8, which no reader would accept.
inline Result<std::string> quoted(const std::string& text, const std::string& place) {
  std::string quote = json_text(Json(text));
  const auto back = try_parse_json(quote, place);
  if (!back || *back != Json(text)) return InputError{place, "a name or text that is not UTF-8: " + quote};
  return quote;
}

inline Result<SafetensorsPlan> plan_safetensors(const std::string& place, std::span<const TensorToWrite> tensors,
                                                const std::map<std::string, std::string>& metadata) {
  SafetensorsPlan plan;
  for (const TensorToWrite& t : tensors) {
    const auto size = stored_size(t.dtype, t.shape);
    if (!size) return InputError{place, t.name + ": its shape has no size in whole bytes"};
    if (!t.produce && t.bytes.size() != *size) return InputError{place, t.name + ": bytes", *size, t.bytes.size()};
    if (t.name == "__metadata__") return InputError{place, "a tensor cannot be named __metadata__"};
    plan.sizes.push_back(*size);
  }
  plan.order.resize(tensors.size());
  std::iota(plan.order.begin(), plan.order.end(), std::size_t{0});
  std::sort(plan.order.begin(), plan.order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].dtype != tensors[b].dtype ? tensors[a].dtype > tensors[b].dtype
                                                : tensors[a].name < tensors[b].name;
  });

  std::string header = "{";
  const auto key = [&](const std::string& text) -> Result<std::string> {
    auto quote = quoted(text, place);
    if (quote) *quote = (header.back() == '{' ? "" : ",") + *quote + ":";
    return quote;
  };
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [name, text] : metadata) {
      const auto name_part = key(name), text_part = quoted(text, place);
      if (!name_part) return name_part.error();
      if (!text_part) return text_part.error();
      header += *name_part + *text_part;
    }
    header += "}";
  }
  std::size_t offset = 0;
  std::vector<std::string> names;
  for (const std::size_t i : plan.order) {
    const TensorToWrite& t = tensors[i];
    const auto name_part = key(t.name);
    if (!name_part) return name_part.error();
    header += *name_part + "{\"dtype\":\"" + std::string(traits(t.dtype).name) + "\",\"shape\":[";
    for (std::size_t d = 0; d < t.shape.size(); ++d) header += (d ? "," : "") + std::to_string(t.shape[d]);
    header += "],\"data_offsets\":[" + std::to_string(offset) + ",";
    offset += plan.sizes[i];
    header += std::to_string(offset) + "]}";
    names.push_back(t.name);
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    return InputError{place, "two tensors are named " + *twice};

  plan.start.resize(8);
  store_little(reinterpret_cast<std::byte*>(plan.start.data()), static_cast<std::uint64_t>(header.size()));
  plan.start += header;
  return plan;
}

}  // namespace detail

CLIP_HOST Result<AtomicFile> try_prepare_safetensors(const std::string& path, std::span<const TensorToWrite> tensors,
                                                     const std::map<std::string, std::string>& metadata, Links links) {
  const auto plan = detail::plan_safetensors(path, tensors, metadata);
  if (!plan) return plan.error();
  auto file = AtomicFile::try_create(path, links);
  if (!file) return file.error();
  if (auto done = file->try_write(as_byte_span(plan->start)); !done) return done.error();
  for (const std::size_t i : plan->order) {
    const TensorToWrite& t = tensors[i];
    std::optional<Error> failed;
    std::size_t written = 0;
    const auto sink = [&](std::span<const std::byte> bytes) {
      written += bytes.size();
      if (failed || written > plan->sizes[i]) return;
      if (auto done = file->try_write(bytes); !done) failed = done.error();
    };
    if (auto done = try_produce(t, sink); !done) return done.error();
    if (failed) return *failed;
    if (written != plan->sizes[i]) return InputError{path, t.name + ": bytes produced", plan->sizes[i], written};
  }
  return file;
}

CLIP_HOST Result<void> try_write_safetensors(const std::string& path, std::span<const TensorToWrite> tensors,
                                             const std::map<std::string, std::string>& metadata) {
  auto file = try_prepare_safetensors(path, tensors, metadata);
  return file ? file->try_commit() : file.error();
}

}  // namespace clip::inline CLIP_ABI
