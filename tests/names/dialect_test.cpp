#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/names/dialect.hpp>

#include "../checkpoint/stored_clip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
std::map<std::string, std::vector<Index>> shapes(const TensorFile& file) {
  std::map<std::string, std::vector<Index>> all;
  for (const FileTensor& t : file.tensors()) all[t.name] = t.shape;
  return all;
}
template <const auto& Config>
using Small = Model<Config, Naive<float>>;

/// A file with tensors of these names and shapes.
struct Names {
  std::vector<float> zeros = std::vector<float>(256);
  TemporaryFolder folder;
  TensorFile operator()(const std::vector<std::pair<std::string, std::vector<Index>>>& list) {
    std::vector<TensorToWrite> tensors;
    for (const auto& [name, shape] : list)
      tensors.push_back({name,
                         Dtype::f32,
                         shape,
                         std::as_bytes(std::span{zeros}.first(stored_size(Dtype::f32, shape).value() / 4)),
                         {}});
    write_safetensors(folder / "a", tensors);
    return open_tensors(folder / "a");
  }
};

/// The rules of all towers, those that families share once. Tables with signs are for models that have one of these
/// tensors, and may have other names for the same (BERT's).
std::vector<NameRule> huggingface_rules() {
  std::vector<NameRule> rules;
  for (const NameTable& table : name_tables())
    for (const NameRule& rule : table.rules) {
      const auto same = [&](const NameRule& r) { return r.openai == rule.openai && r.other == rule.other; };
      if (table.dialect == Dialect::huggingface && table.signs.empty() &&
          std::none_of(rules.begin(), rules.end(), same))
        rules.push_back(rule);
    }
  return rules;
}
}  // namespace

TEST_CASE("dialect: every rule maps one name to one name, in both directions") {
  std::set<std::string> left, right;
  const std::vector<NameRule> rules = huggingface_rules();
  for (const NameRule& rule : rules) {
    const detail::Captured captured{.numbers = {"11"}, .count = 1, .ending = "weight", .part = 1};
    const std::string ours = detail::fill_in(rule.openai, captured), theirs = detail::fill_in(rule.other, captured);
    CHECK(left.insert(ours).second);
    CHECK(right.insert(theirs).second);
    CHECK(std::count_if(rules.begin(), rules.end(),
                        [&](const NameRule& r) { return detail::match(r.openai, ours).has_value(); }) == 1);
    CHECK(std::count_if(rules.begin(), rules.end(),
                        [&](const NameRule& r) { return detail::match(r.other, theirs).has_value(); }) == 1);
    const auto back = detail::match(rule.other, theirs);
    CHECK(detail::fill_in(rule.openai, *back) == ours);
  }
}

TEST_CASE("dialect: wildcards match numbers, endings and q, k, v") {
  CHECK(detail::match("a.#.b.*", "a.12.b.bias")->numbers[0] == "12");
  CHECK(detail::match("a.$.b", "a.key.b")->part == 1);
  CHECK_FALSE(detail::match("a.$.b", "a.keys.b"));
  CHECK_FALSE(detail::match("a.$.b", "a.q.b"));
  CHECK(detail::fill_in("a.$.b", detail::Captured{.ending = {}, .part = 2}) == "a.value.b");
  CHECK(detail::match("a.#.b.*", "a.12.b.bias")->ending == "bias");
  CHECK(detail::match("a.@_x", "a.v_x")->part == 2);
  CHECK(detail::match("a.&.*", "a.q.bias")->part == 0);
  CHECK(detail::match("a.&.*", "a.kv.bias")->part == 1);
  for (const char* name : {"a.k.bias", "a.v.bias", "a.qkv.bias", "a..bias"}) CHECK(!detail::match("a.&.*", name));
  for (const char* name : {"a..b.bias", "a.x.b.bias", "a.1.b.", "a.1.b", "a.1.b.c.d", "a.1", "", "xa.1.b.bias"})
    CHECK(!detail::match("a.#.b.*", name));
  CHECK(!detail::match("a.@_x", "a.w_x"));
  CHECK(!detail::match("a", "ab"));
  CHECK(!detail::match("ab", "a"));
}

