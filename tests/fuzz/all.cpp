// All fuzz targets in one program, so that the headers of the library are compiled once. CLIP_FUZZ_TARGET selects the
// target of a run.
#include "input.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#define LLVMFuzzerTestOneInput fuzz_zip
#include "zip.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_pickle
#include "pickle.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_safetensors
#include "safetensors.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_config
#include "config.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_image
#include "image.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_npy
#include "npy.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_bpe
#include "bpe.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_lists
#include "lists.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_vocabulary
#include "vocabulary.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_folder
#include "folder.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_packed
#include "packed.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_sentencepiece
#include "sentencepiece.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_json
#include "json.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_shards
#include "shards.cpp"
#undef LLVMFuzzerTestOneInput

namespace {

using Target = int (*)(const std::uint8_t*, std::size_t);

Target selected() {
  constexpr std::array<std::pair<std::string_view, Target>, 14> targets{{{"zip", fuzz_zip},
                                                                         {"pickle", fuzz_pickle},
                                                                         {"safetensors", fuzz_safetensors},
                                                                         {"config", fuzz_config},
                                                                         {"image", fuzz_image},
                                                                         {"npy", fuzz_npy},
                                                                         {"bpe", fuzz_bpe},
                                                                         {"lists", fuzz_lists},
                                                                         {"vocabulary", fuzz_vocabulary},
                                                                         {"folder", fuzz_folder},
                                                                         {"packed", fuzz_packed},
                                                                         {"sentencepiece", fuzz_sentencepiece},
                                                                         {"json", fuzz_json},
                                                                         {"shards", fuzz_shards}}};
  const char* const name = std::getenv("CLIP_FUZZ_TARGET");
  clip::testing::must(name != nullptr);
  for (const auto& [known, target] : targets)
    if (known == name) return target;
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Target target = selected();
  return target(data, size);
}
