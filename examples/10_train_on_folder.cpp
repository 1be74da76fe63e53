// Shows training on one's own files: a folder of images, each with a caption in a text file of the same name. Batches
// are read from the disk; the trainer shuffles, warms up, writes checkpoints and resumes from them. A run that is
// stopped half-way and started again ends with the same bits as one that is not.
#include "tiny.hpp"

#include <algorithm>
#include <cstdio>
#include <span>

/// The pairs of a folder: photo.ppm and photo.txt.
class Folder {
 public:
  using Batch = clip::Pairs;

  Folder(const std::string& path, const clip::Tokenizer& tokenizer) : images_{clip::image_files(path)} {
    std::vector<std::string> captions;
    for (const std::filesystem::path image : images_)
      captions.push_back(clip::lines(std::filesystem::path{image}.replace_extension(".txt")).at(0));
    captions_ = tokenizer(captions, {.context = Tiny.text.context});
  }

  clip::Index size() const { return static_cast<clip::Index>(images_.size()); }

  /// An unreadable image ends the run: its error names the file.
  void batch(std::span<const clip::Index> items, clip::Rng, Batch& out) {
    decoded_.clear();
    out.texts.clear();
    for (const clip::Index i : items) {
      decoded_.push_back(clip::read_image(images_[static_cast<std::size_t>(i)]));
      out.texts.append(captions_, i);
    }
    clip::preprocess(Tiny.image, std::span<const clip::Image>{decoded_}, out.images);
  }

 private:
  std::vector<std::string> images_;
  clip::Texts captions_;
  std::vector<clip::Image> decoded_;
};

/// Trains, from the checkpoint if there is one, to the end or to `last`.
void train(clip::Model<Tiny>& model, Folder& pairs, const std::string& checkpoint, clip::Index last) {
  clip::Trainer trainer{model,
                        pairs,
                        {.epochs = 12,
                         .batch = 16,
                         .optimizer = {.learning_rate = 2e-3f, .weight_decay = 0.2f},
                         .checkpoint = checkpoint,
                         .checkpoint_every = 4}};
  trainer.run([&](const clip::TrainProgress& p) {
    if (p.step == 1 || p.step == p.steps)
      std::printf("step %2d of %d: loss %.1f (guessing: %.1f)\n", static_cast<int>(p.step), static_cast<int>(p.steps),
                  p.loss, p.chance);
    return p.step < last;
  });
}

int main() {
  const ScratchFolder scratch{"10_train_on_folder"};
  std::filesystem::create_directory("pairs");
  const std::vector<std::string> colors{"red", "green", "blue", "grey"};
  for (int i = 0; i < 32; ++i) {
    const std::string name = "pairs/" + std::to_string(i);
    const auto color = static_cast<std::size_t>(i % 4);
    write_image(name + ".ppm", i % 4, clip::Rng{2}.fork(static_cast<std::uint64_t>(i)));
    clip::write_file(name + ".txt", clip::as_byte_span("a " + colors[color] + " photo\n"));
  }
  Folder pairs{"pairs", clip::Tokenizer{}};

  clip::Model<Tiny> whole{clip::Rng{1}};
  train(whole, pairs, "", 24);
  {
    clip::Model<Tiny> stopped{clip::Rng{1}};
    train(stopped, pairs, "run.safetensors", 10);  // the checkpoint is that of step 8
  }
  clip::Model<Tiny> resumed;
  train(resumed, pairs, "run.safetensors", 24);

  clip::Pairs batch;
  pairs.batch(std::vector<clip::Index>{0, 1, 2, 3}, clip::Rng{0}, batch);
  const auto a = whole.encode_image(batch.images), b = resumed.encode_image(batch.images);
  const bool same = std::ranges::equal(a.values(), b.values());
  std::printf("stopped and resumed: %s\n", same ? "the same bits" : "something else");
  return same ? 0 : 1;
}
