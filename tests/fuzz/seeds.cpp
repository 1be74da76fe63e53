// Writes small valid inputs for every fuzz target to FOLDER/TARGET/, from the library's own writers, the files of
// tests/checkpoint, and the images of tests/golden and of CLIP_TEST_DATA if it is set.
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/self_test_record.hpp>
#include <clip/formats/event_file.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/model.hpp>
#include <clip/plot/png.hpp>
#include <clip/tokenizer/vocabulary/reduced.hpp>
#include <clip/tokenizer/vocabulary/vocabulary.hpp>

#include "../data/tar_file.hpp"
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
  for (const auto& entry : fs::directory_iterator(CLIP_SOURCE_DIR "/tests/golden/siglip"))
    if (entry.path().extension() == ".npz") zips.copy(entry.path(), 131072);
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

/// The folder of an image file's format; empty: of no format.
std::string format_of(const fs::path& file) {
  const std::string extension = file.extension().string();
  for (const auto& [name, format] : {std::pair{".png", "png"},
                                     {".jpg", "jpeg"},
                                     {".bmp", "bmp"},
                                     {".dib", "bmp"},
                                     {".gif", "gif"},
                                     {".tga", "tga"},
                                     {".pgm", "pnm"},
                                     {".ppm", "pnm"},
                                     {".pbm", "pnm"},
                                     {".webp", "webp"}})
    if (extension == name) return format;
  return {};
}

/// A folder for each format of images.
class ImageFolders {
 public:
  explicit ImageFolders(fs::path root) : root_{std::move(root)} {}
  void put(const std::string& name, std::string_view bytes) const { Folder{root_ / format_of(name)}.put(name, bytes); }
  void copy_all(const fs::path& from) const {
    for (const auto& entry : fs::directory_iterator(from))
      if (const std::string format = format_of(entry.path()); !format.empty())
        Folder{root_ / format}.copy(entry.path());
  }

 private:
  fs::path root_;
};

void images(const ImageFolders& folder) {
  std::vector<std::uint8_t> bytes(7 * 5 * 4);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37);
  for (const auto& [name, pixels] :
       {std::pair{"gray.png", Pixels::gray}, {"rgb.png", Pixels::rgb}, {"rgba.png", Pixels::rgba}}) {
    const auto n = static_cast<std::ptrdiff_t>(7 * 5 * channels(pixels));
    folder.put(name, as_text(encode_png(Image{7, 5, pixels, {bytes.begin(), bytes.begin() + n}})));
  }
  std::string exif{as_text(encode_png(Image{7, 5, Pixels::rgb, {bytes.begin(), bytes.begin() + 105}}))};
  exif.insert(33, "\x59\0\0\1eXIf", 8);  // behind the header; states more bytes than any file holds
  folder.put("exif.png", exif);
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
  for (const char* const files : {"images", "damaged"})
    folder.copy_all(fs::path(CLIP_SOURCE_DIR "/tests/golden") / files);
  if (const char* const data = std::getenv("CLIP_TEST_DATA")) folder.copy_all(fs::path(data) / "images");
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

void lists(const Folder& folder) {
  folder.put("lines", "\0\xEF\xBB\xBF"s + "a cat\r\na dog\n");
  folder.put("csv", "\3id,text\n1,\"a \"\"cat\"\", sleeping\"\n2,dog\n"s);
  folder.put("tsv", "\6id\ttext\n1\ta cat\n2\t\n"s);
  folder.put("array", "\0[\"a cat\", \"caf\\u00e9 \\ud83d\\ude00\"]"s);
  folder.put("prompts", "\0{\"cat\": [\"a {} asleep\", \"a tail\"], \"dog\": [\"a bark\"]}"s);
  folder.put("numbered", "\0{\"0\": \"cat\", \"1\": \"dog\"}"s);
  folder.put("wordnet", "\0{\"0\": [\"n01440764\", \"tench\"], \"1\": [\"n01443537\", \"goldfish\"]}"s);
}

/// The 512 symbols of bytes in the order of the ids, then those of `merges`, as JSON fields.
std::string vocabulary_fields(const BytePairs& pairs) {
  std::string fields;
  for (Index id = 0; id < pairs.size() + 2; ++id)
    fields +=
        (id == 0 ? "" : ", ") + json_text(Json(detail::expected_names(pairs, id).front())) + ": " + std::to_string(id);
  return fields;
}

void vocabularies(const Folder& folder) {
  const std::string merges = "#version: 0.2\nt h\nth e</w>\na n\nan d</w>\n", mark = "\n=====\n";
  const auto vocabulary = detail::try_read_merges("x", merges).value();
  const std::string fields = vocabulary_fields(vocabulary.pairs);
  folder.put("merges", '\0' + merges);
  folder.put("pair", '\1' + merges + mark + "{" + fields + "}");
  folder.put("tokenizer", '\2' + R"({"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {)"s + fields +
                              R"(}, "merges": ["t h", ["th", "e</w>"], "a n", "an d</w>"]}, "added_tokens": []})");
  folder.put("reduced", '\3' + detail::reduced_vocabulary_text({.tokenizer = "whole_merges.txt",
                                                                .checksum = vocabulary.identity.checksum,
                                                                .size = 518,
                                                                .ids = {66, 83, 320, 512, 513, 514, 515, 516, 517}}));
}

