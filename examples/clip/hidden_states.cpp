// `embed --hidden-states`: the rows of a text tower that a diffusion model is conditioned on.
#include "commands.hpp"
#include "images.hpp"
#include "input.hpp"
#include "lists.hpp"
#include "rows.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <clip/model/text_input.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tool {
namespace {

/// Words of a text and their weight.
struct Span {
  std::string words;
  float weight = 1;
};

/// A weight of words. False: no finite number.
bool read_weight(std::string_view text, float& weight) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), weight);
  return problem == std::errc{} && end == text.data() + text.size() && std::isfinite(weight);
}

/// The spans of a text with weights, "a (red:1.3) cat". InputError: a bracket without its other, or without a weight.
std::vector<Span> weighted_spans(const std::string& place, std::string_view text) {
  std::vector<Span> spans(1);
  bool inside = false;
  const auto wrong = [&](std::string found) {
    clip::raise(clip::InputError{place, "words with a weight", "(words:1.3), or \\( and \\) for brackets", found});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& words = spans.back().words;
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '(' || text[i + 1] == ')')) {
      words += text[++i];
    } else if (text[i] == '(') {
      if (inside) wrong("a bracket inside another");
      inside = true;
      spans.emplace_back();
    } else if (text[i] == ')') {
      const std::size_t colon = words.rfind(':');
      if (!inside) wrong("a closing bracket alone");
      if (colon == words.npos || !read_weight(std::string_view{words}.substr(colon + 1), spans.back().weight))
        wrong('(' + words + ')');
      words.resize(colon);
      inside = false;
      spans.emplace_back();
    } else {
      words += text[i];
    }
  }
  if (inside) wrong("an opening bracket alone");
  return spans;
}

clip::TextChunks chunks_of(const std::string& place, const std::string& text, const Tokenizer& tokenizer,
                           const EmbedOptions& options, clip::Index context) {
  const clip::RowIds row = tokenizer.row();
  const clip::ChunkIds around{row.start, row.end, options.padding == "zero" ? 0 : row.end};
  std::vector<std::int32_t> ids;
  std::vector<float> weights;
  for (const Span& span : options.weighted ? weighted_spans(place, text) : std::vector<Span>{{text}}) {
    const std::vector<std::int32_t> more = tokenizer.encode(span.words);
    ids.insert(ids.end(), more.begin(), more.end());
    weights.resize(ids.size(), span.weight);
  }
  return clip::text_chunks(ids, weights, around, context);
}

}  // namespace

int embed_states(const EmbedOptions& options) {
  const auto* const tower = std::get_if<clip::TextConfig>(&options.model.config->text);
  if (tower == nullptr)
    clip::raise(clip::OptionError{"--hidden-states", "text tower", "CLIP's", "one of another kind"});
  const clip::TextList list =
      texts_of(options.texts, {.column = options.column, .lines = options.lines, .keep_empty = true});
  const auto total = static_cast<clip::Index>(list.size());
  const Tokenizer tokenizer{options.vocabulary, options.cleaning, options.model.config->text_input()};
  clip::try_check_vocabulary(options.model.config->text_input(), tokenizer.vocabulary()).value();
  if (const clip::RowIds row = tokenizer.row(); row.start < 0 || row.end < 0)
    clip::raise(clip::OptionError{"--hidden-states", "vocabulary", "one whose texts have a start and an end id",
                                  options.vocabulary});
  Progress progress{"embedding"};
  Failures failures{progress, options.images.strict, "texts could not be embedded"};
  Rows rows{options, list.texts, {tower->context, tower->width}};
  const Model model = options.model.load(Towers::text, 0, list.size());
  const clip::HiddenOptions how{.layer = options.hidden_states == "last" ? -1 : -2, .final_norm = options.ln_final};
  const auto each = static_cast<std::size_t>(tower->context * tower->width);
  for (std::size_t i = 0; i < list.size(); ++i) {
    end_if_interrupted();
    try {
      const clip::TextChunks chunks = chunks_of(list.where(i), list.texts[i], tokenizer, options, tower->context);
      const clip::HiddenStates<float> states = model.hidden_states(chunks, how);
      const std::span<const float> values = states.rows.values();
      model.try_finite(values, "text", list.where(i)).value();
      for (std::size_t at = 0; at < values.size(); at += each) rows.add(i, values.subspan(at, each));
    } catch (const clip::InputError& error) { failures.add(error); }
    progress.show(static_cast<clip::Index>(i) + 1, total);
  }
  progress.clear();
  if (failures.count() < total) rows.write();
  const int status = failures.finish(total);
  if (options.json) {
    clip::Json json = rows.json();
    json["failures"] = failures.messages();
    Output{}.json(json);
  }
  return status;
}

}  // namespace tool