TEST_CASE("dialect: a stage has the digit of the other dialect's count, and no name where that has no such stage") {
  const NameRule rule{.openai = "stages.%.blocks.#.*", .other = "network.%.#.*", .digits = " 24"};
  CHECK(detail::other_name(rule, *detail::match_openai(rule, "stages.2.blocks.11.bias")) == "network.4.11.bias");
  CHECK(detail::fill_in(rule.openai, *detail::match_other(rule, "network.2.7.bias")) == "stages.1.blocks.7.bias");
  for (const char* name : {"stages.0.blocks.1.bias", "stages.3.blocks.1.bias", "stages..blocks.1.bias"})
    CHECK(!detail::match_openai(rule, name));
  for (const char* name : {"network.1.0.bias", "network. .0.bias", "network.24.0.bias"})
    CHECK(!detail::match_other(rule, name));
}

TEST_CASE(
    "dialect: Hugging Face's names, separate q, k and v and transposed projections become OpenAI's, value for value") {
  const TensorFile theirs = open_tensors(files + "huggingface"), ours = in_openai_names(theirs);
  CHECK(dialect_of(theirs) == Dialect::huggingface);
  CHECK(dialect_of(ours) == Dialect::openai);
  CHECK(shapes(ours) == shapes(open_tensors(files + "wanted.safetensors")));
  for (const auto& expected : wanted()) {
    std::vector<float> found(expected.second.size());
    convert(*ours.find(expected.first), std::span<float>(found));
    CHECK_MESSAGE(found == expected.second, expected.first);
  }
}

TEST_CASE(
    "dialect: a model saved in Hugging Face's dialect has exactly its names, shapes and values, and loads again") {
  const TemporaryFolder folder;
  Small<Quick> model, again;
  load(model, files + "wanted.safetensors");
  save(model, folder / "theirs.safetensors", {.dialect = Dialect::huggingface});
  const TensorFile written = open_tensors(folder / "theirs.safetensors"), theirs = open_tensors(files + "huggingface");
  CHECK(shapes(written) == shapes(theirs));
  for (const FileTensor& t : theirs.tensors()) {
    std::vector<float> expected(static_cast<std::size_t>(t.count())), found(expected.size());
    convert(t, std::span<float>(expected));
    convert(*written.find(t.name), std::span<float>(found));
    CHECK_MESSAGE(found == expected, t.name);
  }
  CHECK(written.metadata().at("format") == "pt");
  load(again, folder / "theirs.safetensors");
  CHECK(weights_of(again) == wanted());
  save(model, folder / "ours.safetensors", {.dialect = Dialect::openclip});
  save(model, folder / "plain");
  CHECK(get(folder / "ours.safetensors") == get(folder / "plain"));
}

TEST_CASE("dialect: a tensor without a rule keeps its name, and so do q, k and v of different shapes") {
  Names file;
  const std::string q = "text_model.encoder.layers.0.self_attn.q_proj.bias",
                    k = "text_model.encoder.layers.0.self_attn.k_proj.bias",
                    v = "text_model.encoder.layers.0.self_attn.v_proj.bias";
  CHECK(shapes(in_openai_names(file({{q, {2}}, {k, {2}}, {v, {2}}}))) ==
        std::map<std::string, std::vector<Index>>{{"transformer.resblocks.0.attn.in_proj_bias", {6}}});
  CHECK(in_openai_names(file({{q, {2}}, {k, {2}}})).find(q) != nullptr);
  CHECK(in_openai_names(file({{q, {2}}, {k, {2}}, {v, {3}}})).tensors().size() == 3);
  CHECK(in_openai_names(file({{q, {}}, {k, {}}, {v, {}}})).find(k) != nullptr);
  CHECK(in_openai_names(file({{"vision_model.other.probe", {1}}})).find("vision_model.other.probe") != nullptr);
  CHECK(in_openai_names(file({{"vision_model.embeddings.class_embedding", {1}}, {"visual_projection.weight", {3}}}))
            .find("visual_projection.weight") != nullptr);
  CHECK(in_openai_names(file({{"vision_model.embeddings.class_embedding", {1}}, {"visual.class_embedding", {2}}}))
            .tensors()
            .size() == 2);
  CHECK(
      in_openai_names(file({{"vision_model.embeddings.position_ids", {1, 5}}, {"logit_scale", {}}})).tensors().size() ==
      1);
}
