// clip/checkpoint/fit.inl.hpp: definitions of clip/checkpoint/fit.hpp.
#pragma once

#include <clip/autograd/pattern.hpp>
#include <clip/checkpoint/assumed_preprocessing.hpp>
#include <clip/checkpoint/compare.hpp>
#include <clip/checkpoint/compare_statements.hpp>
#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/fit.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/name_list.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/core/notice.hpp>
#include <clip/core/printable.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The sizes of a configuration for a message.
template <class F>
std::string in_words(const AnyConfigOf<F>& c) {
  const auto tower = [](const auto& t) { return Description<std::remove_cvref_t<decltype(t)>>::in_words(t); };
  return "image size " + std::to_string(c.input().image_size) + ", " + std::visit(tower, c.image) + "; text " +
         std::visit(tower, c.text) + "; embedding " + std::to_string(c.embed_dim);
}

/// "; clip::ViT_B_16 would fit", or the sizes of a fitting model; empty if the model does not state its sizes, the file
/// holds no such model, or fits.
template <class F>
std::string suggest_config(const std::optional<AnyConfigOf<F>>& mine, const TensorFile& file) {
  if (!mine) return {};
  const TowerStatement image = state(mine->image), text = state(mine->text);
  auto found = try_inspect<F>(file, {.activation = text.activation});
  if (!found)  // no rule determines the heads of some widths
    found = try_inspect<F>(file, {.activation = text.activation, .image_heads = image.heads, .text_heads = text.heads});
  if (!found || found->config == *mine) return {};
  // The same published model, but for what an implementation decides, is no better a constant than `mine`.
  return found->constant.empty() || as_published(found->config) == as_published(*mine)
             ? "; a model that fits has " + in_words(found->config)
             : "; " + found->constant + " would fit";
}

/// Says once per process what the model takes for granted about a file that does not state it. Not of OpenAI's
/// archives, which all have the same.
template <class F>
void tell_assumed(const LoadTarget<F>& model, const TensorFile& file, const ModelStatement& stated) {
  // The images of a folder's model are the subject of a notice of their own.
  const ImageInput* const input = model.input && file.description() == nullptr ? &*model.input : nullptr;
  const std::string words =
      assumed_in_words(stated, model.image ? &*model.image : nullptr, model.text ? &*model.text : nullptr, input);
  if (!words.empty())
    say_once(
        Topic::assumed,
        printable(file.place() + " states less than the model does; assumed, as the model has them: " + words).c_str());
  if (model.input) notice_assumed_preprocessing(file, stated.preprocessing.has_value(), *model.input);
}

/// LoadError: every statement of the file and its folder that differs from the model, in one sentence.
template <class F>
Result<void> try_check_statements(const LoadTarget<F>& model, const TensorFile& file, bool sizes) {
  const auto stated = try_read_description<F>(file);
  if (!stated) return stated.error();
  std::string wrong;
  if (model.image) compare_tower(wrong, "image", *model.image, stated->image);
  if (model.text) compare_tower(wrong, "text", *model.text, stated->text);
  std::string suggestion = wrong.empty() ? std::string() : suggest_config(model.config, file);
  if (!wrong.empty()) wrong += " (" + stated->place + ")";
  std::string pixels;
  if (model.input && stated->preprocessing) compare_preprocessing(pixels, *model.input, *stated->preprocessing, sizes);
  if (!pixels.empty()) wrong += (wrong.empty() ? "" : "; ") + pixels + " (" + stated->preprocessing->place + ")";
  if (!wrong.empty()) return LoadError{file.place(), wrong + suggestion}.with_id("clip.load.settings");
  if (!is_openais(file)) tell_assumed(model, file, *stated);
  return {};
}

/// The file in OpenAI's names: without the prefix of its names, unless they are the model's as they are.
template <class F>
Result<TensorFile> try_in_names_of(const LoadTarget<F>& model, const TensorFile& with_twins) {
  const auto single = try_without_twins(with_twins);
  if (!single) return single.error();
  const TensorFile& file = *single;
  const auto count = [&](const TensorFile& in) {
    return std::count_if(model.parameters.begin(), model.parameters.end(),
                         [&](const ParameterForm& p) { return in.find(p.name) != nullptr; });
  };
  const auto plain = try_without_prefix<F>(file);
  if (plain && plain->prefix.empty()) return in_openai_names(plain->file, name_tables<F>());
  TensorFile as_is = in_openai_names(file, name_tables<F>());
  const auto known = count(as_is);
  if (!plain) return known > 0 ? Result<TensorFile>{std::move(as_is)} : plain.error();
  TensorFile without = in_openai_names(plain->file, name_tables<F>());
  return known > 0 && known >= count(without) ? as_is : without;
}

