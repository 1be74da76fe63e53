#include <clip/core/nearest.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace clip;

namespace {

const std::vector<std::string_view> names{"logit_scale", "visual.proj", "visual.ln_1.bias", "transformer.ln_1.bias",
                                          "text_projection"};

std::string nearest(std::string_view wanted, std::size_t count = 1) {
  return in_words(nearest_names(wanted, names, count));
}

}  // namespace

TEST_CASE("the nearest name needs the fewest characters inserted, deleted or replaced") {
  CHECK(nearest("logit_scle") == "logit_scale");
  CHECK(nearest("logitscalee") == "logit_scale");
  CHECK(nearest("visual.prej") == "visual.proj");
  CHECK(nearest("visual.ln_2.bias") == "visual.ln_1.bias");
  CHECK(nearest("visual.proj") == "visual.proj");
}

TEST_CASE("wildcards in the wanted name cost nothing, and equally near names keep their order") {
  CHECK(nearest("visul.*", 2) == "visual.proj and visual.ln_1.bias");
  CHECK(nearest("visaul.*", 2) == "visual.proj and visual.ln_1.bias");
  CHECK(nearest("*.ln_?.bais", 2) == "visual.ln_1.bias and transformer.ln_1.bias");
}

TEST_CASE("a name that contains the wanted one is near, however long the rest") {
  CHECK(nearest("ln_1.bias", 2) == "visual.ln_1.bias and transformer.ln_1.bias");
  CHECK(nearest("projection") == "text_projection");
}

TEST_CASE("fewer names than asked for, none, and an empty wanted name") {
  CHECK(nearest_names("x", names, 9).size() == names.size());
  CHECK(nearest_names("x", {}).empty());
  CHECK(nearest_names("", names).size() == 3);
  CHECK(in_words({}).empty());
  CHECK(nearest("", 3) == "logit_scale, visual.proj and visual.ln_1.bias");
}
