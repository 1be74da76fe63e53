// clip/model/reduce_vocabulary.hpp: a model and its tokenizer with only the token embeddings that some texts use.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/core/result.hpp>
#include <clip/model/any_encoder.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/kept_vocabulary.hpp>
#include <clip/model/model.hpp>
#include <clip/model/pack.hpp>
#include <clip/model/text_encoder.hpp>
#include <clip/model/text_input.hpp>
#include <clip/tokenizer/any_tokenizer.hpp>
#include <clip/tokens/kept_ids.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Copies a weight, unpacked; of a table with fewer rows than the source those with the ids kept.
template <Backend B, class T>
Result<void> try_copy_rows(B& from, const Parameter<T>& source, B& to, Parameter<T>& target, const KeptIds& kept) {
  const Shape &a = source.shape, &b = target.shape;
  const bool reduced = a != b;
  if (reduced && (a.rank != 2 || b.rank != 2 || a[1] != b[1] || a[0] != kept.whole() || b[0] != kept.size()))
    return InputError{"reduce_vocabulary", "rows of a table that depends on the vocabulary", kept.whole(), a[0]};
  const auto count = static_cast<std::size_t>(source.count()), width = static_cast<std::size_t>(source.shape.cols());
  std::vector<T> copied;
  const T* rows = source.data;
  if (!B::host_memory || source.layout != Layout::rows) {
    copied.resize(count);
    download_rows(from, source, std::span<T>(copied));
    rows = copied.data();
  }
  std::vector<T> picked;
  if (reduced) {
    for (const std::int32_t id : kept.ids())
      picked.insert(picked.end(), rows + static_cast<std::size_t>(id) * width,
                    rows + (static_cast<std::size_t>(id) + 1) * width);
    rows = picked.data();
  }
  const auto all = static_cast<std::size_t>(target.count());
  if constexpr (B::host_memory) std::copy_n(rows, all, target.own_memory().data);
  else to.upload(std::span<const T>(rows, all), target.view());
  return {};
}

/// Copies the weights of a module into one that differs in the size of its vocabulary alone.
template <class From, class To>
Result<void> try_copy_reduced(const From& from, To& to, const KeptIds& kept) {
  using B = std::remove_cvref_t<decltype(to.backend())>;
  using T = typename B::Scalar;
  B reader{from.backend()};
  const auto sources = named_parameters<T>(from);
  const auto targets = named_parameters<T>(to);
  for (std::size_t i = 0; i < sources.size(); ++i)
    if (auto done = try_copy_rows(reader, *sources[i].parameter, to.backend(), *targets[i].parameter, kept); !done)
      return done;
  return {};
}

/// A configuration whose vocabulary is known only at run time.
template <const auto& Config>
inline constexpr auto any_vocabulary = [] {
  auto c = Config;
  c.text.vocabulary = dyn;
  return c;
}();

/// The smaller model of a type: `make(model, size)`.
template <class M>
struct WithVocabulary;
template <const auto& Config, class B, class ImageBlocks, class TextBlocks>
struct WithVocabulary<Model<Config, B, ImageBlocks, TextBlocks>> {
  static auto make(const Model<Config, B, ImageBlocks, TextBlocks>& model, Index size) {
    auto c = model.config();
    c.text.vocabulary = size;
    return Model<any_vocabulary<Config>, B, ImageBlocks, TextBlocks>{c, B(model.backend())};
  }
};
template <class B, class F>
struct WithVocabulary<AnyModel<B, F>> {
  static AnyModel<B, F> make(const AnyModel<B, F>& model, Index size) {
    auto c = model.config();
    std::visit([&](auto& text) { text.vocabulary = size; }, c.text);
    return AnyModel<B, F>{c, B(model.backend())};
  }
};
template <const auto& Config, class B, class Blocks>
struct WithVocabulary<TextEncoder<Config, B, Blocks>> {
  static auto make(const TextEncoder<Config, B, Blocks>& model, Index size) {
    auto c = model.config();
    c.vocabulary = size;
    return TextEncoder<any_vocabulary<Config>, B, Blocks>{c, model.tower.embed_dim, B(model.backend())};
  }
};
template <class B, class TextFamilies>
struct WithVocabulary<AnyTextEncoder<B, TextFamilies>> {
  static AnyTextEncoder<B, TextFamilies> make(const AnyTextEncoder<B, TextFamilies>& model, Index size) {
    auto c = model.config();
    std::visit([&](auto& text) { text.vocabulary = size; }, c);
    const Index embed_dim = model.visit([](const auto& encoder) { return Index{encoder.tower.embed_dim}; });
    return AnyTextEncoder<B, TextFamilies>{c, embed_dim, B(model.backend())};
  }
};

}  // namespace detail

