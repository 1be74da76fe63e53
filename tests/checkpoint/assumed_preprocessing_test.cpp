#include <clip/checkpoint/assumed_preprocessing.hpp>

#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace clip;
using namespace clip::testing;

namespace {

std::string said;

/// What is said while `work` runs, as if for the first time.
template <class Work>
std::string notice_of(const Work& work) {
  said.clear();
  const unsigned before = clip_process::said.exchange(0);
  set_notice([](const char* sentence) { said += std::string(sentence) + "\n"; });
  work();
  set_notice(nullptr);
  clip_process::said = before;
  return said;
}

}  // namespace

TEST_CASE(
    "assumed preprocessing: a folder without an image processor is used with a notice that says what is assumed") {
  const TemporaryFolder temporary;
  const std::string folder = temporary / "clip";
  std::filesystem::copy(files + "huggingface", folder, std::filesystem::copy_options::recursive);
  const std::string sentence =
      folder +
      ": no processor_config.json and no preprocessor_config.json; images are assumed to be preprocessed so: shorter "
      "side to "
      "8, bicubic, mean 0.48145467, 0.4578275, 0.40821072, deviation 0.26862955, 0.2613026, 0.2757771\n";
  CHECK(notice_of([&] { clip::open<Naive<float>>(folder); }) == sentence);
  CHECK(notice_of([&] {
          Model<Stored, Naive<float>> model;
          load(model, folder);
          load(model, folder);
        }) == sentence);
  CHECK(notice_of([&] { convert_file(folder, temporary / "out", {.dialect = Dialect::openclip}); }) == sentence);
  CHECK_FALSE(inspect(folder).preprocessing_known);
  CHECK(notice_of([&] {
          TextEncoder<Stored, Naive<float>> text;
          load(text, folder);
        }) == "");

  put(folder + "/preprocessor_config.json", R"({"size": 10, "crop_size": 8})");
  CHECK(notice_of([&] { clip::open<Naive<float>>(folder); }) == "");
  CHECK(inspect(folder).preprocessing_known);
  CHECK(notice_of([&] { clip::open<Naive<float>>(temporary / "out"); }) == "");
}

TEST_CASE("assumed preprocessing: its words have the size of the resize and of the crop") {
  CHECK(detail::preprocessing_in_words(
            {8, 3, {.resize = ResizeMode::squash, .mean = {0, 0, 0}, .deviation = {1, 1, 1}, .resize_to = 10}}) ==
        "both sides to 10 and a crop of 8, bicubic, mean 0.0, 0.0, 0.0, deviation 1.0, 1.0, 1.0");
}
