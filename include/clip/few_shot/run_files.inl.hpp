// clip/few_shot/run_files.inl.hpp: definitions of clip/few_shot/run_files.hpp.
#pragma once

#include <clip/few_shot/run_files.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/files.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/io/posix.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<void> try_make_folders(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed) return detail::system_error(path, "the folder cannot be made", failed.value());
  return {};
}

CLIP_HOST std::string FewShotRun::folder() const {
  return "runs/" + label + '/' + std::to_string(shots) + "-shots/seed-" + std::to_string(seed);
}

CLIP_HOST JsonTree FewShotRun::to_json() const {
  return json_object("augmentation", parse_json(augmentation, "augmentation"), "dataset", dataset, "label", label,
                     "method", method, "model", model, "options", parse_json(options, "options"), "seed", seed, "shots",
                     shots, "split", split, "templates", parse_json(templates, "templates"));
}

CLIP_HOST Result<std::optional<FewShotResult>> try_find_result(const std::string& output, const FewShotRun& run) {
  const std::string folder = output + '/' + run.folder(), config = folder + "/config.json",
                    path = folder + "/result.json";
  if (!detail::may_be_there(config)) return std::optional<FewShotResult>{};
  const auto bytes = try_read_bytes(config);
  if (!bytes) return bytes.error();
  auto found = try_parse_json(as_text(*bytes), config);
  if (!found) return found.error();
  const detail::DismantledAtEnd end{*found};
  const JsonTree wanted = run.to_json();
  for (const auto& [key, value] : wanted->items()) {
    const bool there = found->is_object() && found->contains(key);
    if (there ? (*found)[key] != value : !value.is_null())
      return LoadError{config, "the folder is of another run: " + key, json_text(value),
                       there ? json_text((*found)[key]) : std::string("nothing")}
          .with_id("clip.load.run");
  }
  if (!detail::may_be_there(path)) return std::optional<FewShotResult>{};

  const auto text = try_read_bytes(path);
  if (!text) return text.error();
  auto json = try_parse_json(as_text(*text), path);
  if (!json) return json.error();
  const detail::DismantledAtEnd end_of_result{*json};
  JsonReader reader{*json, path};
  FewShotResult result{run.label, run.shots, run.seed, {reader.number("top1"), reader.number("mean_per_class")}};
  reader.may_have("seconds");
  if (auto good = reader.finish(); !good) return good.error();
  return std::optional{result};
}

CLIP_HOST Result<void> try_begin_run(const std::string& output, const FewShotRun& run) {
  const std::string folder = output + '/' + run.folder();
  if (auto done = try_make_folders(folder); !done) return done;
  return try_write_file(folder + "/config.json", as_byte_span(json_text(run.to_json(), 1) + '\n'));
}

CLIP_HOST Result<void> try_end_run(const std::string& output, const FewShotRun& run, const FewShotResult& result,
                                   double seconds) {
  const std::string folder = output + '/' + run.folder();
  const JsonTree json = json_object("mean_per_class", result.accuracies.mean_per_class, "seconds", seconds, "top1",
                                    result.accuracies.top1);
  if (auto done = try_write_file(folder + "/result.json", as_byte_span(json_text(json, 1) + '\n')); !done) return done;
  std::error_code failed;
  std::vector<std::string> checkpoints;
  for (std::filesystem::recursive_directory_iterator at{folder, failed}, end; !failed && at != end;
       at.increment(failed))
    if (const std::string name = at->path().filename().string(); name.starts_with("checkpoint."))
      checkpoints.push_back(at->path().string());
  if (failed) return detail::system_error(folder, "the folder cannot be read", failed.value());
  for (const std::string& path : checkpoints)
    if (auto done = detail::try_remove_file(path); !done) return done;
  return {};
}

}  // namespace clip::inline CLIP_ABI
