// Fuzzes zip directories and the decompression of their entries, then the same bytes as a torch.save file.
#include <clip/checkpoint/infer.hpp>
#include <clip/formats/torch_file.hpp>
#include <clip/io/zip.hpp>

#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  const auto input = testing::as_input(data, size);
  if (const auto zip = try_parse_zip(input, "x"))
    for (const ZipEntry& entry : zip->entries())
      if (const auto content = try_read_entry(entry, "x")) testing::must(content->bytes.size() == entry.size);
  if (const auto file = try_parse_tensors(input, "x")) static_cast<void>(try_inspect(*file));
  return 0;
}