void pieces(const Folder& folder) {
  const fs::path models = CLIP_SOURCE_DIR "/tests/tokenizer/sentencepiece";
  const std::string config = R"({"pad_token": "<pad>", "add_bos_token": false})", mark = "\n=====\n";
  for (const std::string name : {"unigram.model", "bpe.model", "unigram.tokenizer.json", "bpe.tokenizer.json"}) {
    folder.put(name, '\0' + read(models / name));
    folder.put("config-" + name, '\1' + config + mark + read(models / name));
  }
}

void folders(const Folder& folder) {
  const std::string mark = "\n=====\n";
  const std::string towers =
      R"({"model_type": "clip", "projection_dim": 6, "text_config": {"hidden_size": 8, "intermediate_size": 32,
    "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 9, "vocab_size": 12,
    "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "eos_token_id": 11}, "vision_config": {"hidden_size": 8,
    "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 6, "patch_size": 3,
    "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5}, "logit_scale_init_value": 2.6592})";
  const std::string processor =
      R"({"image_processor_type": "CLIPImageProcessor", "do_resize": true, "size": {"shortest_edge": 6},
    "do_center_crop": true, "crop_size": {"height": 6, "width": 6}, "resample": 3, "do_rescale": true,
    "rescale_factor": 0.00392156862745098, "do_normalize": true, "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5], "do_convert_rgb": true})";
  folder.put("huggingface", '\0' + towers + mark + processor);
  folder.put("transformers5",
             '\2' + towers + mark + R"({"processor_class": "CLIPProcessor", "image_processor": )" + processor + "}");
  folder.put("openclip",
             "\1"
             R"({"model_cfg": {"embed_dim": 6, "quick_gelu": true,
    "vision_cfg": {"image_size": 6, "layers": 2, "width": 8, "head_width": 4, "patch_size": 3},
    "text_cfg": {"context_length": 9, "vocab_size": 12, "width": 8, "heads": 2, "layers": 2}},
    "preprocess_cfg": {"mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "bicubic", "resize_mode": "shortest"}})");
  folder.put("index", '\4' + towers + mark + processor + mark +
                          R"({"metadata": {}, "weight_map": {"logit_scale": "model.safetensors"}})");
}

void packed(const Folder& folder) {
  // A stored block of "hello", and one with fixed codes: 64 bytes that repeat "abc".
  const std::string stored = "\1\5\0\xFA\xFFhello"s, repeated = "\x4B\x4C\x4A\x4E\xA4\4\1\0"s;
  folder.put("gzip", "\0\x1F\x8B\x08\0\0\0\0\0\0\3"s + stored + little(0x3610A686, 4) + little(5, 4));
  folder.put("deflate", "\1" + repeated);
  folder.put("idx", "\2\0\0\x08\2\0\0\0\2\0\0\0\3abcdef"s);
}

void records(const Folder& folder) {
  SelfTest test;
  test.seed = 7;
  test.scalar = "float32";
  test.images.push_back({1.5, {0.25, -0.5}});
  test.texts.push_back({2.5, {1, 0}});
  test.ids = {{1, 2, 11}};
  folder.put("self_test", self_test_text(test));
  folder.put("values", R"({"a": [1, -2, 0.1, 1e300, true, null], "b": {"c": "\u00e9\n"}, "": []})");
}

void shards(const Folder& folder) {
  folder.put("tar", "\0"s + tar_entry("@LongLink", std::string(120, 'n'), 'L') + tar_entry("cut", "content") +
                        tar_entry("x", "19 path=long/a.jpg\n", 'x') + tar_entry("b.cls", "1") + tar_end());
  folder.put("events", "\1" + event_file_start(1) + event_record({7, 2, {{"loss", 0.5f}, {"rate", 1}}}));
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
  images(ImageFolders{root});
  arrays(Folder{root / "npy"});
  const Folder bpe{root / "bpe"};
  texts(bpe);
  for (const char* const name : {"vocab.json", "tokenizer.json"})
    bpe.put(name, '\5' + read(CLIP_SOURCE_DIR "/tests/golden/roberta/merges.txt") + "\n=====\n" +
                      read(CLIP_SOURCE_DIR "/tests/golden/roberta/"s + name));
  lists(Folder{root / "lists"});
  vocabularies(Folder{root / "vocabulary"});
  pieces(Folder{root / "sentencepiece"});
  folders(Folder{root / "folder"});
  packed(Folder{root / "packed"});
  records(Folder{root / "json"});
  shards(Folder{root / "shards"});
  return 0;
}
