// clip/checkpoint/infer_encoder.inl.hpp: definitions of clip/checkpoint/infer_encoder.hpp.
#pragma once

#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/foreign.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/infer_encoder.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/config/bounds.hpp>
#include <clip/names/shape_reader.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The file with a projection of shape (1, 1) and this name, for inferring the other sizes.
inline TensorFile with_some_projection(const TensorFile& file, std::string_view name) {
  std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
  tensors.emplace_back(StoredTensor{std::string(name), Dtype::f32, {1, 1}, {}});
  return file.with(std::move(tensors));
}

/// The tower of a family in a file by OpenAI's names. Problems go to `problems`.
template <class Config, class Towers>
EncoderInspection<Towers> infer_alone(const TensorFile& file, const TowerStatement& stated,
                                      const TowerStatement& assumed, ShapeReader& problems) {
  using Family = Description<Config>;
  const bool without = !Family::projection.empty() && !problems.has(Family::projection) &&
                       !problems.has(std::string(Family::projection) + ".weight");
  const TensorFile whole = without ? with_some_projection(file, Family::projection) : file;
  ShapeReader shape{whole, problems.dialect()};
  const Config config = Family::infer(shape, stated, assumed);
  const TowerStatement found = Family::state(config);
  const Index embed_dim = without ? found.width : Family::embed_dim(shape);
  if (shape.is_undecided()) problems.undecided(shape.problems());
  else if (!shape.problems().empty()) problems.problem(shape.problems());
  else if (embed_dim < 1 || embed_dim > largest_extent) problems.problem("the width of its features is not known");
  else if (const char* const sentence = problem(config)) problems.problem(sentence);
  return {config, embed_dim, without, is_stated(found, stated, assumed.activation)};
}

/// The tower of the first family that recognises the file.
template <class F, class Towers>
Result<EncoderInspection<Towers>> try_inspect_alone(const TensorFile& in_any_dialect, const Assumptions& assumed,
                                                    TowerStatement ModelStatement::*which, Index heads,
                                                    const char* name) {
  const auto plain = try_without_prefix<F>(in_any_dialect);
  if (!plain) return plain.error();
  const TensorFile file = in_openai_names(plain->file, name_tables<F>());
  const auto stated = try_read_description<F>(file);
  if (!stated) return stated.error();
  ShapeReader problems{file, dialect_of(plain->file, name_tables<F>())};
  std::optional<EncoderInspection<Towers>> found;
  TowerStatement mine = (*stated).*which;
  Towers::each([&]<class Config>() {
    if (!found && Description<Config>::recognises(problems))
      found = infer_alone<Config, Towers>(
          file, mine, {.heads = heads, .activation = assumed.activation, .stem_padding = assumed.stem_padding},
          problems);
  });
  if (!found)
    return LoadError{file.place(), std::string("no ") + name + " tower of a CLIP: found " + foreign_kind(file)}.with_id(
        "clip.load.model");
  if (state_by_naming(found->config, dialect_of(plain->file, name_tables<F>()), mine, assumed))
    found->activation_known = true;
  assume_epsilon(found->config, mine, assumed);
  const TowerStatement tower = state(found->config);
  check_heads(problems, name, tower);
  check_size(problems, std::string(name) + " width", tower.width, mine.width, stated->place);
  check_size(problems, std::string(name) + " layers", tower.layers, mine.layers, stated->place);
  if (!problems.problems().empty()) return problems_of(file, problems);
  const double needed = std::visit(
      [&](const auto& c) {
        const Index projected = found->without_projection ? 0 : found->embed_dim;
        return Description<std::remove_cvref_t<decltype(c)>>::count_values(c, projected);
      },
      found->config);
  if (auto enough = try_check_values(file, needed); !enough) return enough.error();
  if (stated->preprocessing || assumed.preprocessing)
    std::visit(
        [&](auto& c) {
          if constexpr (requires { c.preprocessing; })
            c.preprocessing = stated->preprocessing ? stated->preprocessing->how : *assumed.preprocessing;
        },
        found->config);
  found->preprocessing_known = stated->preprocessing.has_value();
  return std::move(*found);
}

}  // namespace detail

template <class F>
Result<EncoderInspection<typename F::Images>> try_inspect_image(const TensorFile& file, const Assumptions& assumed) {
  return detail::try_inspect_alone<F, typename F::Images>(file, assumed, &detail::ModelStatement::image,
                                                          assumed.image_heads, "image");
}

template <class F>
Result<EncoderInspection<typename F::Texts>> try_inspect_text(const TensorFile& file, const Assumptions& assumed) {
  return detail::try_inspect_alone<F, typename F::Texts>(file, assumed, &detail::ModelStatement::text,
                                                         assumed.text_heads, "text");
}

}  // namespace clip::inline CLIP_ABI