/// The file with the identity in place of the projections that it lacks. LoadError: a projection in it, or a model
/// whose embedding is not as wide as the tower.
inline Result<TensorFile> try_add_identities(const std::vector<ParameterForm>& parameters, const TensorFile& file) {
  std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
  std::vector<std::vector<std::byte>> memory;
  for (const ParameterForm& p : parameters) {
    if (!p.projects) continue;
    if (file.find(p.name) != nullptr)
      return LoadError{file.place(), p.name + ": LoadOptions::without_projection is for files without it"}.with_id(
          "clip.load.projection");
    const Index width = p.shape[0];
    if (p.shape[1] != width)
      return LoadError{file.place(), "without projection: embed_dim of the model", width, p.shape[1]}.with_id(
          "clip.load.projection");
    std::vector<std::byte> bytes(static_cast<std::size_t>(width * width) * sizeof(float));
    for (Index i = 0; i < width; ++i)
      store_little(bytes.data() + static_cast<std::size_t>(i * (width + 1)) * sizeof(float),
                   std::bit_cast<std::uint32_t>(1.0f));
    tensors.emplace_back(StoredTensor{p.name, Dtype::f32, {width, width}, bytes});
    memory.push_back(std::move(bytes));
  }
  TensorFile result = file.with(std::move(tensors));
  for (auto& bytes : memory) result.keep(std::move(bytes));
  return result;
}

/// The file with as many tables of positions as the model has, one or two, where its family knows both forms.
/// LoadError: two tables that do not fit together.
inline Result<TensorFile> try_with_tables(const std::vector<ParameterForm>& parameters, const TensorFile& file,
                                          const std::vector<NameTable>& tables) {
  const auto has = [&](std::string_view name) {
    return std::ranges::find(parameters, name, &ParameterForm::name) != parameters.end();
  };
  const auto found = std::ranges::find_if(tables, [&](const NameTable& table) { return has(table.divided.first); });
  if (found == tables.end()) return file;
  return try_divide(file, found->divided, has(found->divided.second));
}

/// What a file is that lacks nothing but the projection of a tower; empty: another file.
inline std::string say_without_projection(const std::vector<ParameterForm>& parameters,
                                          const std::vector<std::string>& missing) {
  if (missing.size() != 1) return {};
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const ParameterForm& p) { return p.projects && p.name == missing[0]; });
  if (found == parameters.end()) return {};
  return "; the tower has no projection (as transformers' CLIPVisionModel and CLIPTextModel): "
         "LoadOptions::without_projection (--without-projection of clip embed) takes its pooled rows, " +
         std::to_string(found->shape[0]) + " wide";
}

template <class F>
Result<FittedFile> try_fit(const LoadTarget<F>& model, const TensorFile& in_any_dialect, const LoadOptions& options,
                           bool partial) {
  auto named = try_in_names_of(model, in_any_dialect);
  if (!named) return named.error();
  auto with_tables = try_with_tables(model.parameters, *named, name_tables<F>());
  if (!with_tables) return with_tables.error();
  TensorFile file = std::move(*with_tables);
  if (options.without_projection) {
    auto completed = try_add_identities(model.parameters, file);
    if (!completed) return completed.error();
    file = std::move(*completed);
  }
  if (options.positions != Interpolate::none || options.patches != PatchResize::none) {
    auto stretched = try_fit_sizes(model.parameters, file, options.positions, options.patches);
    if (!stretched) return stretched.error();
    file = std::move(*stretched);
  }
  auto c = compare(model.parameters, model.owns, file, options.ignored_prefix);
  std::string wrong, without;
  if (!partial) {
    std::erase_if(c.missing, [&](const std::string& name) { return clip::matches(options.may_lack, name); });
    without = say_without_projection(model.parameters, c.missing);
    add_names(wrong, "missing", c.missing);
    auto extra = c.extra;  // a bias of all similarities changes no probability
    std::erase_if(extra, [&](const auto& name) { return name == "logit_bias" && file.find(name)->count() == 1; });
    const auto erase_unused = [&]<class Config>() {
      for (const std::string_view unused : Description<Config>::unused) std::erase(extra, unused);
    };
    F::Images::each(erase_unused);
    F::Texts::each(erase_unused);
    add_names(wrong, "not of this model", extra);
  }
  add_names(wrong, "that do not fit", c.misfit);
  if (!wrong.empty())
    return LoadError{file.place(), "names: " + wrong + without + suggest_config(model.config, file)}.with_id(
        "clip.load.names");
  if (auto same = try_check_statements(model, file, options.positions == Interpolate::none); !same) return same.error();
  return FittedFile{std::move(file), {std::move(c.missing), std::move(c.extra)}};
}

}  // namespace clip::inline CLIP_ABI::detail
