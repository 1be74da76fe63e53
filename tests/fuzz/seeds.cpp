// Writes small valid inputs for every fuzz target to FOLDER/TARGET/, from the library's own writers, the files of
// tests/checkpoint, and the images of CLIP_TEST_DATA if it is set.
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/model.hpp>
#include <clip/plot/png.hpp>

#include "../io/zip_writer.hpp"
#include "../support/small_models.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;
using namespace clip;
using namespace std::string_literals;

struct Folder {
  fs::path path;
  explicit Folder(const fs::path& p) : path{p} { fs::create_directories(p); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  void put(const std::string& name, std::string_view bytes) const { write_file(*this / name, as_byte_span(bytes)); }
  void copy(const fs::path& from, std::uintmax_t most = 65536) const {
    if (fs::file_size(from) <= most) fs::copy_file(from, path / from.filename(), fs::copy_options::overwrite_existing);
  }
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void pickles_and_zips(const fs::path& root) {
  const Folder zips{root / "zip"}, pickles{root / "pickle"}, tensors{root / "safetensors"};
  for (const auto& entry : fs::directory_iterator(CLIP_SOURCE_DIR "/tests/checkpoint/files")) {
    if (!entry.is_regular_file()) continue;
    if (entry.path().extension() == ".safetensors") {
      tensors.copy(entry.path());
      continue;
    }
    zips.copy(entry.path());
    const std::string file = read(entry.path());
    const auto directory = try_parse_zip(as_byte_span(file), "x");
    if (!directory) continue;
    for (const ZipEntry& e : directory->entries())
      if (e.name.ends_with("/data.pkl"))
        if (const auto content = try_read_entry(e, "x"))
          pickles.put(entry.path().stem().string(), as_text(content->bytes));
  }
  zips.put("stored", ZipWriter{{{"a/b", "hello"}, {"c", ""}}}.file());
  zips.put("deflated", ZipWriter{{{"a", "hello hello", true}}, "a comment", true}.file());
  Model<testing::Tiny, Naive<float>> model{Rng{1}};
  save(model, tensors / "openai.safetensors");
  save(model, tensors / "huggingface.safetensors", {.dialect = Dialect::huggingface, .dtype = Dtype::bf16});
}

void configurations(const Folder& folder) {
  for (const std::string name : {"ViT-B/32", "RN50", "laion/ViT-g-14"}) {
    std::string file = name;
    for (char& c : file) c = c == '/' ? '_' : c;
    folder.put(file, json_text(to_json(find_config(name))));
  }
  folder.put("openclip",
             R"({"model_cfg": {"embed_dim": 512, "quick_gelu": true,
    "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}},
    "preprocess_cfg": {"mean": [0, 0, 0], "std": [1, 1, 1]}})");
}

void images(const Folder& folder) {
  std::vector<std::uint8_t> bytes(7 * 5 * 4);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37);
  for (const auto& [name, pixels] :
       {std::pair{"gray.png", Pixels::gray}, {"rgb.png", Pixels::rgb}, {"rgba.png", Pixels::rgba}}) {
    const auto n = static_cast<std::ptrdiff_t>(7 * 5 * channels(pixels));
    folder.put(name, as_text(encode_png(Image{7, 5, pixels, {bytes.begin(), bytes.begin() + n}})));
  }
  const std::string values(bytes.begin(), bytes.end());
  folder.put("gray.pgm", "P5\n7 5\n255\n" + values.substr(0, 35));
  folder.put("rgb.ppm", "P6 7 5 # comment\n255\n" + values.substr(0, 105));
  folder.put("rgb.bmp", "BM" + little(54 + 24 * 5, 4) + little(0, 4) + little(54, 4) + little(40, 4) + little(7, 4) +
                            little(5, 4) + little(1, 2) + little(24, 2) + std::string(24, '\0') +
                            values.substr(0, 24 * 5));
  const std::string palette("\1\2\3\0\7\6\5\0", 8), runs("\3\1\0\0\0\3\0\1\1\0\0\2\0\0\0\1", 16);
  for (const unsigned kind : {1U, 2U})  // run lengths of bytes and of halves
    folder.put(kind == 1 ? "runs.bmp" : "halves.bmp",
               "BM" + little(78, 4) + little(0, 4) + little(62, 4) + little(40, 4) + little(3, 4) + little(2, 4) +
                   little(1, 2) + little(kind == 1 ? 8 : 4, 2) + little(kind, 4) + std::string(12, '\0') +
                   little(2, 4) + little(0, 4) + palette + runs);
  folder.put("565.dib", little(40, 4) + little(7, 4) + little(5, 4) + little(1, 2) + little(16, 2) + little(3, 4) +
                            std::string(20, '\0') + little(0xF800, 4) + little(0x7E0, 4) + little(0x1F, 4) +
                            values.substr(0, 16 * 5));
  folder.put("text.ppm", "P3 1 2 9\n1 2 3\n4 5 # comment\n6");
  folder.put("bits.pbm", "P4 7 5\n" + values.substr(0, 5));
  folder.put("palette.tga", "\0\1\11\0\0\2\0\20\0\0\0\0"s + little(7, 2) + little(5, 2) + "\10\0abcd"s +
                                std::string("\206\1\206\0\206\1\206\2\206\1", 10));
  folder.put("rgb.tga",
             "\0\0\2"s + std::string(9, '\0') + little(7, 2) + little(5, 2) + "\x18\0"s + values.substr(0, 105));
  folder.put("two.gif", "GIF89a\2\0\2\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\2\0\2\0\0\2\3D\2\5\0;"s);
  if (const char* const data = std::getenv("CLIP_TEST_DATA"))
    for (const auto& entry : fs::directory_iterator(fs::path(data) / "images")) folder.copy(entry.path());
}

void arrays(const Folder& folder) {
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const std::vector<Index> shape{2, 3};
  write_npy<float>(folder / "f4.npy", shape, values);
  write_npy<float>(folder / "f2.npy", shape, values, NpyType::f2);
}

void texts(const Folder& folder) {
  folder.put("text", "\0a photo of a cat's \xF0\x9F\x98\x80 &amp;lt; caf\xC3\xA9 \xEF\xBC\xA1"s);
  folder.put("merges", "\1#version: 0.2\ni n\nt h\na n\nin g</w>\n");
  folder.put("tokenizer.json",
             "\2"
             R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b", ["b", "a"]],
    "end_of_word_suffix": "</w>"}})");
  folder.put("vocabulary", "\3[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n");
  folder.put("words", "\4ab. a\xCC\x81 \xE4\xBD\xA0 [SEP] unknown");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  const fs::path root = arguments[1];
  pickles_and_zips(root);
  configurations(Folder{root / "config"});
  images(Folder{root / "image"});
  arrays(Folder{root / "npy"});
  texts(Folder{root / "bpe"});
  return 0;
}
