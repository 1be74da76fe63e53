// clip/checkpoint/infer.inl.hpp: definitions of clip/checkpoint/infer.hpp.
#pragma once

#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/foreign.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/names/shape_reader.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Infers a tower by the first family that recognises the file. If none does, the first family of the list reports its
/// missing tensors as problems. `words` receives the name of the tower for a sentence.
template <class L>
typename L::Variant infer_tower(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed,
                                std::string& words) {
  std::optional<typename L::Variant> tower;
  const auto infer = [&]<class Config>() {
    tower = Description<Config>::infer(shape, stated, assumed);
    words = Description<Config>::words;
  };
  L::each([&]<class Config>() {
    if (!tower && Description<Config>::recognises(shape)) infer.template operator()<Config>();
  });
  if (!tower) infer.template operator()<std::variant_alternative_t<0, typename L::Variant>>();
  return std::move(*tower);
}

/// The embedding dimension, by the text family that infer_tower chooses.
template <class L>
Index infer_embed_dim(ShapeReader& shape) {
  Index embed_dim = 0;
  L::each([&]<class Config>() {
    if (embed_dim == 0 && Description<Config>::recognises(shape)) embed_dim = Description<Config>::embed_dim(shape);
  });
  using First = std::variant_alternative_t<0, typename L::Variant>;
  return embed_dim != 0 ? embed_dim : Description<First>::embed_dim(shape);
}

/// The error for the problems of a file, of which there are some.
inline Error problems_of(const TensorFile& file, const ShapeReader& shape) {
  Error error = LoadError{file.place(), shape.problems()};
  if (!shape.is_undecided()) return error;
  return std::move(error).with_id("clip.load.implementation");
}

/// Reports impossible numbers of heads.
inline void check_heads(ShapeReader& shape, const std::string& name, const TowerStatement& tower) {
  if (tower.width == 0 || tower.head_width > 0) return;
  if (tower.heads == 0)
    shape.problem("the heads of the " + name + " tower are not known: its width, " + std::to_string(tower.width) +
                  ", is not a multiple of 64");
  else if (tower.width % tower.heads != 0)
    shape.problem(std::to_string(tower.heads) + " heads do not divide the width of the " + name + " tower, " +
                  std::to_string(tower.width));
}

/// Reports a size that is another by the shapes than by the statement of a file; 0: not known.
inline void check_size(ShapeReader& shape, const std::string& what, Index found, Index said, const std::string& place) {
  if (found > 0 && said > 0 && said != found)
    shape.problem(what + ": " + std::to_string(found) + " by its shapes, " + std::to_string(said) + " by " + place);
}

/// Reports contradictions between shapes and statements.
template <class F>
void check_statements(ShapeReader& shape, const AnyConfigOf<F>& c, const ModelStatement& stated) {
  const auto compare = [&](const char* what, Index found, Index said) {
    check_size(shape, what, found, said, stated.place);
  };
  const TowerStatement image = state(c.image), text = state(c.text);
  check_heads(shape, "image", image);
  compare("image width", image.width, stated.image.width);
  compare("image layers", image.layers, stated.image.layers);
  check_heads(shape, "text", text);
  compare("image size", c.input().image_size, stated.image_size);
  compare("text width", text.width, stated.text.width);
  compare("text layers", text.layers, stated.text.layers);
  compare("context", c.text_input().context, stated.context);
  compare("vocabulary", c.text_input().vocabulary, stated.vocabulary);
  compare("embedding", c.embed_dim, stated.embed_dim);
  if (const auto& p = stated.preprocessing)
    check_size(shape, "image size", c.input().image_size, p->image_size, p->place);
}

/// Adds to the statements about a tower the activation that follows from the names of a file. Whether it did.
bool state_by_naming(auto& tower, Dialect dialect, TowerStatement& stated, const Assumptions& assumed) {
  if (stated.activation || assumed.activation) return false;
  const auto apply = [&](auto& c) {
    using D = Description<std::remove_cvref_t<decltype(c)>>;
    stated.activation = D::activation_by_naming(dialect, c);
    if (stated.activation) D::apply(c, TowerStatement{.activation = stated.activation});
  };
  std::visit(apply, tower);
  return stated.activation.has_value();
}

/// Whether the activation of a tower, if it has one, is stated or assumed.
inline bool is_stated(const TowerStatement& tower, const TowerStatement& stated, std::optional<Activation> assumed) {
  return !tower.activation || stated.activation || assumed;
}

