// clip/families.hpp: definitions of the templates over lists of tower families.
//
// clip::precompiled holds them for KnownFamilies. A program that links it and has a family of its own, or narrows the
// list, includes this header beside clip/clip.hpp; every other program has the definitions anyway.
#pragma once

#include <clip/checkpoint/convert_file.inl.hpp>
#include <clip/checkpoint/find_model.inl.hpp>
#include <clip/checkpoint/fit.inl.hpp>
#include <clip/checkpoint/infer.inl.hpp>
#include <clip/checkpoint/infer_encoder.inl.hpp>
#include <clip/checkpoint/save.inl.hpp>
#include <clip/model/catalogue.inl.hpp>
#include <clip/model/config_json.inl.hpp>

#if CLIP_HOST_LINKED
namespace clip::inline CLIP_ABI::detail {

template <class F>
struct FamilyDefinitions {};

}  // namespace clip::inline CLIP_ABI::detail
#endif
