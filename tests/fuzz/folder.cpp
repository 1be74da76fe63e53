// Fuzzes what stands beside weights in a folder: config.json or open_clip_config.json, preprocessor_config.json or
// processor_config.json, an index of shards; bits of the first byte select. A model inferred from them is possible.
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/model/config_json.hpp>

#include "input.hpp"
#include "scratch.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (size == 0) return 0;
  static const std::string folder = testing::scratch_folder() + "/";
  static const bool linked = [] {
    const char* const weights = std::getenv("CLIP_FUZZ_WEIGHTS");  // of huggingface's names, made by fuzz_seeds
    return weights != nullptr && ::symlink(weights, (folder + "model.safetensors").c_str()) == 0;
  }();
  testing::must(linked);
  const unsigned kind = data[0];
  std::string_view rest = as_text(testing::as_input(data, size).subspan(1));
  const std::string config = folder + ((kind & 1U) != 0 ? "open_clip_config.json" : "config.json");
  const std::string processor = folder + ((kind & 2U) != 0 ? "processor_config.json" : "preprocessor_config.json");
  const std::string index = folder + "model.safetensors.index.json";
  testing::put(config, testing::next_file(rest));
  testing::put(processor, testing::next_file(rest));
  if ((kind & 4U) != 0) testing::put(index, rest);

  const auto file = try_open_tensors(folder.substr(0, folder.size() - 1));
  if (file)
    if (const auto found = try_inspect(*file)) testing::must(check(found->config).has_value());
  for (const std::string& path : {config, processor, index}) ::unlink(path.c_str());
  return 0;
}