/// A copy of a model whose token table has only the rows of the ids kept: its features of texts in the new ids have the
/// same bits. `M`: Model, TextEncoder, AnyModel or AnyTextEncoder. The size of a Model's vocabulary is then known only
/// at run time, its other sizes stay in its type. Weights in a mapped file are copied, of the table only the rows that
/// are kept. The copy is not packed; weights that a smaller Storage has rounded stay rounded. InputError: the ids are
/// those of a vocabulary of another size, or lack one that the tower reads at a fixed place.
template <class M>
auto try_reduce_vocabulary(const M& model, const KeptIds& kept)
    -> Result<decltype(detail::WithVocabulary<M>::make(model, Index{}))> {
  if (auto possible = try_check_kept(model.text_input(), kept); !possible) return possible.error();
  auto reduced = detail::WithVocabulary<M>::make(model, kept.size());
  if (auto done = detail::try_copy_reduced(model, reduced, kept); !done) return done.error();
  return reduced;
}
template <class M>
auto reduce_vocabulary(const M& model, const KeptIds& kept) {
  return try_reduce_vocabulary(model, kept).value();
}

/// A model and the tokenizer whose ids it takes.
template <class M>
struct ReducedModel {
  M model;
  AnyTokenizer tokenizer;
};

/// A copy of a model and its tokenizer for texts that use the ids `used` and no others: on those exact, on any other
/// text an InputError that names the piece without an id.
///   auto [small, words] = reduce_vocabulary(model, tokenizer, tokenizer(captions));
///   auto features = small.encode_text(words(captions));   // the bits of model.encode_text(tokenizer(captions))
/// InputError: as try_kept_ids and try_reduce_vocabulary.
template <class M>
auto try_reduce_vocabulary(const M& model, const AnyTokenizer& tokenizer, std::span<const std::int32_t> used)
    -> Result<ReducedModel<decltype(detail::WithVocabulary<M>::make(model, Index{}))>> {
  const auto kept = try_kept_ids(model.text_input(), tokenizer, used);
  if (!kept) return kept.error();
  auto words = tokenizer.try_reduced(*kept);
  if (!words) return words.error();
  auto smaller = try_reduce_vocabulary(model, *kept);
  if (!smaller) return smaller.error();
  return ReducedModel<decltype(detail::WithVocabulary<M>::make(model, Index{}))>{std::move(*smaller),
                                                                                 std::move(*words)};
}
template <class M>
auto reduce_vocabulary(const M& model, const AnyTokenizer& tokenizer, std::span<const std::int32_t> used) {
  return try_reduce_vocabulary(model, tokenizer, used).value();
}
/// The same for the ids of texts that the tokenizer has encoded.
template <class M>
auto reduce_vocabulary(const M& model, const AnyTokenizer& tokenizer, const Texts& texts) {
  std::vector<std::int32_t> used;
  for (Index i = 0; i < texts.size(); ++i) used.insert(used.end(), texts[i].begin(), texts[i].end());
  return reduce_vocabulary(model, tokenizer, std::span<const std::int32_t>(used));
}

}  // namespace clip::inline CLIP_ABI
