#include "rows.hpp"

#include "terminal.hpp"

#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/npy_write.hpp>

#include <optional>
#include <utility>

namespace tool {

Rows::Rows(const EmbedOptions& options, const std::vector<std::string>& inputs, std::vector<clip::Index> shape)
    : options_{options}, inputs_{inputs}, shape_{std::move(shape)} {
  if (options.names == "txt")
    for (const std::string& name : inputs)
      if (name.find_first_of("\r\n") != name.npos)
        clip::raise(clip::InputError{"--names txt", "a name with a line break; --names jsonl can hold it"});
  static_cast<void>(clip::AtomicFile::create(options.output));
  if (!options.names.empty()) static_cast<void>(clip::AtomicFile::create(names_path()));
}

void Rows::add(std::size_t input, std::span<const float> rows) {
  rows_.insert(rows_.end(), rows.size() / static_cast<std::size_t>(values_of_row()), input);
  values_.insert(values_.end(), rows.begin(), rows.end());
}

clip::Index Rows::values_of_row() const {
  clip::Index values = 1;
  for (const clip::Index extent : shape_) values *= extent;
  return values;
}

std::vector<std::string> Rows::names() const {
  std::vector<std::string> names;
  for (const std::size_t input : rows_) names.push_back(inputs_[input]);
  return names;
}

void Rows::write() const {
  end_if_interrupted();
  std::optional<clip::AtomicFile> names;
  if (!options_.names.empty()) {
    names.emplace(clip::AtomicFile::create(names_path()));
    names->write(clip::as_byte_span(names_text()));
  }
  std::vector<clip::Index> shape{count()};
  shape.insert(shape.end(), shape_.begin(), shape_.end());
  auto file = clip::NpyWriter<float>::try_create(options_.output, shape).value();
  file.try_write(values_).value();
  end_if_interrupted();
  if (names) names->commit();
  file.try_commit().value();
}

clip::Json Rows::json() const {
  clip::Json json{{"output", options_.output}, {"rows", count()}, {"width", shape_.back()}};
  if (shape_.size() > 1) json["context"] = shape_.front();
  if (!options_.names.empty()) json["names"] = names_path();
  return json;
}

std::string Rows::names_path() const {
  std::string stem = options_.output;
  if (stem.ends_with(".npy")) stem.resize(stem.size() - 4);
  return stem + '.' + options_.names;
}

std::string Rows::names_text() const {
  std::string text;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const std::string& name = inputs_[rows_[row]];
    text += options_.names == "txt" ? name : clip::json_text({{"row", row}, {"name", name}});
    text += '\n';
  }
  return text;
}

}  // namespace tool
