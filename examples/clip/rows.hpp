// The output of `embed`: rows of features, and with --names a file of their names.
#pragma once

#include "commands.hpp"

#include <clip/io/json.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tool {

/// Collects rows of features and writes them to a file.
class Rows {
 public:
  /// inputs: the names of all inputs, of which some may fail. shape: of a row. SystemError: the output cannot be
  /// written: now, rather than at the end of a long job. InputError: a name with a line break, and --names txt.
  Rows(const EmbedOptions& options, const std::vector<std::string>& inputs, std::vector<clip::Index> shape);

  /// One row of the input, or several.
  void add(std::size_t input, std::span<const float> rows);
  clip::Index values_of_row() const;
  clip::Index count() const { return static_cast<clip::Index>(rows_.size()); }
  std::vector<std::string> names() const;
  /// Writes both files; the rows last.
  void write() const;
  clip::Json json() const;

 private:
  std::string names_path() const;
  std::string names_text() const;

  const EmbedOptions& options_;
  std::vector<std::string> inputs_;
  std::vector<std::size_t> rows_;  // the input of each row
  std::vector<clip::Index> shape_;
  std::vector<float> values_;
};

}  // namespace tool
