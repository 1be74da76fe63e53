// clip/model/catalogue.hpp: published models by name, for programs that choose a model at run time.
#pragma once

#include <clip/model/any_config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A published configuration and its names: for users ("laion/ViT-B-32"), and in C++ ("clip::laion::ViT_B_32").
template <class F>
using NamedConfigOf = NamedVariant<AnyConfigOf<F>>;
using NamedConfig = NamedConfigOf<KnownFamilies>;

/// All published models, grouped by family: OpenAI's under OpenAI's names, the others as source/name.
template <class F = KnownFamilies>
const std::vector<NamedConfigOf<F>>& named_configs();

/// A published text tower alone ("sentence-transformers/all-MiniLM-L6-v2"): the width of its features, and how many
/// weights it has.
struct NamedTextTower {
  std::string_view name, constant;
  Index embed_dim, parameters;
};
/// All published text towers that no image tower goes with.
template <class F = KnownFamilies>
const std::vector<NamedTextTower>& named_texts();

/// The configuration as the list of published models has it: without what does not distinguish them, which is
/// color_order, resampling, and the activation of families whose implementations differ in it (SigLIP).
template <class F>
AnyConfigOf<F> as_published(AnyConfigOf<F> config);

/// The first published model with this configuration, compared as_published, or null.
template <class F>
const NamedConfigOf<F>* find_named(AnyConfigOf<F> config);

/// A model by name or from a JSON file, in our format or OpenCLIP's (a path that ends in .json or exists). Case does
/// not matter in names, and other spellings (OpenCLIP's "ViT-g-14", "ViT-B-32-quickgelu"; transformers'
/// "clip-vit-base-patch32") are understood if they mean one configuration. OptionError: neither; the error lists the
/// names that are meant, or all. Other errors as try_read_config.
template <class F = KnownFamilies>
Result<AnyConfigOf<F>> try_find_config(const std::string& name_or_path);
template <class F = KnownFamilies>
AnyConfigOf<F> find_config(const std::string& name_or_path) {
  return try_find_config<F>(name_or_path).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/model/catalogue.inl.hpp>
#endif
