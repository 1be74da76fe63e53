// clip/tower/clip_text/openclip_names.hpp: tensor names of a text transformer that is a module of its own in OpenCLIP.
#pragma once

#include <clip/tower/transformer_names.hpp>

#include <array>

namespace clip::inline CLIP_ABI::detail {

/// OpenAI's names and those of OpenCLIP's CustomTextCLIP. Some files store the projection as a linear layer.
inline constexpr auto clip_text_apart_names =
    joined(text_apart_names, std::array<NameRule, 2>{{{"text_projection", "text.text_projection"},
                                                      {"text_projection", "text.text_projection.weight", true}}});

}  // namespace clip::inline CLIP_ABI::detail
