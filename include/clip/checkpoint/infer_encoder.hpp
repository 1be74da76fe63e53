// clip/checkpoint/infer_encoder.hpp: inference of the configuration of one tower that a file holds alone.
#pragma once

#include <clip/checkpoint/infer.hpp>
#include <clip/formats/tensor_file.hpp>

namespace clip::inline CLIP_ABI {

/// One tower in a file: `Towers` is the list of its possible families.
template <class Towers>
struct EncoderInspection {
  typename Towers::Variant config;
  Index embed_dim;                // of its features; without a projection, the width of the tower
  bool without_projection;        // as LoadOptions wants it
  bool activation_known = false;  // as in Inspection
  bool preprocessing_known = false;
};

/// The image tower, or the text tower, in a file of any dialect that may hold nothing else: transformers'
/// CLIPVisionModel and CLIPTextModel, with projection or without, and files that save writes of an encoder. What
/// shapes, folder and metadata do not say is assumed as by try_inspect.
/// LoadError: no such tower; impossible sizes; statements that contradict the shapes.
template <class F = KnownFamilies>
[[nodiscard]] Result<EncoderInspection<typename F::Images>> try_inspect_image(const TensorFile& file,
                                                                              const Assumptions& assumed = {});
template <class F = KnownFamilies>
[[nodiscard]] Result<EncoderInspection<typename F::Texts>> try_inspect_text(const TensorFile& file,
                                                                            const Assumptions& assumed = {});

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/infer_encoder.inl.hpp>
#endif
