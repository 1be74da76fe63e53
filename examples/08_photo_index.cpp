// Shows a search in photos: one pass writes the features of a folder to a .npy file and the names to a text file;
// queries read them and need no image. The best photo for a query is that of the largest cosine.
#include "tiny.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

/// Writes photos.npy, one row per image, and photos.txt, one name per row. Images that cannot be read are listed.
void make_index(const clip::Model<Tiny>& model, const std::string& folder) {
  std::vector<float> rows;
  std::string names;
  clip::Index count = 0;
  for (auto& item : clip::embed_folder(model, folder)) {
    if (!item) {
      std::printf("left out: %s\n", item.error().what());
      continue;
    }
    const auto unit = clip::normalized(std::move(item->features));
    rows.insert(rows.end(), unit.values().begin(), unit.values().end());
    names += item->path + "\n";
    ++count;
  }
  clip::write_npy<float>("photos.npy", std::vector<clip::Index>{count, Tiny.embed_dim}, rows);
  clip::write_file("photos.txt", clip::as_byte_span(names));
}

/// The k best photos for a query.
void search(const clip::Model<Tiny>& model, const clip::Tokenizer& tokenizer, const std::string& query, clip::Index k) {
  const auto stored = clip::read_npy<float>("photos.npy");
  const auto names = clip::lines("photos.txt");
  clip::Features<float, Tiny.embed_dim> photos{stored.shape.at(0)};
  std::ranges::copy(stored.values, photos.values().begin());

  const auto text = model.encode_text(tokenizer({query}, {.context = Tiny.text.context}));
  const auto cosines = clip::similarities(model.backend(), text, photos);  // (1, photos)
  std::printf("%s:", query.c_str());
  for (const clip::Index i : clip::top(cosines[0], k))
    std::printf(" %s (%.2f)", names[static_cast<std::size_t>(i)].c_str(), static_cast<double>(cosines(0, i)));
  std::printf("\n");
}

int main() {
  const ScratchFolder scratch{"08_photo_index"};
  std::filesystem::create_directory("photos");
  for (int i = 0; i < 4; ++i) write_image("photos/" + std::to_string(i) + ".ppm", i, clip::Rng{2});
  clip::write_file("photos/torn.png", clip::as_byte_span("\x89PNG"));

  const clip::Model<Tiny> model{clip::Rng{1}};  // initial weights, which mean nothing; see clip::load
  const clip::Tokenizer tokenizer;              // bytes only; Tokenizer{path} opens a vocabulary
  make_index(model, "photos");
  for (const std::string query : {"a red photo", "a grey photo"}) search(model, tokenizer, query, 2);
}
