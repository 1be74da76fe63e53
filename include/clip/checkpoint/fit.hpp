// clip/checkpoint/fit.hpp: comparison of a file with a model: names, shapes and statements.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/checkpoint/load_options.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/model/any_config.hpp>
#include <clip/model/owned.hpp>
#include <clip/tensor/parameter.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The families that a model's files are compared with; void for a single encoder or a user's aggregate, which do not
/// state all of their sizes.
template <class M>
struct FamiliesOfModel {
  using type = void;
};
template <class M>
  requires requires(const M& model) { typename FamiliesOfConfig<std::remove_cvref_t<decltype(model.config())>>::type; }
struct FamiliesOfModel<M> {
  using type = typename FamiliesOfConfig<std::remove_cvref_t<decltype(std::declval<const M&>().config())>>::type;
};
template <class M>
using FamiliesOf = typename FamiliesOfModel<M>::type;

/// A model that states all of its sizes.
template <class M>
concept DescribesItself = !std::is_void_v<FamiliesOf<M>>;

/// The families whose names a file may use: the model's, or all known ones.
template <class M>
using NamingFamilies = std::conditional_t<DescribesItself<M>, FamiliesOf<M>, KnownFamilies>;

/// The arithmetic type of a model's backend.
template <class M>
using ScalarOf = typename std::remove_cvref_t<decltype(std::declval<std::remove_const_t<M>&>().backend())>::Scalar;

/// Whether a tensor of a file belongs to a model: an encoder ignores the other half.
using Owns = bool (*)(std::string_view name);

/// M::owns; without it every tensor belongs to the model.
template <class M>
constexpr Owns owns_of() {
  if constexpr (requires { M::owns(std::string_view{}); }) return [](std::string_view name) { return M::owns(name); };
  else return [](std::string_view) { return true; };
}

/// The properties of a parameter that decide whether a file's tensor fits it.
struct ParameterForm {
  std::string name;
  Shape shape;
  ParameterKind kind;
  Stretch stretch;
  bool projects = false;  // the projection of a tower
};

/// A model as files are compared with it.
template <class F>
struct LoadTarget {
  static_assert(needs_families<F>());

  std::vector<ParameterForm> parameters;
  Owns owns;
  std::optional<AnyConfigOf<F>> config;           // of a model that states all of its sizes
  std::optional<TowerStatement> image{}, text{};  // one of them for an encoder; none for a user's aggregate
  std::optional<ImageInput> input{};              // of a model or an image encoder
};

/// A file that fits a model: under OpenAI's names, with position tables of the model's sizes.
struct FittedFile {
  TensorFile file;
  LoadReport report;
};

/// Compares a file in any dialect with a model. A complete load has no missing and no unused names.
/// LoadError: all missing, unexpected and misshapen names in one message, with the configuration that fits; an
/// activation, a number of heads, an epsilon or a preprocessing other than the model's (most files state none of them).
template <class F>
Result<FittedFile> try_fit(const LoadTarget<F>& model, const TensorFile& file, const LoadOptions& options,
                           bool partial);

/// LoadError: every statement of the file and its folder that differs from the model, in one sentence. sizes: those of
/// images are compared, too.
template <class F>
Result<void> try_check_statements(const LoadTarget<F>& model, const TensorFile& file, bool sizes);

/// The statements of a single encoder's configuration.
template <class Config>
TowerStatement state_of_encoder(const Config& config) {
  if constexpr (requires { Description<Config>::state(config); }) return Description<Config>::state(config);
  else return state(config);
}

template <class M>
LoadTarget<NamingFamilies<M>> load_target(const M& model) {
  LoadTarget<NamingFamilies<M>> target{{}, owns_of<M>(), std::nullopt};
  for (const auto& [name, p] : named_parameters<ScalarOf<M>>(model))
    target.parameters.push_back({std::string(name), p->shape, p->kind, p->stretch, p->use == Use::project});
  if constexpr (DescribesItself<M>) {
    target.config.emplace(model.config());
    target.image = state(target.config->image);
    target.text = state(target.config->text);
    target.input = target.config->input();
  } else if constexpr (requires { M::half; }) {
    (M::half == Half::image ? target.image : target.text) = state_of_encoder(model.config());
    if constexpr (M::half == Half::image) target.input = model.input();
  }
  return target;
}

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/fit.inl.hpp>
#endif
