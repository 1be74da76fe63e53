#include <clip/checkpoint/name_tables.hpp>
#include <clip/names/rename.hpp>

#include "../formats/tensors.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

TEST_CASE("rename: q, k and v are thirds of the joined rows, projections are transposed") {
  std::vector<float> values(18);
  std::iota(values.begin(), values.end(), 0.0f);
  std::vector<TensorToWrite> tensors{
      in_pieces(tensor("transformer.resblocks.3.attn.in_proj_weight", Dtype::f32, {6, 3}, values)),
      in_pieces(tensor("text_projection", Dtype::f32, {9, 2}, values))};
  const auto theirs = try_in_dialect(tensors, Dialect::huggingface).value();
  REQUIRE(theirs.size() == 4);
  for (std::size_t part = 0; part < 3; ++part) {
    CHECK(theirs[part].name == std::string("text_model.encoder.layers.3.self_attn.") + "qkv"[part] + "_proj.weight");
    CHECK(theirs[part].shape == std::vector<Index>{2, 3});
    const auto found = read<float>(theirs[part]);
    for (std::size_t i = 0; i < 6; ++i) CHECK(found[i] == static_cast<float>(6 * part + i));
  }
  CHECK(theirs[3].shape == std::vector<Index>{2, 9});
  const auto columns = read<float>(theirs[3]);
  for (std::size_t i = 0; i < 18; ++i) CHECK(columns[i] == static_cast<float>(i % 9 * 2 + i / 9));
}

TEST_CASE("rename: Hugging Face has no residual networks") {
  const std::vector<float> values(4);
  const std::vector<TensorToWrite> tensors{tensor("visual.layer1.0.conv1.weight", Dtype::f32, {2, 2, 1, 1}, values)};
  CHECK(try_in_dialect(tensors, Dialect::openclip).value().size() == 1);
  const auto refused = try_in_dialect(tensors, Dialect::huggingface);
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::option);
  CHECK(refused.error().message().find("expected openai or openclip, found huggingface") != std::string::npos);
}

TEST_CASE("rename: Long-CLIP's two tables of positions are folded, unless the dialect is its own or they do not fit") {
  std::vector<float> first(44), second(44);
  std::iota(first.begin(), first.end(), 0.0f);
  std::iota(second.begin(), second.end(), 1000.0f);
  std::vector<TensorToWrite> tensors{in_pieces(tensor("positional_embedding", Dtype::f32, {22, 2}, first)),
                                     in_pieces(tensor("positional_embedding_res", Dtype::f32, {22, 2}, second))};
  CHECK(try_in_dialect(tensors, Dialect::openai).value().size() == 2);
  for (const Dialect dialect : {Dialect::openclip, Dialect::huggingface}) {
    const auto folded = try_in_dialect(tensors, dialect).value();
    REQUIRE(folded.size() == 1);
    CHECK(folded[0].shape == std::vector<Index>{22, 2});
    const auto found = read<float>(folded[0]);
    for (std::size_t i = 0; i < 44; ++i) CHECK(found[i] == (i < 40 ? first[i] : second[i]));
  }
  tensors[1] = tensor("positional_embedding_res", Dtype::f32, {11, 4}, second);
  const auto refused = try_in_dialect(tensors, Dialect::huggingface);
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::option);
  CHECK(std::string(refused.error().message()) ==
        "dialect: positional_embedding_res does not continue positional_embedding: both must be matrices of one shape "
        "and element type, of more than 20 rows");
}
