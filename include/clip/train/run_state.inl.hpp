// clip/train/run_state.inl.hpp: definitions of clip/train/run_state.hpp.
#pragma once

#include <clip/checkpoint/compare.hpp>
#include <clip/io/json.hpp>
#include <clip/train/run_state.hpp>

#include <charconv>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST std::string fact_text(Index value) { return json_text(Json(value)); }
CLIP_HOST std::string fact_text(std::uint64_t value) { return json_text(Json(value)); }
CLIP_HOST std::string fact_text(double value) { return json_text(Json(value)); }
CLIP_HOST std::string fact_text(const std::string& value) { return json_text(Json(value)); }
CLIP_HOST std::string fact_text(const std::map<std::string, std::string>& values) { return json_text(Json(values)); }

CLIP_HOST Result<RunProgress> try_check_run(const Safetensors& file,
                                            const std::vector<std::pair<std::string, Shape>>& tensors,
                                            const std::map<std::string, std::string>& expected) {
  const auto number = [&](const char* key) -> Result<Index> {
    const auto found = file.metadata().find(key);
    const std::string text = found == file.metadata().end() ? "" : found->second;
    Index value = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < 0)
      return LoadError{file.place(), std::string("metadata ") + key, "a number, as in a checkpoint of a run",
                       "\"" + text + "\""};
    return value;
  };
  const auto step = number("step"), steps = number("optimizer_steps");
  if (!step) return step.error();
  if (!steps) return steps.error();
  for (const auto& [key, text] : expected) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end() || found->second != text)
      return LoadError{file.place(), "metadata " + key, text,
                       found == file.metadata().end() ? "nothing" : found->second}
          .with_id("clip.load.run");
  }
  for (const auto& [name, shape] : tensors) {
    const StoredTensor* const stored = file.find(name);
    if (stored == nullptr || !same_shape(shape, stored->shape))
      return LoadError{file.place(), name, "values of shape " + shape.in_words(),
                       stored != nullptr ? "another shape" : "nothing"};
    if (stored->dtype != Dtype::f32 && stored->dtype != Dtype::f64)
      return LoadError{file.place(), name, "F32 or F64", std::string(traits(stored->dtype).name)};
  }
  return RunProgress{*step, *steps};
}

}  // namespace clip::inline CLIP_ABI::detail

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<std::optional<double>> try_checkpoint_number(const std::string& path, const std::string& key) {
  const auto file = try_open_safetensors(path);
  if (!file) return file.error();
  const auto found = file->metadata().find(key);
  if (found == file->metadata().end()) return std::optional<double>{};
  const std::string& text = found->second;
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size())
    return LoadError{path, "metadata " + key, "a number", "\"" + text + "\""};
  return std::optional<double>{value};
}

}  // namespace clip::inline CLIP_ABI