/// Sets the epsilon of a tower to the assumed one, if none is stated.
void assume_epsilon(auto& tower, const TowerStatement& stated, const Assumptions& assumed) {
  if (stated.epsilon || !assumed.epsilon) return;
  const auto apply = [&](auto& c) {
    Description<std::remove_cvref_t<decltype(c)>>::apply(c, TowerStatement{.epsilon = assumed.epsilon});
  };
  std::visit(apply, tower);
}

/// A lower bound of the number of values in a model.
template <class F>
double count_values(const AnyConfigOf<F>& c) {
  const auto of = [&](const auto& tower) {
    return Description<std::remove_cvref_t<decltype(tower)>>::count_values(tower, c.embed_dim);
  };
  return std::visit(of, c.image) + std::visit(of, c.text);
}

/// What a file with this configuration of a tower cannot tell.
inline constexpr auto remark_of = [](const auto& tower) {
  return Description<std::remove_cvref_t<decltype(tower)>>::remark(tower);
};

/// LoadError: a file has fewer values than its shapes need.
inline Result<void> try_check_values(const TensorFile& file, double needed) {
  double values = 0;
  for (const FileTensor& t : file.tensors()) values += static_cast<double>(t.count());
  if (needed > values) return LoadError{file.place(), "too small for its own shapes: weights", needed, values};
  return {};
}

}  // namespace detail

template <class F>
Result<InspectionOf<F>> try_inspect(const TensorFile& in_any_dialect, const Assumptions& assumed) {
  const auto plain = try_without_prefix<F>(in_any_dialect);
  if (!plain) return plain.error();
  const TensorFile file = in_openai_names(plain->file, name_tables<F>());
  auto stated = detail::try_read_description<F>(file);
  if (!stated) return stated.error();
  const Dialect dialect = dialect_of(plain->file, name_tables<F>());
  ShapeReader shape{file, dialect};
  const Index embed_dim = detail::infer_embed_dim<typename F::Texts>(shape);
  std::string image_words, text_words;
  auto image = detail::infer_tower<typename F::Images>(
      shape, stated->image,
      {.heads = assumed.image_heads, .activation = assumed.activation, .stem_padding = assumed.stem_padding},
      image_words);
  auto text = detail::infer_tower<typename F::Texts>(
      shape, stated->text, {.heads = assumed.text_heads, .activation = assumed.activation}, text_words);
  AnyConfigOf<F> c{embed_dim, std::move(image), std::move(text), shape.has("logit_bias")};
  const bool image_named = detail::state_by_naming(c.image, dialect, stated->image, assumed);
  const bool text_named = detail::state_by_naming(c.text, dialect, stated->text, assumed);
  detail::assume_epsilon(c.image, stated->image, assumed);
  detail::assume_epsilon(c.text, stated->text, assumed);
  if (stated->preprocessing) c.preprocessing() = stated->preprocessing->how;
  else if (assumed.preprocessing) c.preprocessing() = *assumed.preprocessing;
  if (shape.missing())
    return LoadError{file.place(), "not a CLIP with " + image_words + ": found " + detail::foreign_kind(file) + "; " +
                                       shape.problems()}
        .with_id("clip.load.model");
  detail::check_statements(shape, c, *stated);
  if (!shape.problems().empty()) return detail::problems_of(file, shape);
  if (auto enough = detail::try_check_values(file, detail::count_values(c)); !enough) return enough.error();
  if (auto possible = check(c); !possible) return LoadError{file.place(), possible.error().message()};
  const NamedConfigOf<F>* const known = find_named(c);
  return InspectionOf<F>{c,
                         known ? std::string(known->name) : "",
                         known ? std::string(known->constant) : "",
                         dialect,
                         file.format(),
                         detail::is_stated(detail::state(c.image), stated->image, assumed.activation) &&
                             detail::is_stated(detail::state(c.text), stated->text, assumed.activation),
                         plain->prefix,
                         stated->preprocessing.has_value(),
                         image_named || text_named,
                         std::string(std::visit(detail::remark_of, c.text))};
}

template <class F>
Result<InspectionOf<F>> try_inspect(const std::string& path, const Assumptions& assumed, std::string_view state_dict) {
  const auto file = try_open_tensors(path, state_dict, TensorContent::shapes);
  return file ? try_inspect<F>(*file, assumed) : file.error();
}

}  // namespace clip::inline CLIP_ABI
