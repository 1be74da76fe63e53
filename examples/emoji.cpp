// Words never seen: trains a small CLIP on emoji and their names in eleven languages, and then asks it for emoji that it
// never saw, and for emoji by names in languages that it never read.
//
//   emoji [--text FOLDER] [--epochs N] [--seed N] [--output DIR] [--images DIR] [--cldr DIR]
//
// Reads Debian's ruby-tanuki-emoji and unicode-cldr-core. Writes the weights, the answers to some names as an image, and
// results.json to DIR.
#include "emoji/captions.hpp"
#include "emoji/collection.hpp"
#include "emoji/model.hpp"
#include "emoji/options.hpp"
#include "emoji/search.hpp"

#include <clip/clip.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace emoji {

/// The folder of Debian's ruby-tanuki-emoji, whose name contains a version.
inline std::string installed_images() {
  const std::filesystem::path gems = "/usr/share/rubygems-integration/all/gems";
  std::error_code absent;
  for (const auto& gem : std::filesystem::directory_iterator(gems, absent))
    if (gem.path().filename().string().starts_with("tanuki_emoji-"))
      return (gem.path() / "app/assets/images/tanuki_emoji").string();
  clip::raise(clip::LoadError{gems.string(),
                              "no tanuki_emoji: install Debian's ruby-tanuki-emoji, or name a folder "
                              "with --images"});
}

template <class M>
void run(const Options& o, M model, Captions& source, const Collection& all, const std::vector<std::string>& trained,
         const std::vector<std::string>& held) {
  clip::Trainer trainer{model,
                        source,
                        clip::TrainOptions{.epochs = o.epochs,
                                           .batch = o.batch,
                                           .optimizer = {.learning_rate = 1e-3f, .weight_decay = 0.2f},
                                           .seed = o.seed},
                        {},
                        typename M::Objective{}};
  double loss = 0;
  trainer.run([&](const clip::TrainProgress& p) {
    loss += p.loss;
    if (!p.epoch_done) return true;
    const double steps = static_cast<double>(p.steps) / static_cast<double>(p.epochs);
    if (p.epoch % 10 == 0 || p.epoch == p.epochs)
      std::fprintf(stderr, "epoch %3d of %d: loss %.3f (guessing: %.3f), %.0f images/s, %.0f s left\n",
                   static_cast<int>(p.epoch), static_cast<int>(p.epochs), loss / steps, p.chance, p.images_per_second,
                   p.seconds_left);
    loss = 0;
    return true;
  });

  const auto results = search_all(model, all, Small.image, trained, held);
  print_table(results, all);
  std::filesystem::create_directories(o.output);
  model.save(o.output);
  answer_sheet(model, all, Small.image, queries(all, trained, 6), queries(all, held, 6, 3))
      .save(o.output + "/answers.svg");
  write_results(o.output + "/results.json", results, all);
  std::printf("\n%s: weights, answers.svg, results.json\n", o.output.c_str());
}

void run(const Options& o) {
  const bool locked = !o.text.empty();
  std::vector<std::string> trained{"en"}, held{"de", "fr", "es"};
  if (!locked) {
    trained = {"en", "de", "fr", "es", "it", "pt", "nl", "sv", "pl", "cs", "ru"};
    held = {"ca", "gl", "da", "sk", "uk", "ro"};
  }
  std::vector<std::string> languages = trained;
  languages.insert(languages.end(), held.begin(), held.end());
  const Collection all = collect(o.images.empty() ? installed_images() : o.images, o.cldr, languages, o.seed);
  Captions source{all.seen, trained, Small.image};
  const clip::Cpu<> backend{{.threads = o.threads}};
  std::fprintf(stderr, "%zu emoji with %zu texts, %zu more for the end; %s\n", all.seen.size(), source.texts().size(),
               all.unseen.size(), backend.describe().c_str());
  if (locked) run(o, LockedText{source, o.text, o.seed, backend}, source, all, trained, held);
  else run(o, OwnText{source, o.seed, backend}, source, all, trained, held);
}

}  // namespace emoji

int main(int count, char** words) {
  emoji::Options options;
  if (const int status = emoji::parse(count, words, options); status >= 0) return status;
  try {
    emoji::run(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "emoji: %s\n", error.what());
    return 1;
  }
}
