#include "input.hpp"

#include "terminal.hpp"

#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/lines.hpp>
#include <clip/io/npy.hpp>
#include <clip/io/posix.hpp>

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace tool {
namespace {

constexpr const char* standard_input = "standard input";

/// FILE of "@FILE"; a file whose name begins with @ comes first.
std::string without_at(const std::string& value) {
  return value.size() > 1 && value.front() == '@' && !clip::detail::is_there(value) ? value.substr(1) : value;
}

}  // namespace

std::vector<std::byte> take_standard_input() {
  static bool taken = false;
  if (std::exchange(taken, true)) throw UsageError{"-: standard input can be read once, and two inputs are -"};
  return clip::try_read_descriptor(STDIN_FILENO, standard_input).value();
}

clip::TextList read_list(const std::string& value, const clip::TextListOptions& options) {
  const std::string file = without_at(value);
  if (file != "-") return clip::read_text_list(file, options);
  const auto bytes = take_standard_input();
  return clip::try_parse_text_list(clip::as_text(bytes), standard_input, options).value();
}

clip::TextList read_list_or_words(const std::string& value, const clip::TextListOptions& options) {
  const bool file = value.find(',') == value.npos || clip::detail::is_there(value) || value.front() == '@' ||
                    clip::detail::is_there(value.substr(0, value.rfind(':')));
  if (file) return read_list(value, options);
  clip::TextList list{'"' + value + '"', {}, {}, {}};
  for (std::string_view rest = value;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view word = rest.substr(0, comma);
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    word.remove_suffix(word.size() - (word.find_last_not_of(' ') + 1));
    if (word.empty()) clip::raise(clip::LoadError{list.where(list.size()), "empty (and there is no such file)"});
    list.texts.emplace_back(word);
    if (comma == rest.size()) return list;
    rest.remove_prefix(comma + 1);
  }
}

std::vector<std::string> with_lists(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    const std::string file = without_at(name);
    if (file == name) {
      all.push_back(name);
    } else {
      const auto listed = file == "-" ? clip::try_parse_lines(clip::as_text(take_standard_input()), standard_input)
                                      : clip::try_lines(file);
      all.insert(all.end(), listed.value().begin(), listed.value().end());
    }
  }
  return all;
}

clip::Features<float, clip::dyn> read_features(const std::string& path) {
  const auto array = path == "-" ? clip::try_parse_npy<float>(take_standard_input(), "standard input").value()
                                 : clip::read_npy<float>(path);
  if (array.shape.size() != 2) clip::raise(clip::InputError{path, "extents of the array", 2, array.shape.size()});
  if (array.shape[1] == 0) clip::raise(clip::InputError{path, "width of the rows", "1 or more", 0});
  clip::Features<float, clip::dyn> features{array.shape[0], array.shape[1]};
  std::ranges::copy(array.values, features.values().begin());
  return features;
}

std::vector<std::int64_t> read_labels(const std::string& path, clip::Index count) {
  auto array = clip::try_read_npy<std::int64_t>(path);
  if (!array) {
    const auto narrow = clip::try_read_npy<std::int32_t>(path);
    if (!narrow) clip::raise(array.error());
    array = clip::NpyArray<std::int64_t>{narrow->shape, {narrow->values.begin(), narrow->values.end()}};
  }
  if (array->shape.size() != 1) clip::raise(clip::InputError{path, "extents of the array", 1, array->shape.size()});
  if (array->shape[0] != count) clip::raise(clip::InputError{path, "labels", count, array->shape[0]});
  return array->values;
}

}  // namespace tool
