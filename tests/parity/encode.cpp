// The library as a program, for parity.py:
//   encode encode MODEL WEIGHTS IMAGES.npy IDS.npy OUT     writes features to OUT.images.npy and OUT.texts.npy
//   encode save MODEL WEIGHTS OUT DIALECT [DTYPE]          loads a model and writes it with a self test
//   encode image WEIGHTS IMAGES.npy OUT                    the same of an image tower alone: OUT.images.npy
//   encode save-image WEIGHTS OUT DIALECT                  loads an image tower alone and writes it
//   encode text WEIGHTS IDS.npy OUT                        the same of a text tower alone: OUT.texts.npy
//   encode save-text WEIGHTS OUT DIALECT
//   encode check MODEL WEIGHTS                             runs the self test stored in a file
//   encode convert IN OUT DIALECT                          converts a file without a model
// MODEL is a name (`laion/ViT-B-32`), a configuration file, or `-`: what the file itself says.
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/checkpoint/self_test.hpp>
#include <clip/io/npy.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/catalogue.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

/// The only model type of the program, compiled once.
clip::AnyModel<> loaded(const std::string& name, const std::string& weights) {
  if (name == "-") return clip::open(weights);
  clip::AnyModel<> model{clip::find_config(name)};
  clip::load(model, weights);
  return model;
}

template <class Features>
void write(const std::string& path, const Features& features, clip::Index rows) {
  const std::array<clip::Index, 2> shape{rows, static_cast<clip::Index>(features.values().size()) / rows};
  clip::write_npy(path, std::span<const clip::Index>{shape}, std::span<const float>{features.values()});
}

clip::Images images_in(const std::string& path) {
  auto pixels = clip::read_npy<float>(path);
  if (pixels.shape.size() != 4) clip::raise(clip::InputError{path, "expected images of 4 extents"});
  return clip::Images::from_floats(pixels.shape[0], pixels.shape[1], pixels.shape[2], pixels.shape[3],
                                   std::move(pixels.values));
}

void encode_image(const std::string& weights, const std::string& images_path, const std::string& out) {
  const clip::Images images = images_in(images_path);
  write(out + ".images.npy", clip::open_image_encoder(weights).encode_image(images), images.size());
}

/// Rows of ids as a text tower reads them.
clip::Texts texts_in(const std::string& path, const clip::TextInput& input, bool bert) {
  const auto ids = clip::read_npy<std::int32_t>(path);
  if (ids.shape.size() != 2) clip::raise(clip::InputError{path, "expected ids of 2 extents"});
  // BERT's rows end before their padding.
  clip::Texts texts = bert || (input.row.end >= 0 && input.row.attends_pad) ? clip::Texts::whole(input.row.pad)
                      : input.row.end >= 0                                  ? clip::Texts{input.row.end}
                                           : clip::Texts{static_cast<std::int32_t>(input.vocabulary - 1)};
  const auto context = static_cast<std::size_t>(ids.shape[1]);
  for (std::size_t i = 0; i < static_cast<std::size_t>(ids.shape[0]); ++i) {
    auto row = std::span{ids.values}.subspan(i * context, context);
    while (bert && !row.empty() && row.back() == input.row.pad) row = row.first(row.size() - 1);
    texts.add(row);
  }
  return texts;
}

void encode_text(const std::string& weights, const std::string& ids, const std::string& out) {
  const auto encoder = clip::open_text_encoder(weights);
  const bool bert = std::holds_alternative<clip::BertTextConfig>(encoder.config());
  const clip::Texts texts = texts_in(ids, encoder.text_input(), bert);
  write(out + ".texts.npy", encoder.encode_text(texts), texts.size());
}

void encode(const std::string& name, const std::string& weights, const std::string& images_path,
            const std::string& ids_path, const std::string& out) {
  const clip::AnyModel<> model = loaded(name, weights);
  const clip::Images images = images_in(images_path);
  write(out + ".images.npy", model.encode_image(images), images.size());
  const bool bert = std::holds_alternative<clip::BertTextConfig>(model.config().text);
  const clip::Texts texts = texts_in(ids_path, model.text_input(), bert);
  write(out + ".texts.npy", model.encode_text(texts), texts.size());
}

int run(const std::vector<std::string>& a) {
  if (a.size() == 6 && a[0] == "encode") {
    encode(a[1], a[2], a[3], a[4], a[5]);
  } else if ((a.size() == 5 || a.size() == 6) && a[0] == "save") {
    clip::AnyModel<> model = loaded(a[1], a[2]);
    clip::save(model, a[3],
               {.dialect = clip::try_dialect(a[4]).value(),
                .dtype = a.size() == 6 ? clip::dtype_named(a[5]) : std::nullopt,
                .self_test = clip::self_test(model)});
  } else if (a.size() == 4 && a[0] == "image") {
    encode_image(a[1], a[2], a[3]);
  } else if (a.size() == 4 && a[0] == "save-image") {
    auto image = clip::open_image_encoder(a[1]);
    clip::save(image, a[2], {.dialect = clip::try_dialect(a[3]).value()});
  } else if (a.size() == 4 && a[0] == "text") {
    encode_text(a[1], a[2], a[3]);
  } else if (a.size() == 4 && a[0] == "save-text") {
    auto text = clip::open_text_encoder(a[1]);
    clip::save(text, a[2], {.dialect = clip::try_dialect(a[3]).value()});
  } else if (a.size() == 3 && a[0] == "check") {
    const auto report = clip::self_test(loaded(a[1], a[2]), a[2]);
    std::printf("%.2e %.2e\n", report.image, report.text);
  } else if (a.size() == 4 && a[0] == "convert") {
    clip::convert_file(a[1], a[2], {.dialect = clip::try_dialect(a[3]).value()});
  } else {
    std::fprintf(stderr, "encode: invalid arguments; the first lines of encode.cpp list them\n");
    return 2;
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments + 1, arguments + count});
  } catch (const clip::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
