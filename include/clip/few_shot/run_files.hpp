// clip/few_shot/run_files.hpp: the folder of one few-shot run: its configuration, and its result once it is complete.
#pragma once

#include <clip/core/result.hpp>
#include <clip/few_shot/result.hpp>
#include <clip/io/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace clip::inline CLIP_ABI {

/// Makes a folder and those above it. SystemError: it cannot.
[[nodiscard]] CLIP_HOST Result<void> try_make_folders(const std::string& path);

/// A run: all that its result depends on.
struct FewShotRun {
  std::string method, label;
  Index shots = 0;
  std::uint64_t seed = 0;
  std::string options;                // of the method, as JSON text
  std::string dataset, model, split;  // fingerprints
  std::string templates;              // as JSON text
  std::string augmentation{"null"};   // as JSON text; null: the method learns from stored features

  /// "runs/LABEL/4-shots/seed-1"
  CLIP_HOST std::string folder() const;
  CLIP_HOST JsonTree to_json() const;
};

/// The result in the folder of a run below `output`, if there is one. LoadError clip.load.run: the folder is of a run
/// with other settings; the message says which.
[[nodiscard]] CLIP_HOST Result<std::optional<FewShotResult>> try_find_result(const std::string& output,
                                                                             const FewShotRun& run);
/// Makes the folder of a run and writes its configuration there.
[[nodiscard]] CLIP_HOST Result<void> try_begin_run(const std::string& output, const FewShotRun& run);
/// Writes the result of a run, and removes its checkpoints (checkpoint.*), also those of folders below.
[[nodiscard]] CLIP_HOST Result<void> try_end_run(const std::string& output, const FewShotRun& run,
                                                 const FewShotResult& result, double seconds);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/few_shot/run_files.inl.hpp>
#endif
