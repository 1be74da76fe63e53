#include <clip/checkpoint/self_test.hpp>

#include <clip/model/any_model.hpp>
#include <clip/model/model.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
template <const auto& Config>
using Small = Model<Config, Naive<float>>;

template <class M>
std::string off(const M& model, const std::string& path) {
  const auto result = try_self_test(model, path);
  REQUIRE(!result);
  CHECK(result.error().place() == path);
  return result.error().message().substr(path.size() + 2);
}

inline constexpr auto OtherMean = [] {
  auto c = Stored;
  c.image.preprocessing.mean = inception_mean;
  return c;
}();
inline constexpr auto Squashed = [] {
  auto c = Stored;
  c.image.preprocessing.resize = ResizeMode::squash;
  return c;
}();
inline constexpr auto QuickText = [] {
  auto c = Stored;
  c.text.activation = Activation::quick_gelu;
  return c;
}();
inline constexpr auto Shorter = [] {
  auto c = Stored;
  c.text.context = 4;
  return c;
}();

/// A file of the stored model with a self test but without its configuration: loading alone detects no mistake.
struct FileWithAnswers {
  TemporaryFolder folder;
  std::string path = folder / "clip.safetensors";
  Small<Stored> model;
  FileWithAnswers() {
    load(model, files + "wanted.safetensors");
    save(model, path, {.self_test = self_test(model), .metadata = {{"config", "none"}}});
  }
};
}  // namespace

TEST_CASE("self test: a record is unchanged after writing and parsing") {
  Small<Stored> model{Rng{1}};
  const SelfTest test = self_test(model);
  CHECK(test.images.size() == 2);
  CHECK(test.texts.size() == 2);
  CHECK(test.ids[0].size() == 5);
  CHECK(test.ids[0].back() == 11);
  CHECK(test.images[0].norm > 0);
  CHECK(test.images[0].first.size() == 8);
  CHECK(try_parse_self_test(self_test_text(test), "file").value() == test);
  CHECK(self_test(model, 2).images != test.images);
}

TEST_CASE("self test: the saved model passes in float, in double, and as one encoder") {
  const FileWithAnswers saved;
  CHECK(self_test(saved.model, saved.path).image == 0);
  CHECK(self_test(saved.model, saved.path).text == 0);
  Model<Stored, Naive<double>> wide;
  load(wide, saved.path);
  CHECK(self_test(wide, saved.path).image > 0);
  ImageEncoder<Stored, Naive<float>> image;
  load(image, saved.path);
  CHECK(self_test(image, saved.path).image == 0);
  TextEncoder<Stored, Naive<float>> text;
  load(text, saved.path);
  CHECK(self_test(text, saved.path).text == 0);
  AnyModel<Naive<float>> any{Stored};
  load(any, saved.path);
  CHECK(self_test(any, saved.path).image == 0);
}

TEST_CASE("self test: a record of one encoder is an error for the other") {
  const TemporaryFolder folder;
  ImageEncoder<Stored, Naive<float>> image;
  load(image, files + "wanted.safetensors");
  save(image, folder / "image", {.self_test = self_test(image)});
  CHECK(self_test(image, folder / "image").image == 0);
  CHECK(off(TextEncoder<Stored, Naive<float>>{}, folder / "image") == "the self test stored in it is of another tower");
}

TEST_CASE("self test: another activation, mean or resize mode is detected, and the error names the tower") {
  const FileWithAnswers saved;
  const auto check = [&](auto model, bool image, bool text) {
    load(model, saved.path);
    const std::string message = off(model, saved.path);
    CAPTURE(message);
    CHECK(message.starts_with("self test: "));
    CHECK((message.find("image tower: features differ by ") != std::string::npos) == image);
    CHECK((message.find("text tower: features differ by ") != std::string::npos) == text);
  };
  check(Small<OtherMean>{}, true, false);
  check(Small<Squashed>{}, true, false);
  check(Small<QuickText>{}, false, true);
  check(Small<Quick>{}, true, true);
}

TEST_CASE("self test: a single changed weight and NaN are detected") {
  FileWithAnswers saved;
  saved.model.image.tower.proj.data[5] += 0.01f;
  CHECK(off(saved.model, saved.path).find("image tower") != std::string::npos);
  saved.model.image.tower.proj.data[5] = NAN;
  CHECK(off(saved.model, saved.path).find("differ by inf") != std::string::npos);
}

TEST_CASE("self test: rounded weights have a wider tolerance, which still detects a wrong weight") {
  const FileWithAnswers saved;
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
    const std::string path = saved.folder / "half.safetensors";
    Small<Stored> model{Rng{5}};
    save(model, path, {.dtype = dtype, .self_test = self_test(model)});
    Small<Stored> rounded;
    load(rounded, path);
    const SelfTestReport report = self_test(rounded, path);
    CHECK(report.image > 1e-5);
    CHECK(report.image < report.tolerance);
    rounded.image.tower.proj.data[5] += 1;
    CHECK(!try_self_test(rounded, path));
    Small<OtherMean> other;
    CHECK(!try_load(other, path));  // the file states its mean
  }
}

TEST_CASE("self test: a missing, an unreadable and an unsuitable record are three errors") {
  FileWithAnswers saved;
  CHECK(off(saved.model, files + "wanted.safetensors") == "no self test stored in it");
  CHECK(off(saved.model, files + "half.pt") == "no self test stored in it");
  CHECK(off(Small<Shorter>{}, saved.path) ==
        "the self test stored in it has ids beyond the model's context or vocabulary");
  for (const char* text : {"", "{", "[]", "{}", R"({"seed": -1, "scalar": "float32", "ids": []})",
                           R"({"seed": 1, "scalar": "float32", "ids": [[]]})",
                           R"({"seed": 1, "scalar": "float32", "ids": [[1, 4294967296]]})",
                           R"({"seed": 1, "scalar": "float32", "ids": [[1, 2]]})",
                           R"({"seed": 1, "scalar": "float32", "ids": [], "images": [{"norm": 1}]})",
                           R"({"seed": 1, "scalar": "float32", "ids": [], "images": [7]})"}) {
    CAPTURE(text);
    save(saved.model, saved.path, {.metadata = {{self_test_key, text}}});
    CHECK(try_self_test(saved.model, saved.path).error().kind() == ErrorKind::load);
  }
}
