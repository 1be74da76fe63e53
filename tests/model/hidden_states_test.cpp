// The rows that a diffusion model reads, against transformers' CLIPTextModel; make_hidden_states.py made the numbers.
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/model/hidden_states.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using Texts_ = Families<List<VitConfig>, List<TextConfig>>;
const std::string path = CLIP_SOURCE_DIR "/tests/golden/hidden_states.safetensors";
constexpr ChunkIds ends{.start = 58, .end = 59, .pad = 59}, zeros{.start = 58, .end = 59, .pad = 0};

struct Golden {
  TensorFile all = open_tensors(path);
  AnyTextEncoder<Cpu<>, Texts_::Texts> encoder = [this] {
    std::vector<FileTensor> stored;
    for (const FileTensor& t : all.tensors())
      if (!t.name.starts_with("expected/")) stored.push_back(t);
    const TensorFile file = all.with(std::move(stored));
    const Assumptions assumed{.activation = Activation::quick_gelu, .text_heads = 2};
    return detail::try_open_encoder<AnyTextEncoder<Cpu<>, Texts_::Texts>>(try_inspect_text<Texts_>(file, assumed), file,
                                                                          Cpu<>{}, {})
        .value();
  }();
  std::vector<std::int32_t> ids = [this] {
    std::vector<std::int32_t> all_ids;
    for (const double id : numbers("ids")) all_ids.push_back(static_cast<std::int32_t>(id));
    return all_ids;
  }();
  std::vector<float> weights = [this] {
    const Values values = numbers("weights");
    return std::vector<float>(values.begin(), values.end());
  }();

  Values numbers(const std::string& name) const {
    const FileTensor* const tensor = all.find("expected/" + name);
    REQUIRE(tensor != nullptr);
    Values values(static_cast<std::size_t>(tensor->count()));
    if (tensor->dtype != Dtype::i32) {
      convert(*tensor, std::span<double>(values));
      return values;
    }
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<std::int32_t>(load_little<std::uint32_t>(tensor->parts[0].bytes.data() + 4 * i));
    return values;
  }
  void check(const std::string& name, const Tensor<float>& found) const {
    const Values expected = numbers(name);
    const auto values = found.values();
    REQUIRE(values.size() == expected.size());
    const double worst = max_difference(Values(values.begin(), values.end()), expected);
    INFO(name, ": off by ", worst);
    CHECK(worst <= 2e-5 * std::max(1.0, max_magnitude(expected)));
  }
};

Values as_values(const std::vector<std::int32_t>& ids) { return {ids.begin(), ids.end()}; }

}  // namespace

TEST_CASE("a text of any length is rows of start, at most 75 ids, end and padding, with a weight each") {
  const Golden golden;
  for (const auto& [around, name] : {std::pair{ends, "end"}, std::pair{zeros, "zero"}}) {
    const TextChunks chunks = text_chunks(golden.ids, golden.weights, around);
    CHECK(chunks.count() == 2);
    CHECK(as_values(chunks.ids) == golden.numbers(name));
    CHECK(chunks.ends == std::vector<Index>{76, 6});
    CHECK(chunks.weights_of(0)[0] == 1);
    CHECK(chunks.weights_of(0)[1] == golden.weights[0]);
    CHECK(chunks.weights_of(1)[5] == golden.weights[79]);
    CHECK(chunks.weights_of(1)[6] == 1);
  }
  TextChunks none = text_chunks({});
  CHECK(none.count() == 1);
  CHECK(none.ids[0] == 49406);
  CHECK(std::count(none.ids.begin(), none.ids.end(), 49407) == 76);
  none.fill(3);
  CHECK(none.count() == 3);
  CHECK(std::ranges::equal(none.row(2), none.row(0)));
  const std::vector<std::int32_t> whole(75, 7);
  CHECK(text_chunks(whole).count() == 1);
  CHECK_THROWS_WITH_AS(text_chunks(whole, golden.weights), "text_chunks: number of weights: expected 75, found 80",
                       InputError);
}

TEST_CASE("reference numbers: the last layer, the one before it, with and without the norm, with either padding") {
  const Golden golden;
  for (const auto& [around, name] : {std::pair{ends, "end"}, std::pair{zeros, "zero"}}) {
    const TextChunks chunks = text_chunks(golden.ids, {}, around);
    const auto last = hidden_states(golden.encoder, chunks);
    CHECK(last.rows.shape() == Shape{2, 77, 16});
    golden.check(std::string(name) + ".last", last.rows);
    golden.check(std::string(name) + ".skip", hidden_states(golden.encoder, chunks, {.layer = -2}).rows);
    golden.check(std::string(name) + ".bare",
                 hidden_states(golden.encoder, chunks, {.layer = -2, .final_norm = false}).rows);
  }
  const TextChunks chunks = text_chunks(golden.ids, {}, ends);
  const auto joined = hidden_states(golden.encoder, chunks, {.join = true, .pooled = true});
  CHECK(joined.rows.shape() == Shape{1, 154, 16});
  golden.check("end.last", joined.rows);
  golden.check("pooled", joined.pooled);
}

TEST_CASE("weights multiply the rows of their tokens, and by default the mean of a chunk stays") {
  const Golden golden;
  const TextChunks chunks = text_chunks(golden.ids, golden.weights, ends);
  golden.check("end.weighted", hidden_states(golden.encoder, chunks).rows);
  const auto plain = hidden_states(golden.encoder, text_chunks(golden.ids, {}, ends)).rows;
  const auto multiplied = hidden_states(golden.encoder, chunks, {.emphasis = Emphasis::multiply}).rows;
  for (std::size_t i = 0; i < 154; ++i)
    for (std::size_t j = 0; j < 16; ++j)
      CHECK(multiplied.values()[16 * i + j] == chunks.weights[i] * plain.values()[16 * i + j]);
}

TEST_CASE("a chunk has the same bits alone and among others") {
  const Golden golden;
  const TextChunks both = text_chunks(golden.ids, golden.weights, ends);
  const auto together = hidden_states(golden.encoder, both, {.layer = 1, .pooled = true});
  for (Index i = 0; i < 2; ++i) {
    const auto at = static_cast<std::size_t>(75 * i), n = std::min<std::size_t>(75, 80 - at);
    const auto alone = hidden_states(
        golden.encoder, text_chunks(Ids{golden.ids}.subspan(at, n), std::span{golden.weights}.subspan(at, n), ends),
        {.layer = 1, .pooled = true});
    CHECK(std::ranges::equal(alone.rows.values(),
                             together.rows.values().subspan(static_cast<std::size_t>(i) * 77 * 16, 77 * 16)));
    CHECK(std::ranges::equal(alone.pooled.values(),
                             together.pooled.values().subspan(static_cast<std::size_t>(i) * 12, 12)));
  }
}

TEST_CASE("another context than the tower's, no chunk and a layer that is not there are errors") {
  const Golden golden;
  CHECK_THROWS_WITH_AS(hidden_states(golden.encoder, text_chunks({}, {}, ends, 32)),
                       "hidden_states: ids of a chunk: expected 77, found 32", InputError);
  CHECK_THROWS_AS(hidden_states(golden.encoder, TextChunks{}), InputError);
  CHECK_THROWS_WITH_AS(hidden_states(golden.encoder, text_chunks({}, {}, ends), {.layer = -5}),
                       "states: layer: expected -4 to 3, found -5", OptionError);
}
