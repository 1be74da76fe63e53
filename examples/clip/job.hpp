// The job of `embed`: its inputs and what became of each; with --resume also in a journal.
#pragma once

#include "commands.hpp"
#include "images.hpp"
#include "journal.hpp"
#include "rows.hpp"

#include <clip/io/json.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tool {

/// What the rows depend on, to tell whether a journal is of the same job: the model, its weights, the settings, and the
/// inputs with size and time.
clip::JsonTree job_of(const EmbedOptions& options, const std::vector<std::string>& inputs, bool files);

/// With --without-projection features are as wide as the tower.
EmbedOptions without_projection(EmbedOptions options, clip::Index width);

/// The inputs of a job and what became of them, in order; with --resume also in the journal.
class EmbedJob {
 public:
  /// shape: of a row. An input becomes one, or a text of several chunks several.
  EmbedJob(const EmbedOptions& options, const std::vector<std::string>& inputs, bool files,
           std::vector<clip::Index> shape, Failures& failures);

  std::size_t done() const { return static_cast<std::size_t>(done_); }
  clip::Index cut() const { return cut_; }
  const Rows& rows() const { return rows_; }
  void add(std::span<const Done> more);
  /// Runs the loop of the job. If a signal ends it, a journal says how to go on.
  void run(const std::function<void()>& work);
  /// Writes the output, unless all inputs failed.
  void finish();

 private:
  void take(const Done& done);
  std::string words() const { return std::to_string(done_) + " of " + std::to_string(total_); }

  Failures& failures_;
  Rows rows_;
  std::optional<Journal> journal_;
  clip::Index total_, done_ = 0, cut_ = 0;
};

}  // namespace tool
