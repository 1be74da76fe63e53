// clip/few_shot/methods.hpp: the few-shot methods that `clip fewshot` knows, one line each.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/few_shot/methods/blocks.hpp>
#include <clip/few_shot/methods/clip_adapter.hpp>
#include <clip/few_shot/methods/coop.hpp>
#include <clip/few_shot/methods/linear_probe.hpp>
#include <clip/few_shot/methods/tip_adapter.hpp>
#include <clip/few_shot/methods/zero_shot.hpp>

namespace clip::inline CLIP_ABI {

using KnownFewShotMethods = FewShotMethods<  //
    ZeroShotMethod,                          //
    LinearProbeMethod,                       //
    CoopMethod,                              //
    CocoopMethod,                            //
    ClipAdapterMethod,                       //
    TipAdapterMethod,                        //
    TipAdapterFMethod,                       //
    MultimodalMlpMethod,                     //
    GatedAdapterMethod>;

}  // namespace clip::inline CLIP_ABI
