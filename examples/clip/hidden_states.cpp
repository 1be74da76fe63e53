// `embed --hidden-states`: the rows of a text tower that a diffusion model is conditioned on.
#include "commands.hpp"
#include "images.hpp"
#include "job.hpp"
#include "lists.hpp"
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
  std::vector<std::int32_t> ids;
  std::vector<float> weights;
  for (const Span& span : options.weighted ? weighted_spans(place, text) : std::vector<Span>{{text}}) {
    const std::vector<std::int32_t> more = tokenizer.encode(span.words);
    ids.insert(ids.end(), more.begin(), more.end());
    weights.resize(ids.size(), span.weight);
  }
  return clip::text_chunks(ids, weights, {row.start, row.end, options.padding == "zero" ? 0 : row.end}, context);
}

/// What became of a text.
Done states_of(const Model& model, const std::string& place, const std::string& text, const Tokenizer& tokenizer,
               const EmbedOptions& options) {
  const clip::HiddenOptions how{.layer = options.hidden_states == "last" ? -1 : -2, .final_norm = options.ln_final};
  try {
    const auto states =
        model.hidden_states(chunks_of(place, text, tokenizer, options, model.text_input().context), how);
    const std::span<const float> rows = states.rows.values();
    if (const auto finite = model.try_finite(rows, "text", place); !finite) return {{}, finite.error().message()};
    return {{rows.begin(), rows.end()}, ""};
  } catch (const clip::InputError& error) { return {{}, error.message()}; }
}

}  // namespace

int embed_states(const EmbedOptions& given) {
  const auto* const tower = std::get_if<clip::TextConfig>(&given.model.config->text);
  if (tower == nullptr)
    clip::raise(clip::OptionError{"--hidden-states", "text tower", "CLIP's", "one of another family"});
  const EmbedOptions options = without_projection(given, tower->width);
  const clip::TextList list =
      texts_of(options.texts, {.column = options.column, .lines = options.lines, .keep_empty = true});
  const auto total = static_cast<clip::Index>(list.size());
  const clip::TextInput input = options.model.config->text_input();
  const Tokenizer tokenizer{options.vocabulary, options.cleaning, input};
  clip::try_check_vocabulary(input, tokenizer.vocabulary()).value();
  if (const clip::RowIds row = tokenizer.row(); row.start < 0 || row.end < 0)
    clip::raise(clip::OptionError{"--hidden-states", "vocabulary", "one whose texts have a start and an end id",
                                  options.vocabulary});
  Progress progress{"embedding"};
  Failures failures{progress, options.images.strict, "texts could not be embedded"};
  EmbedJob job{options, list.texts, false, {tower->context, tower->width}, failures};
  const Model model = options.model.load(Towers::text, 0, list.size());
  job.run([&] {
    while (job.done() < list.size()) {
      end_if_interrupted();
      const std::size_t i = job.done();
      const Done done = states_of(model, list.where(i), list.texts[i], tokenizer, options);
      job.add({&done, 1});
      progress.show(static_cast<clip::Index>(i) + 1, total);
    }
    job.finish();
  });
  progress.clear();
  const int status = failures.finish(total);
  if (options.json) {
    clip::Json json = job.rows().json();
    json["failures"] = failures.messages();
    Output{}.json(json);
  }
  return status;
}

}  // namespace tool
