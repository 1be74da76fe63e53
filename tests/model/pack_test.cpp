#include <clip/autograd/parameters.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/core/half.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/model.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/packing_remote.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace clip;
using namespace clip::testing;

namespace {

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  return std::ranges::equal(a.values(), b.values());
}

}  // namespace

TEST_CASE_TEMPLATE("a packed model gives the bits of the same model in rows", T, float, double) {
  const Model<Odd, Cpu<T>> rows{Rng{1}};
  Model<Odd, Cpu<T>> packed{Rng{1}};
  packed.pack();
  const Images images = random_images(Odd, 5, Rng{2});
  const Texts texts = random_texts(Odd, 7, Rng{3});
  const auto image = rows.encode_image(images), packed_image = packed.encode_image(images);
  const auto text = rows.encode_text(texts), packed_text = packed.encode_text(texts);
  CHECK(same_bits(image, packed_image));
  CHECK(same_bits(text, packed_text));

  SUBCASE("and again after unpacking") {
    packed.unpack();
    const auto again = packed.encode_image(images);
    CHECK(same_bits(image, again));
  }
}

/// The smallest cosine between rows.
template <class A, class B>
double cosine(const A& a, const B& b) {
  double smallest = 1;
  for (Index i = 0; i < a.size(); ++i) {
    double dot = 0, aa = 0, bb = 0;
    for (std::size_t j = 0; j < a[i].size(); ++j) {
      const double x = a[i][j], y = b[i][j];
      dot += x * y;
      aa += x * x;
      bb += y * y;
    }
    smallest = std::min(smallest, dot / std::sqrt(aa * bb));
  }
  return smallest;
}

TEST_CASE_TEMPLATE(
    "16-bit weights are the nearest to the model's, and only they change where products stay in the backend's type", T,
    float, double) {
  for (const Storage storage : {Storage::half, Storage::bfloat16}) {
    Model<Odd, Cpu<T>> rounded{Rng{1}}, narrow{Rng{1}};
    visit_parameters(rounded, [&](std::string_view, Parameter<T>& p) {
      if (p.use == Use::other) return;
      for (T* x = p.data; x != p.data + p.count(); ++x) {
        const float value = static_cast<float>(*x);
        *x = static_cast<T>(storage == Storage::half ? half_to_float(float_to_half(value))
                                                     : bfloat16_to_float(float_to_bfloat16(value)));
      }
    });
    narrow.pack(storage);
    const Images images = random_images(Odd, 5, Rng{2});
    const Texts texts = random_texts(Odd, 7, Rng{3});
    const auto image = rounded.encode_image(images), narrow_image = narrow.encode_image(images);
    const auto text = rounded.encode_text(texts), narrow_text = narrow.encode_text(texts);
    if (storage == Storage::half || !cpu::has_dot<cpu::Bfloat16Dot, T>) {
      CHECK(same_bits(image, narrow_image));
      CHECK(same_bits(text, narrow_text));
    } else {  // activations are rounded as well
      CHECK(cosine(image, narrow_image) >= bfloat16_cosine);
      CHECK(cosine(text, narrow_text) >= bfloat16_cosine);
    }
    narrow.unpack();
    const auto again = narrow.encode_image(images);
    CHECK(same_bits(image, again));
    narrow.pack();
    CHECK(narrow.image.tower.proj.layout == CpuLayout::panels);
  }
}

TEST_CASE_TEMPLATE("8-bit weights give nearly the features of the model", T, float, double) {
  const Model<Odd, Cpu<T>> model{Rng{1}};
  Model<Odd, Cpu<T>> narrow{Rng{1}};
  narrow.pack(Storage::int8);
  const Images images = random_images(Odd, 5, Rng{2});
  const Texts texts = random_texts(Odd, 7, Rng{3});
  const auto image = model.encode_image(images), narrow_image = narrow.encode_image(images);
  const auto text = model.encode_text(texts), narrow_text = narrow.encode_text(texts);
  CHECK(cosine(image, narrow_image) >= int8_cosine);
  CHECK(cosine(text, narrow_text) >= int8_cosine);
  CHECK_FALSE(same_bits(image, narrow_image));
  narrow.unpack();
  narrow.pack(Storage::int8);
  const auto again = narrow.encode_image(images);
  CHECK(same_bits(again, narrow_image));
}

TEST_CASE("a packed model is saved as the same file") {
  const TemporaryFolder folder;
  Model<Odd> model{Rng{1}};
  save(model, folder / "rows.safetensors");
  model.pack();
  save(model, folder / "panels.safetensors");
  const auto rows = read_file(folder / "rows.safetensors"), panels = read_file(folder / "panels.safetensors");
  CHECK(rows == panels);
}

TEST_CASE("packing changes no weight's address") {
  Model<Odd> model{Rng{1}};
  const float* const before = model.text.tower.text_projection.data;
  model.pack();
  model.pack(Storage::half);
  CHECK(model.text.tower.text_projection.data == before);
}

TEST_CASE("loading into a packed model unpacks it") {
  const TemporaryFolder folder;
  Model<Odd> first{Rng{1}}, second{Rng{2}};
  save(first, folder / "first.safetensors");
  second.pack();
  load(second, folder / "first.safetensors");
  const Images images = random_images(Odd, 2, Rng{3});
  const auto expected = first.encode_image(images), found = second.encode_image(images);
  CHECK(same_bits(expected, found));
  CHECK(second.image.tower.proj.layout == Layout::rows);
}

TEST_CASE("training a packed model is an error") {
  Model<Odd> model{Rng{1}};
  model.pack();
  CHECK_THROWS_AS((Parameters{model}), OptionError);
  model.unpack();
  const Parameters table{model};
  CHECK(table.count() == count_parameters(model));
}

TEST_CASE("packing on a backend that packs nothing is an error; unpacking has nothing to do") {
  Model<Odd, Naive<float>> model{Rng{1}};
  CHECK_THROWS_WITH_AS(model.pack(), "pack: backend: expected one that packs weights, found naive float32, one thread",
                       OptionError);
  CHECK_THROWS_AS(model.image.pack(Storage::half), OptionError);
  model.unpack();
  CHECK(model.image.tower.proj.layout == Layout::rows);
}

TEST_CASE("a model in memory that the host cannot access is packed, saved and unpacked there") {
  const TemporaryFolder folder;
  Model<Odd> rows{Rng{1}};
  Model<Odd, PackingRemote<float>> packed{Rng{1}};
  packed.pack();
  CHECK(packed.image.tower.proj.layout != Layout::rows);
  const Images images = random_images(Odd, 5, Rng{2});
  const Texts texts = random_texts(Odd, 7, Rng{3});
  const auto same = [&] {
    const auto image = rows.encode_image(images), text = rows.encode_text(texts);
    return same_bits(image, packed.encode_image(images)) && same_bits(text, packed.encode_text(texts));
  };
  CHECK(same());
  save(rows, folder / "rows.safetensors");
  save(packed, folder / "panels.safetensors");
  CHECK(read_file(folder / "rows.safetensors") == read_file(folder / "panels.safetensors"));
  packed.unpack();
  CHECK(packed.image.tower.proj.layout == Layout::rows);
  CHECK(same());
  rows.pack(Storage::int8);
  packed.pack(Storage::int8);
  CHECK(same());
}
