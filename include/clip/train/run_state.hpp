// clip/train/run_state.hpp: checkpoint of a training run: weights, optimiser state and step, in one file.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/checkpoint/model_file.hpp>

#include <charconv>
#include <map>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Names of the optimiser's tensors begin with this prefix: "optimizer.exp_avg.visual.proj".
inline constexpr std::string_view optimizer_prefix = "optimizer.";

/// Writes the weights by their names, the optimiser's state under optimizer_prefix, and the progress of the run as
/// metadata ("step", "optimizer_steps" and the entries of `metadata`). Atomic: the old file stays until the new one is
/// complete.
template <class M, Backend B, class Optimizer>
Result<void> try_save_checkpoint(M& model, const Parameters<B>& parameters, const Optimizer& optimizer, Index step,
                                 const std::string& path, std::map<std::string, std::string> metadata = {}) {
  auto tensors = tensors_of(model);
  for (const auto& state : parameters.states())
    for (const auto& e : parameters.entries())
      tensors.push_back(tensor_to_write(model.backend(), std::string(optimizer_prefix) + state.name + "." + e.name,
                                        e.shape, In<typename B::Scalar>{state.of(e)}));
  metadata["format"] = "pt";
  metadata["step"] = std::to_string(step);
  metadata["optimizer_steps"] = std::to_string(optimizer.steps());
  return try_write_safetensors(path, tensors, metadata);
}

/// Restores a checkpoint of try_save_checkpoint and returns its step. The model, the table and the optimiser must be
/// those of the run; the entries of `expected` must be in the file's metadata with the same values. No change on error.
template <class M, Backend B, class Optimizer>
Result<Index> try_load_checkpoint(M& model, Parameters<B>& parameters, Optimizer& optimizer, const std::string& path,
                                  const std::map<std::string, std::string>& expected = {}) {
  using T = typename B::Scalar;
  const auto file = try_open_safetensors(path);
  if (!file) return file.error();
  const auto number = [&](const char* key) -> Result<Index> {
    const auto found = file->metadata().find(key);
    const std::string text = found == file->metadata().end() ? "" : found->second;
    Index value = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < 0)
      return LoadError{path, std::string("metadata ") + key, "a number, as in a checkpoint of a run",
                       "\"" + text + "\""};
    return value;
  };
  const auto step = number("step"), steps = number("optimizer_steps");
  if (!step) return step.error();
  if (!steps) return steps.error();
  for (const auto& [key, text] : expected) {
    const auto found = file->metadata().find(key);
    if (found == file->metadata().end() || found->second != text)
      return LoadError{path, "metadata " + key, text, found == file->metadata().end() ? "nothing" : found->second}
          .with_id("clip.load.run");
  }
  for (const auto& state : parameters.states())
    for (const auto& e : parameters.entries()) {
      const std::string name = std::string(optimizer_prefix) + state.name + "." + e.name;
      const StoredTensor* stored = file->find(name);
      if (!stored || !detail::same_shape(e.shape, stored->shape))
        return LoadError{path, name, "values of shape " + e.shape.in_words(), stored ? "another shape" : "nothing"};
      if (stored->dtype != Dtype::f32 && stored->dtype != Dtype::f64)
        return LoadError{path, name, "F32 or F64", std::string(traits(stored->dtype).name)};
    }
  if (auto done = try_load(model, *file, optimizer_prefix); !done) return done.error();
  for (const auto& state : parameters.states())
    for (const auto& e : parameters.entries()) {
      std::vector<T> values(static_cast<std::size_t>(e.shape.count()));
      convert(*file->find(std::string(optimizer_prefix) + state.name + "." + e.name), std::span<T>(values));
      parameters.backend().upload(std::span<const T>(values), state.of(e));
    }
  optimizer.set_steps(*steps);
  return *step;
}

}  // namespace clip::inline CLIP_ABI
