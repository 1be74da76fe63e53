// Readers of weights files, for the commands that need them. All formats are compiled once, in weights.cpp.
#pragma once

#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/infer.hpp>

#include <string>

namespace tool {

/// The tensors of a file or folder in any format; of several models in it, those of `state_dict`. LoadError: damaged or
/// missing.
clip::TensorFile open_weights(const std::string& path, const std::string& state_dict = {});
/// The same without values: nothing is inflated.
clip::Result<clip::TensorFile> try_open_shapes(const std::string& path, const std::string& state_dict = {});
/// The model they belong to, if it can be inferred.
clip::Result<clip::Inspection> inspect_weights(const clip::TensorFile& file, const clip::Assumptions& assumed = {});
/// The model that --model names: a published name, a configuration file, a file or folder of weights.
/// UsageError: no such name or file. Other errors in the words of the command line.
clip::AnyConfig find_model(const std::string& name_or_path);
/// The model of weights that state all of it, where --model is not given. LoadError: they do not; names the models that
/// fit.
clip::AnyConfig model_of_weights(const std::string& path);
/// The same for a text tower alone, beside an image tower of one weight that nothing reads: for commands that read texts
/// only. Of a whole model, or where the weights leave it open, as model_of_weights. A tower without projection only if
/// that is asked for.
clip::AnyConfig text_model_of_weights(const std::string& path, bool without_projection);
/// The same for an image tower alone, beside a text tower that nothing reads: for commands that read images only.
clip::AnyConfig image_model_of_weights(const std::string& path);
/// The image tower that is all of a file, in words; empty: another file.
std::string image_tower_in_words(const clip::TensorFile& file);
/// The text tower that is all of a file, in words; empty: another file.
std::string text_tower_in_words(const clip::TensorFile& file);
/// The configuration of a model's weights in a file: the fused model's, if the file holds that.
clip::AnyConfig in_form_of_weights(const clip::AnyConfig& model, const std::string& path);
/// An error of loading weights in the words of the command line: with the models that would fit, as values of --model.
clip::Error in_options(const clip::Error& error, const std::string& weights);
/// The name of the first tensor with a value that is not finite; empty: none.
std::string first_not_finite(const std::string& path, const std::string& state_dict);
/// Calls clip::convert_file.
void convert_weights(const std::string& in, const std::string& out, const clip::ConvertOptions& options);
/// Writes the fused model of weights, as float by default. OptionError: it has no branches to fuse.
void fuse_weights(const std::string& in, const std::string& out, const clip::ConvertOptions& options);

}  // namespace tool
