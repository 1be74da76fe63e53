// clip/tower/list.hpp: the tower families of the library. A new family is one line here.
#pragma once

#include <clip/tower/bert_text/description.hpp>
#include <clip/tower/cbow_text/description.hpp>
#include <clip/tower/clip_resnet/description.hpp>
#include <clip/tower/clip_text/description.hpp>
#include <clip/tower/clip_vit/description.hpp>
#include <clip/tower/conv_vit/description.hpp>
#include <clip/tower/families.hpp>
#include <clip/tower/mci/description.hpp>
#include <clip/tower/mct_text/description.hpp>
#include <clip/tower/siglip_text/description.hpp>
#include <clip/tower/siglip_vit/description.hpp>
#include <clip/tower/torchvision_resnet/description.hpp>

namespace clip::inline CLIP_ABI {

/// The families that files, AnyConfig and AnyModel choose from. A program that needs fewer narrows the list:
///   using Mine = Families<List<VitConfig>, List<TextConfig>>;
///   AnyModel<Cpu<>, Mine> model = open<Cpu<>, Mine>("ViT-B-32.pt");
struct KnownFamilies
    : Families<List<VitConfig, ResNetConfig, SiglipVitConfig, MciConfig, FusedMciConfig, ConvVitConfig,
                    TorchvisionResNetConfig>,
               List<TextConfig, SiglipTextConfig, MctTextConfig, FusedMctTextConfig, BertTextConfig, CbowTextConfig>> {
};

}  // namespace clip::inline CLIP_ABI
