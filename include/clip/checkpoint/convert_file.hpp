// clip/checkpoint/convert_file.hpp: conversion of a weights file to another dialect or element type, without a model.
#pragma once

#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/patch_size.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/tokens/kept_ids.hpp>

#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

template <class F>
struct ConvertOptionsOf {
  static_assert(detail::needs_families<F>());

  Dialect dialect = Dialect::openai;
  std::optional<Dtype> dtype{};                   // of all weights, rounded to nearest; nullopt: each keeps its own
  std::optional<AnyConfigOf<F>> config{};         // the model's, compared as by load; nullopt: inferred from the file
  Assumptions assumed{};                          // for properties that the file does not state
  std::string state_dict{};                       // which of several models' weights: see LoadOptions
  std::map<std::string, std::string> metadata{};  // of the file
  /// Of the image tower, a vision transformer of square patches; 0: the file's. The image size stays.
  Index patch_size = 0;
  PatchOptions patches{};
  std::optional<KeptIds> kept{};  // of the token table the rows of these ids only (model/reduce_vocabulary.hpp)
  /// More files of a folder, as names and contents: those of a reduced tokenizer (AnyTokenizer::files).
  std::vector<std::pair<std::string, std::string>> files{};
};
using ConvertOptions = ConvertOptionsOf<KnownFamilies>;

/// Reads weights of any format and dialect from `in` and writes them as safetensors to `out`: a file, or a folder like
/// save's; in big_vision's dialect as .npz. A tensor that keeps its element type keeps its bytes. Between dialects
/// names change, q, k and v are joined or split, projections transposed, a scale of one element becomes a scalar.
/// OpenAI's integers, masks and tables of position ids, which are not weights, are omitted; batch counters stay
/// integers. Only one tensor is in memory at a time.
/// OptionError: a patch size for a tower that has none, or that does not divide its image size.
/// InputError: ids to keep that are of a vocabulary of another size, or lack one that the text tower reads by number.
/// LoadError: as try_open_tensors; names that are in no table of the families; a config other than the file and its
/// folder state; for a folder, an .npz file, another patch size or ids to keep, a file that does not determine its model. OptionError,
/// NumericError: as try_save.
template <class F = KnownFamilies>
[[nodiscard]] Result<void> try_convert_file(const std::string& in, const std::string& out,
                                            const std::type_identity_t<ConvertOptionsOf<F>>& options = {});
template <class F = KnownFamilies>
void convert_file(const std::string& in, const std::string& out,
                  const std::type_identity_t<ConvertOptionsOf<F>>& options = {}) {
  try_convert_file<F>(in, out, options).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/convert_file.inl.hpp>
#endif
