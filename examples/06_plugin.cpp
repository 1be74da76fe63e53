// Shows a plugin of another program: four C functions around one model, which two threads of the host share. No
// exception leaves them; an error is a sentence. Both threads get the bits that one thread gets.
#include "tiny.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <thread>

/// A loaded model is immutable: threads share it without a lock.
struct Encoder {
  clip::AnyModel<> model;
};

/// The message of the last error on this thread.
thread_local std::string message;

extern "C" const char* encoder_error() { return message.c_str(); }

/// Null: error. The file says which model it holds.
extern "C" const Encoder* encoder_open(const char* weights) try {
  return new Encoder{clip::open(weights, {}, clip::Cpu<>{{.threads = 1}})};
} catch (const std::exception& error) {
  message = error.what();
  return nullptr;
}

extern "C" void encoder_close(const Encoder* encoder) { delete encoder; }

/// Writes the features of an RGB image. False: error.
extern "C" bool encoder_encode(const Encoder* encoder, const std::uint8_t* rgb, int width, int height, float* to) try {
  const auto image = clip::Image::view(rgb, width, height, 3 * width, clip::Pixels::rgb);
  const auto features = encoder->model.encode_image(clip::preprocess(encoder->model, image));
  std::ranges::copy(features[0], to);
  return true;
} catch (const std::exception& error) {
  message = error.what();
  return false;
}

int main() {
  const ScratchFolder scratch{"06_plugin"};
  clip::Model<Tiny> seeded{clip::Rng{1}};
  clip::save(seeded, "tiny.safetensors");

  const Encoder* const encoder = encoder_open("tiny.safetensors");
  const auto photo = noise(0, clip::Rng{2});
  std::vector<float> expected(16);
  if (encoder == nullptr || !encoder_encode(encoder, photo.data(), 32, 32, expected.data())) {
    std::printf("%s\n", encoder_error());
    return 1;
  }

  int same[2]{};
  const auto work = [&](int thread) {
    std::vector<float> features(16);
    for (int i = 0; i < 50; ++i)
      if (encoder_encode(encoder, photo.data(), 32, 32, features.data()) && features == expected) ++same[thread];
  };
  std::thread first{work, 0}, second{work, 1};
  first.join();
  second.join();
  std::printf("the same bits: %d of 50 and %d of 50\n", same[0], same[1]);
  if (!encoder_encode(encoder, photo.data(), 0, 32, expected.data())) std::printf("%s\n", encoder_error());
  encoder_close(encoder);
  return same[0] == 50 && same[1] == 50 ? 0 : 1;
}
