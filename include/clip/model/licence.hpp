// clip/model/licence.hpp: licences of published weights, as their publishers state them.
#pragma once

#include <clip/core/abi.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// What stands before the slash of published names, and the licence of those weights.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 16> licences{{{"laion", "MIT"},
                                                                                         {"laion400m", "MIT"},
                                                                                         {"datacomp", "MIT"},
                                                                                         {"yfcc15m", "MIT"},
                                                                                         {"cc12m", "MIT"},
                                                                                         {"metaclip", "CC-BY-NC-4.0"},
                                                                                         {"metaclip2", "CC-BY-NC-4.0"},
                                                                                         {"clipa", "Apache-2.0"},
                                                                                         {"dfn", "apple-amlr"},
                                                                                         {"siglip", "Apache-2.0"},
                                                                                         {"siglip2", "Apache-2.0"},
                                                                                         {"mobileclip", "apple-amlr"},
                                                                                         {"mobileclip2", "apple-amlr"},
                                                                                         {"tinyclip", "MIT"},
                                                                                         {"longclip", "Apache-2.0"},
                                                                                         {"chinese-clip", "MIT"}}};

}  // namespace detail

/// The licence that the publishers of a model's weights state, for a published name ("laion/ViT-B-32"). What a file
/// holds, and whether its licence allows a use, no name tells: the publisher's page does.
///   OpenAI    the repository openai/CLIP has the MIT licence; of the weights none is stated
///   OpenCLIP  the MIT licence of the repository holds for its weights (mlfoundations/open_clip, issue 177); so do the
///             cards of laion's and DataComp's models
///   MetaCLIP, Meta CLIP 2   CC-BY-NC-4.0, by the models' cards
///   CLIPA     Apache-2.0, by the models' cards
///   SigLIP    Apache-2.0, by the models' cards (Google's, and timm's of the same weights)
///   TinyCLIP  MIT, by its repository (microsoft/Cream) and the models' cards
///   Long-CLIP Apache-2.0, by the models' cards
///   Chinese-CLIP  MIT, by its repository (OFA-Sys/Chinese-CLIP)
///   BiomedCLIP    MIT, by the model's card, which means it for research
///   JettCLIP, experiment  no weights are published
///   DFN, MobileCLIP   apple-amlr, by the models' cards: Apple's own licence for research
constexpr std::string_view licence_of(std::string_view published_name) {
  if (published_name == "biomedclip") return "MIT";
  const std::string_view source = published_name.substr(0, published_name.find('/'));
  for (const auto& [known, licence] : detail::licences)
    if (source == known && source.size() < published_name.size()) return licence;
  return "not stated by its publisher";
}

}  // namespace clip::inline CLIP_ABI
