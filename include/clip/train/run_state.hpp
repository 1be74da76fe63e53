// clip/train/run_state.hpp: checkpoint of a training run: weights, optimiser state and step, in one file.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/formats/safetensors_write.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Names of the optimiser's tensors begin with this prefix: "optimizer.exp_avg.visual.proj".
inline constexpr std::string_view optimizer_prefix = "optimizer.";

namespace detail {

/// A setting of a run as JSON text, for the metadata of its checkpoints: numbers as they are, texts in quotes.
CLIP_HOST std::string fact_text(Index value);
CLIP_HOST std::string fact_text(std::uint64_t value);
CLIP_HOST std::string fact_text(double value);
CLIP_HOST std::string fact_text(const std::string& value);
/// An object of texts.
CLIP_HOST std::string fact_text(const std::map<std::string, std::string>& values);

/// The progress of a run.
struct RunProgress {
  Index step, optimizer_steps;
};

/// The progress that a checkpoint states. LoadError: a file of another kind, metadata other than `expected`, or a
/// tensor that is missing or has another shape.
CLIP_HOST Result<RunProgress> try_check_run(const Safetensors& file,
                                            const std::vector<std::pair<std::string, Shape>>& tensors,
                                            const std::map<std::string, std::string>& expected);

}  // namespace detail

/// A number in the metadata of a checkpoint; nothing where it is not there. LoadError: no such file, or no number.
[[nodiscard]] CLIP_HOST Result<std::optional<double>> try_checkpoint_number(const std::string& path,
                                                                            const std::string& key);

/// Writes the weights by their names, the optimiser's state under optimizer_prefix, and the progress of the run as
/// metadata ("step", "optimizer_steps" and the entries of `metadata`). Atomic: the old file stays until the new one is
/// complete.
template <class M, Backend B, class Optimizer>
Result<void> try_save_checkpoint(M& model, const Parameters<B>& parameters, const Optimizer& optimizer, Index step,
                                 const std::string& path, std::map<std::string, std::string> metadata = {}) {
  auto tensors = tensors_of(model);
  parameters.visit_states([&](const auto& state, const auto& e) {
    tensors.push_back(tensor_to_write(model.backend(), std::string(optimizer_prefix) + state.name + "." + e.name,
                                      e.shape, In<typename B::Scalar>{state.of(e)}));
  });
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
  std::vector<std::pair<std::string, Shape>> tensors;
  parameters.visit_states([&](const auto& state, const auto& e) {
    tensors.emplace_back(std::string(optimizer_prefix) + state.name + "." + e.name, e.shape);
  });
  const auto progress = detail::try_check_run(*file, tensors, expected);
  if (!progress) return progress.error();
  if (auto done = try_load(model, *file, optimizer_prefix); !done) return done.error();
  parameters.visit_states([&](const auto& state, const auto& e) {
    std::vector<T> values(static_cast<std::size_t>(e.shape.count()));
    convert(*file->find(std::string(optimizer_prefix) + state.name + "." + e.name), std::span<T>(values));
    parameters.backend().upload(std::span<const T>(values), state.of(e));
  });
  optimizer.set_steps(progress->optimizer_steps);
  return progress->step;
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/train/run_state.inl.hpp>
#endif
