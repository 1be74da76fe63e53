// clip/checkpoint/infer.hpp: inference of a model's configuration from tensor shapes and the statements of a file.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/model/any_config.hpp>
#include <clip/names/dialect.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// Assumptions about properties that neither the shapes nor the file state: all that a file may leave open. What a file
/// states is taken from it.
struct Assumptions {
  std::optional<Activation> activation{};  // of both towers
  Index image_heads = 0;                   // 0: see try_inspect
  Index text_heads = 0;
  std::optional<float> epsilon{};                // of both towers; nullopt: the family's, 1e-5 or 1e-6
  std::optional<Preprocessing> preprocessing{};  // nullopt: the family's
  std::optional<Index> stem_padding{};           // of MobileCLIP-B; nullopt: that of the implementation with such names
};

/// The assumptions that make a file of unstated properties the model of this configuration. One activation: that of the
/// image tower, if it has one (a BERT's is GELU, whatever is assumed), otherwise the text tower's. One epsilon: that of both towers; where they differ, the families'.
template <class F>
Assumptions assume(const AnyConfigOf<F>& config) {
  const TowerStatement image = detail::state(config.image), text = detail::state(config.text);
  const bool differ = text.epsilon && image.epsilon && *text.epsilon != *image.epsilon;
  return {image.activation ? image.activation : text.activation,
          image.heads,
          text.heads,
          differ         ? std::nullopt
          : text.epsilon ? text.epsilon
                         : image.epsilon,
          config.input().preprocessing,
          image.stem_padding};
}

/// The model in a file.
template <class F>
struct InspectionOf {
  static_assert(detail::needs_families<F>());

  AnyConfigOf<F> config;
  std::string name, constant;  // "ViT-B/32", "clip::ViT_B_32"; empty: not a published model of the library
  Dialect dialect;             // of the file's names
  FileFormat format;
  bool activation_known = false;      // stated or assumed; false: the configuration's quick_gelu is a guess
  std::string prefix{};               // removed from the file's names: "_orig_mod.", "model."; empty: none
  bool preprocessing_known = false;   // stated; false: the configuration's, that of the family, is a guess
  bool activation_by_naming = false;  // no statement: it follows from the names of an implementation (SigLIP, Apple)
  std::string remark{};               // what the file cannot tell about its text tower; empty: nothing
};
using Inspection = InspectionOf<KnownFamilies>;

/// The configuration of the CLIP model in a file, in any dialect.
///
/// Sizes follow from shapes. Heads, activation and preprocessing do not: the folder's config.json or
/// open_clip_config.json states them, or the metadata of files written by this library. Otherwise heads are 64 wide (16
/// in number for the image towers of OpenCLIP's H, g and bigG, and in SigLIP's of width 1152 and 1536), and the
/// activation is quick_gelu if the file has the three integers of OpenAI's archives, else the assumed one, else in a
/// SigLIP or under Apple's names that of the implementation whose names the file has; so is the padding of
/// MobileCLIP-B's stem. Epsilon and preprocessing are the assumed ones.
/// LoadError: no such model, with the kind of model found; a file too small for its own shapes; statements that
/// contradict the shapes.
template <class F = KnownFamilies>
[[nodiscard]] Result<InspectionOf<F>> try_inspect(const TensorFile& file, const Assumptions& assumed = {});

namespace detail {
/// The error about a file that does not state its activation, where none is assumed; `remedy` ends the sentence.
inline Error unstated_activation(const std::string& place, const std::string& remedy) {
  return LoadError{place,
                   "does not state its activation: OpenAI's weights were trained with quick_gelu, most of OpenCLIP's "
                   "with gelu, SigLIP's with gelu_tanh, instead of which OpenCLIP computes gelu in some" +
                       remedy}
      .with_id("clip.load.activation");
}
}  // namespace detail

/// The configuration alone.
template <class F = KnownFamilies>
[[nodiscard]] Result<AnyConfigOf<F>> try_infer_config(const TensorFile& file, const Assumptions& assumed = {}) {
  const auto found = try_inspect<F>(file, assumed);
  return found ? Result<AnyConfigOf<F>>{found->config} : found.error();
}
template <class F = KnownFamilies>
AnyConfigOf<F> infer_config(const TensorFile& file, const Assumptions& assumed = {}) {
  return try_infer_config<F>(file, assumed).value();
}

/// The model in the file or folder at a path, which of several by LoadOptions::state_dict. Errors also as
/// try_open_tensors.
template <class F = KnownFamilies>
[[nodiscard]] Result<InspectionOf<F>> try_inspect(const std::string& path, const Assumptions& assumed = {},
                                                  std::string_view state_dict = {});
template <class F = KnownFamilies>
InspectionOf<F> inspect(const std::string& path, const Assumptions& assumed = {}, std::string_view state_dict = {}) {
  return try_inspect<F>(path, assumed, state_dict).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/infer.inl.hpp>
#endif
