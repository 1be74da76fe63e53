// clip/optim/depth.hpp: depth of each parameter in its tower: blocks to freeze, and learning rates by block.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/autograd/pattern.hpp>
#include <clip/autograd/walk.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Where a parameter stands in its tower: 0 before the blocks (the stem), i + 1 in block i, depth + 1 after all blocks,
/// depth being the number of the tower's blocks.
struct ParameterDepth {
  enum class Tower { image, text, none };
  Tower tower = Tower::none;  // none: the temperature and the bias
  Index layer = 0, depth = 0;
};

/// The place of every parameter, given their names in the order of a model's `members`: the image tower's begin with
/// "visual.", blocks have "resblocks.N." in their names, and what comes before the first of them is the stem. A tower
/// without such blocks (a ResNet) has depth 0, and all of it is after the blocks.
CLIP_HOST std::vector<ParameterDepth> parameter_depths(const std::vector<std::string_view>& names);

/// The first blocks of each tower, to be frozen: "freeze a and b".
struct FirstBlocks {
  Index image = 0, text = 0;
  bool stem = true;  // where the number is above 0 also what comes before the blocks: embeddings, positions, ln_pre
};

/// All parameters but those of the first blocks: frozen ones are not updated and do not decay. Later blocks, last norms,
/// projections and the temperature are trained.
/// OptionError: more blocks than the tower has.
CLIP_HOST Selection freeze_first(const std::vector<std::string_view>& names, const FirstBlocks& first);
///   Trainer{model, source, options, freeze_first(model, {.image = 6, .text = 4})}
template <class M>
Selection freeze_first(const M& model, const FirstBlocks& first) {
  std::vector<std::string> owned;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    if (p.kind == ParameterKind::parameter) owned.emplace_back(name);
  });
  return freeze_first(std::vector<std::string_view>{owned.begin(), owned.end()}, first);
}

namespace detail {
CLIP_HOST std::vector<double> layer_rates(const std::vector<std::string_view>& names, double factor);
}  // namespace detail

/// Layer-wise learning rate decay: the rate of a parameter in layer l of a tower of depth d is multiplied by
/// factor^(d + 1 - l), so that the stem learns slowest and what comes after the blocks at the full rate (Clark et al.
/// 2020; Bao et al. 2022). `names`: of all parameters of the model, frozen ones too.
/// OptionError: a factor that is not above 0 and at most 1.
template <Backend B>
void set_layer_rates(Parameters<B>& parameters, const std::vector<std::string_view>& names, double factor) {
  const std::vector<double> rates = detail::layer_rates(names, factor);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (auto* const entry = parameters.find(names[i])) entry->rate = rates[i];
}
template <class M, Backend B>
void set_layer_rates(Parameters<B>& parameters, const M& model, double factor) {
  std::vector<std::string> owned;
  for (auto& [name, p] : named_parameters<typename B::Scalar>(model)) owned.push_back(std::move(name));
  set_layer_rates(parameters, std::vector<std::string_view>{owned.begin(), owned.end()}, factor);
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/optim/depth.inl.hpp>
#endif
