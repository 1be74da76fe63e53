#include <clip/optim/decay.hpp>

#include <doctest/doctest.h>

using namespace clip;

TEST_CASE("decay: matrices and tables decay") {
  CHECK(decay_matrices("positional_embedding", {77, 512}));
  CHECK(decay_matrices("token_embedding.weight", {49408, 512}));
  CHECK(decay_matrices("text_projection", {512, 512}));
  CHECK(decay_matrices("visual.proj", {768, 512}));
  CHECK(decay_matrices("visual.positional_embedding", {50, 768}));
  CHECK(decay_matrices("visual.conv1.weight", {768, 3, 32, 32}));
  CHECK(decay_matrices("visual.transformer.resblocks.0.attn.in_proj_weight", {2304, 768}));
  CHECK(decay_matrices("transformer.resblocks.11.mlp.c_proj.weight", {512, 2048}));
}

TEST_CASE("decay: vectors, scalars, norms, biases and the temperature do not") {
  CHECK(!decay_matrices("visual.class_embedding", {768}));
  CHECK(!decay_matrices("logit_scale", {}));
  CHECK(!decay_matrices("logit_scale", {1, 1}));
  CHECK(!decay_matrices("visual.ln_pre.weight", {768}));
  CHECK(!decay_matrices("visual.ln_pre.weight", {1, 768}));
  CHECK(!decay_matrices("visual.layer1.0.bn1.weight", {1, 64}));
  CHECK(!decay_matrices("transformer.resblocks.0.attn.in_proj_bias", {1536}));
  CHECK(!decay_matrices("transformer.resblocks.0.attn.in_proj_bias", {1, 1536}));
}

TEST_CASE("decay: decay_all selects everything") {
  CHECK(decay_all("logit_scale", {}));
  CHECK(decay_all("visual.proj", {768, 512}));
}
