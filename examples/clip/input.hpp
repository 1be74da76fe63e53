// Input given as a file, as - for standard input, as @FILE for a list of names, or in the value of an option itself.
#pragma once

#include <clip/io/text_list.hpp>
#include <clip/tensor/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tool {

/// The bytes of standard input, to its end. UsageError: two inputs of a command are -.
std::vector<std::byte> take_standard_input();

/// The texts of FILE, FILE:COLUMN, @FILE (the same), - or @- (standard input). Options are those of the library.
clip::TextList read_list(const std::string& value, const clip::TextListOptions& options = {});

/// The same; a value that names no file and has a comma is the list: "a cat,a dog".
clip::TextList read_list_or_words(const std::string& value, const clip::TextListOptions& options = {});

/// Names as given, with @FILE (or @-) replaced by the lines of that file.
std::vector<std::string> with_lists(const std::vector<std::string>& names);

/// Rows of a .npy file, or of - (standard input): one feature vector each. InputError: no matrix, no columns.
clip::Features<float, clip::dyn> read_features(const std::string& path);

/// Labels of a .npy file: int64, as numpy's integers are, or int32. InputError: more than one extent, or another number
/// of labels than `count`.
std::vector<std::int64_t> read_labels(const std::string& path, clip::Index count);

}  // namespace tool
