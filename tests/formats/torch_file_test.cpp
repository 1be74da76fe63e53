#include <clip/formats/safetensors.hpp>
#include <clip/formats/torch_file.hpp>

#include "../io/temporary_folder.hpp"
#include "../io/zip_writer.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace clip;
using namespace std::string_literals;

namespace {
const std::string files = CLIP_SOURCE_DIR "/tests/checkpoint/files/";

std::vector<double> values_of(const StoredTensor& t) {
  std::vector<double> values(static_cast<std::size_t>(t.count()));
  convert(t, std::span<double>(values));
  return values;
}

/// Pickle programs.
std::string integer(std::int64_t value) { return "\x8A\x08" + little(static_cast<std::uint64_t>(value), 8); }
std::string text(const std::string& t) { return "X" + little(t.size(), 4) + t; }
std::string tuple(const std::vector<std::int64_t>& values) {
  std::string program = "(";
  for (const auto v : values) program += integer(v);
  return program + "t";
}
struct Tensor {
  std::vector<std::int64_t> shape{2}, strides{1};
  std::int64_t offset = 0, count = 6;
  std::string storage = "torch\nFloatStorage", key = "0";
  std::string program() const {
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "c" + storage + "\n" + text(key) + text("cpu") +
           integer(count) + "tQ" + integer(offset) + tuple(shape) + tuple(strides) +
           "\x89"
           "ccollections\nOrderedDict\n)RtR";
  }
};
const std::vector<float> six{0, 1, 2, 3, 4, 5};
std::string archive(const std::string& program, bool deflate = false, std::vector<ZipWriter::Entry> more = {}) {
  ZipWriter zip{.entries = {{"x/data.pkl", "\x80\2" + program + ".", deflate},
                            {"x/data/0", std::string(as_text(std::as_bytes(std::span{six}))), deflate}}};
  for (auto& entry : more) zip.entries.push_back(entry);
  return zip.file();
}
std::string archive_of(const Tensor& t) { return archive("}" + text("w") + t.program() + "s"); }
Result<TorchFile> parse(const std::string& file) { return try_parse_torch(as_byte_span(file), "x.pt"); }
std::string message(const std::string& file) {
  const auto result = parse(file);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::load);
  CHECK(result.error().place().starts_with("x.pt"));
  return result.error().message().substr(std::string("x.pt: ").size());
}
}  // namespace

TEST_CASE(
    "torch file: files written by PyTorch are read: float, half, bfloat16, training checkpoint, TorchScript archive") {
  const Safetensors wanted = open_safetensors(files + "wanted.safetensors");
  for (const std::string name : {"state.pt", "half.pt", "bfloat16.pt", "nested.pt", "script.pt"}) {
    CAPTURE(name);
    const TorchFile file = open_torch(files + name);
    CHECK(file.torchscript() == (name == "script.pt"));
    std::size_t notes = 0;
    for (const StoredTensor& t : file.tensors()) {
      CAPTURE(t.name);
      if (t.dtype == Dtype::i64) {
        ++notes;
        continue;
      }
      const StoredTensor* const same = wanted.find(t.name);
      REQUIRE(same != nullptr);
      CHECK(t.shape == same->shape);
      CHECK(values_of(t) == values_of(*same));
      CHECK(file.find(t.name) == &t);
    }
    CHECK(file.tensors().size() - notes == wanted.tensors().size());
    CHECK(notes == (name == "script.pt" ? 3 : 0));
  }
  CHECK(open_torch(files + "half.pt").find("visual.proj")->dtype == Dtype::f16);
  CHECK(open_torch(files + "bfloat16.pt").find("visual.proj")->dtype == Dtype::bf16);
  CHECK(open_torch(files + "script.pt").find("visual.ln_pre.weight")->dtype == Dtype::f32);
  CHECK(open_torch(files + "script.pt").find("visual.proj")->dtype == Dtype::f16);
}

TEST_CASE("torch file: the format before PyTorch 1.6 is an error with advice") {
  const auto result = try_open_torch(files + "legacy.pt");
  REQUIRE(!result);
  CHECK(result.error().message().find("legacy.pt: written in the format of PyTorch before 1.6") != std::string::npos);
  CHECK(result.error().message().find("torch.save") != std::string::npos);
}

TEST_CASE("torch file: a tensor keeps its address when the file object is moved, deflated or not") {
  for (const bool deflate : {false, true}) {
    const std::string bytes = archive("}" + text("w") + Tensor{.shape = {3}, .offset = 2}.program() + "s" + text("v") +
                                          Tensor{.shape = {2}, .offset = 4}.program() + "s",
                                      deflate);
    TorchFile first = parse(bytes).value();
    const std::byte* const at = first.find("w")->bytes.data();
    const TorchFile second = std::move(first);
    CHECK(second.find("w")->bytes.data() == at);
    CHECK(values_of(*second.find("w")) == std::vector<double>{2, 3, 4});
    CHECK(values_of(*second.find("v")) == std::vector<double>{4, 5});
    CHECK(second.find("v")->bytes.data() == at + 8);  // one storage, decompressed once
  }
}

TEST_CASE("torch file: tensors with any strides are converted to row-major") {
  const auto read = [](const Tensor& t) {
    const std::string bytes = archive_of(t);
    return values_of(*parse(bytes).value().find("w"));
  };
  CHECK(read({.shape = {2, 3}, .strides = {3, 1}}) == std::vector<double>{0, 1, 2, 3, 4, 5});
  CHECK(read({.shape = {3, 2}, .strides = {1, 3}}) == std::vector<double>{0, 3, 1, 4, 2, 5});
  CHECK(read({.shape = {2, 2}, .strides = {3, 2}}) == std::vector<double>{0, 2, 3, 5});
  CHECK(read({.shape = {3}, .strides = {2}, .offset = 1}) == std::vector<double>{1, 3, 5});
  CHECK(read({.shape = {2, 3}, .strides = {0, 1}}) == std::vector<double>{0, 1, 2, 0, 1, 2});
  CHECK(read({.shape = {}, .strides = {}, .offset = 5}) == std::vector<double>{5});
  CHECK(read({.shape = {1, 2}, .strides = {0x7FFFFFFFFFFFFFFF, 1}}) == std::vector<double>{0, 1});
  CHECK(read({.shape = {1, 2}, .strides = {0x7FFFFFFFFFFFFFFF, 3}}) == std::vector<double>{0, 3});
  CHECK(read({.shape = {0, 7}, .strides = {7, 1}, .offset = 1000}).empty());
}

TEST_CASE("torch file: a tensor beyond its storage, or far larger than the file, is an error") {
  constexpr std::int64_t huge = 0x7FFFFFFFFFFFFFFF;
  for (const Tensor& t : {Tensor{.shape = {7}}, Tensor{.shape = {6}, .offset = 1}, Tensor{.shape = {1}, .offset = 6},
                          Tensor{.shape = {1}, .offset = huge}, Tensor{.shape = {2}, .strides = {6}},
                          Tensor{.shape = {2}, .strides = {huge}}, Tensor{.shape = {2, 3}, .strides = {4, 1}},
                          Tensor{.shape = {2, 2}, .strides = {huge, huge}, .offset = 5},
                          Tensor{.shape = {100'000, 100'000}, .strides = {0, 0}},
                          Tensor{.shape = {huge, huge}, .strides = {0, 0}}, Tensor{.shape = {huge}, .strides = {0}}}) {
    const std::string said = message(archive_of(t));
    CHECK((said == "w: more elements than its storage has" || said == "w: reaches beyond its storage"));
  }
  CHECK(message(archive_of({.count = 7})) == "w: bytes of x/data/0: expected 28, found 24");
  CHECK(message(archive_of({.count = huge})) == "w: bytes of x/data/0: expected a size that fits memory, found 24");
  CHECK(message(archive_of({.key = "1"})) == "w: the archive has no entry x/data/1");
  CHECK(message(archive_of({.key = "../data.pkl"})) == "w: the archive has no entry x/data/../data.pkl");
  for (const Tensor& t : {Tensor{.shape = {-1}}, Tensor{.strides = {-1}}, Tensor{.offset = -1}, Tensor{.count = -6},
                          Tensor{.shape = {2, 2}}, Tensor{.storage = "collections\nOrderedDict"}})
    CHECK(message(archive_of(t)) == "w: a damaged record of a tensor");
  std::string many = "}";
  for (int i = 0; i < 100; ++i)
    many += text("w" + std::to_string(i)) +
            (i == 0 ? Tensor{.shape = {500, 2}, .strides = {1, 500}, .count = 1000, .key = "1"}.program() + "q\1"
                    : "h\1"s) +
            "s";
  CHECK(message(archive(many, false, {{"x/data/1", std::string(4000, '\0')}})).find("far larger than the file") !=
        std::string::npos);
}

TEST_CASE("torch file: a name outside the allow-list is an error with that name") {
  CHECK(message(archive("}" + text("w") + "cos\nsystem\n(" + text("true") + "tRs")) ==
        "pickle: names os.system, which is not on the list of allowed names");
  CHECK(message(archive("}" + text("w") + "c__builtin__\neval\n(" + text("1") + "tRs")) ==
        "pickle: names __builtin__.eval, which is not on the list of allowed names");
  CHECK(message(archive_of({.storage = "torch\nQInt2Storage"})) ==
        "pickle: names torch.QInt2Storage, which is not on the list of allowed names");
  const std::string with_arguments = archive("}" + text("w") + Tensor{}.program() + "s" + text("args") +
                                             "cargparse\nNamespace\n)\x81}" + text("a") + "K\1sbs");
  CHECK(parse(with_arguments).value().tensors().size() == 1);
}

TEST_CASE("torch file: the state dict is found inside other dictionaries, and wrapper prefixes are removed") {
  const auto names = [](const std::string& program) {
    const std::string bytes = archive(program);
    std::string all;
    const TorchFile file = parse(bytes).value();
    for (const StoredTensor& t : file.tensors()) all += t.name + " ";
    return all;
  };
  const std::string w = Tensor{}.program();
  for (const char* const key : {"state_dict", "model_state_dict", "model"})
    CHECK(names("}" + text("epoch") + "K\3s" + text(key) + "}" + text("a") + w + "ss") == "a ");
  CHECK(names("}" + text("model") + "}" + text("state_dict") + "}" + text("a") + w + "sss") == "a ");
  CHECK(names("}" + text("model") + w + "s") == "model ");
  CHECK(names("}" + text("module.a") + w + "s" + text("module.b") + w + "s") == "a b ");
  CHECK(names("}" + text("module.a") + w + "s" + text("b") + w + "s") == "module.a b ");
  CHECK(names("}" + text("_orig_mod.module.a") + w + "s") == "a ");
  CHECK(names("ccollections\nOrderedDict\n)R" + text("a") + w + "s}" + text("_metadata") + "}sb") == "a ");
  CHECK(names("}" + text("p") + "ctorch._utils\n_rebuild_parameter\n(" + w +
              "\x88"
              "ccollections\nOrderedDict\n)RtRs") == "p ");
  CHECK(names("}K\1" + w + "s" + text("a") + w + "s") == "a ");  // a key that is not text
}

TEST_CASE("torch file: of several models in a checkpoint the one is asked for") {
  const std::string w = Tensor{}.program(), model = "}" + text("a") + w + "s";
  for (const char* const key : {"module", "ema", "model_ema"})
    CHECK(parse(archive("}" + text("epoch") + "K\3s" + text(key) + model + "s")).value().find("a") != nullptr);
  const auto both = parse(archive("}" + text("model") + model + "s" + text("model_ema") + model + "s"));
  REQUIRE(!both);
  CHECK(both.error().id() == "clip.load.ambiguous");
  CHECK(both.error().message().find("weights of several models: model, model_ema;") != std::string::npos);
  CHECK(parse(archive("}" + text("model") + model + "q\1s" + text("module") + "h\1s")).has_value());  // the same one
  CHECK(parse(archive("}" + text("model") + model + "s" + text("ema") + "}" + text("decay") + "K\1ss")).has_value());
  const std::string own = archive("}" + text("a.b") + w + "s" + text("ema") + model + "s");
  CHECK(parse(own).value().find("a.b") != nullptr);
  CHECK(both.error().message().find("state_dict (--state-dict") != std::string::npos);
}

TEST_CASE("torch file: of several models the asked for is read: by a key, a path of keys, or a prefix of names") {
  const std::string w = Tensor{}.program();
  const auto names = [](const std::string& program, std::string_view state_dict) -> std::string {
    const std::string bytes = archive(program);
    const auto file = try_parse_torch(as_byte_span(bytes), "x.pt", state_dict);
    if (!file) return std::string(file.error().id()) + ": " + file.error().message();
    std::string all;
    for (const StoredTensor& t : file->tensors()) all += t.name + " ";
    return all;
  };
  const auto dict = [&](const char* key, const std::string& value) { return text(key) + value + "s"; };
  const auto one = [&](const char* name) { return "}" + text(name) + w + "s"; };
  const std::string two = "}" + dict("model", one("a")) + dict("model_ema", one("b")) + dict("teacher", one("c"));
  CHECK(names(two, "model") == "a ");
  CHECK(names(two, "model_ema") == "b ");
  CHECK(names(two, "teacher") == "c ");
  CHECK(names(two, "student") ==
        "clip.load.ambiguous: x.pt: weights of several models: model, model_ema; choose one by its key, as state_dict "
        "(--state-dict of the program clip)");
  CHECK(names("}" + dict("model", one("a")), "student") ==
        "clip.load.state_dict: x.pt: no state dict \"student\"; keys: a");
  const std::string nested = "}" + dict("ema", "}" + dict("model", one("a")) + dict("state_dict", one("b"))) +
                             dict("state_dict", "}" + dict("student.a", w) + dict("teacher.b", w));
  CHECK(names(nested, "ema.model") == "a ");
  CHECK(names(nested, "ema.state_dict") == "b ");
  CHECK(names(nested, "state_dict") == "student.a teacher.b ");
  CHECK(names(nested, "state_dict.student") == "a ");
  CHECK(names("}" + dict("state_dict", "}" + dict("module.student.a", w) + dict("module.teacher.b", w)), "student") ==
        "a ");
  CHECK(names(nested, "ema").starts_with("clip.load.ambiguous"));
}

TEST_CASE("torch file: harmless names beside the weights are stepped over, and tensors with attributes are read") {
  const std::string w = Tensor{}.program();
  const std::string beside = text("path") + "cpathlib\nPosixPath\n(" + text("a") + "tRs" + text("log") +
                             "ccollections\ndefaultdict\ncbuiltins\nlist\n\x85Rs" + text("best") +
                             "cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(" + text("f8") + "tRC\1xtRs" +
                             text("sparse") + "ctorch._utils\n_rebuild_sparse_tensor\n(ctorch\nsparse_coo\n" + w +
                             "tRs" + text("int8") + "ctorch._utils\n_rebuild_qtensor\n((" + text("storage") +
                             "ctorch\nQInt8Storage\n" + text("9") + text("cpu") + "K\1tQK\5tRs";
  const std::string attributes =
      "ctorch._tensor\n_rebuild_from_type_v2\n(" + w.substr(0, w.find("\n(") + 1) + "ctorch.nn.parameter\nParameter\n" +
      w.substr(w.find("\n(") + 1, w.size() - w.find("\n(") - 2) + "}" + text("note") + "K\1stR";
  const std::string bytes = archive("}" + beside + text("w") + w + "s" + text("v") + attributes + "s");
  const TorchFile file = parse(bytes).value();
  CHECK(file.tensors().size() == 2);
  CHECK(values_of(*file.find("v")) == std::vector<double>{0, 1});
}

TEST_CASE("torch file: files without tensors and other formats are errors") {
  CHECK(message(archive("}" + text("epoch") + "K\3s" + text("note") + "Ns")) == "no tensors in it; keys: epoch, note");
  CHECK(message(archive("K\1")) == "expected a dictionary of tensors or a TorchScript module");
  CHECK(message(archive("}" + text("w") + Tensor{}.program() + "s" + text("w") + Tensor{}.program() + "s")) ==
        "w: occurs twice");
  CHECK(message(ZipWriter{.entries = {{"arr_0.npy", "x"}}}.file()) ==
        "entries of the archive: expected data.pkl, as torch.save writes, found arr_0.npy");
  CHECK(message(ZipWriter{}.file()) == "entries of the archive: expected data.pkl, as torch.save writes, found none");
  CHECK(message(ZipWriter{.entries = {{"a/data.pkl", "N."}, {"b/data.pkl", "N."}}}.file()) ==
        "two entries of the archive end in data.pkl");
  CHECK(message(archive("}" + text("w") + Tensor{}.program() + "s", false, {{"x/byteorder", "big"}})) ==
        "byte order: expected little, found big");
  CHECK(!parse("not a file of any kind, though it is long enough"));
}

TEST_CASE("torch file: modules that contain themselves or are shared too often end in an error") {
  const std::string module = "c__torch__.m\nM\n)\x81";
  CHECK(message(archive(module + "q\1}" + text("m") + "h\1sb")).find("modules") != std::string::npos);
  // Each level refers to the one below twice: 2^60 paths.
  std::string levels = module + "}" + text("w") + Tensor{}.program() + "sbq\0"s;
  for (int i = 1; i <= 60; ++i)
    levels += module + "}" + text("a") + "h" + static_cast<char>(i - 1) + "s" + text("b") + "h" +
              static_cast<char>(i - 1) + "sbq" + static_cast<char>(i);
  CHECK(message(archive(levels)).find("shared too often") != std::string::npos);
}

TEST_CASE(
    "torch file: truncations and changed bytes never cause a crash, and all tensors stay inside the file's memory") {
  const std::string state = get(files + "half.pt"), script = get(files + "script.pt");
  std::mt19937 random{7};
  std::uint32_t all = 0;  // reads every byte
  for (const std::string& whole : {state, script}) {
    for (std::size_t n = 0; n < whole.size(); n += 501) CHECK(!parse(whole.substr(0, n)));
    const std::size_t pickle = whole.find("ctorch._utils"), end = whole.rfind("PK\5\6");
    for (int round = 0; round < 400; ++round) {
      std::string changed = whole;
      const auto place = [&](int kind) {
        return kind == 0 ? random() % whole.size() : kind == 1 ? pickle + random() % 3000 : end - random() % 3000;
      };
      for (int k = 0; k < 1 + round % 3; ++k) changed[place(round / 3 % 3)] = static_cast<char>(random());
      if (const auto file = parse(changed))
        for (const StoredTensor& t : file->tensors()) {
          all = crc32(t.bytes, all);
          if (stored_size(t.dtype, t.shape) != t.bytes.size()) FAIL("a tensor of another size than its shape");
        }
    }
  }
  CHECK(all != 0);
}

TEST_CASE("torch: what is inflated counts against the budget of the file, and so does the number of tensors") {
  const std::string program = "}" + text("w") + Tensor{}.program() + "s";
  const std::string file = archive(program, true);
  const auto with_budget = [&](std::uint64_t bytes) {
    set_file_budget({.factor = 0, .least = bytes, .most = bytes});
    auto result = parse(file);
    set_file_budget({});
    return result;
  };
  const auto content = with_budget(100);
  REQUIRE(!content);
  CHECK(content.error().id() == "clip.load.budget");
  CHECK(content.error().message() ==
        "x.pt: the inflated content up to x/data.pkl takes more than 100 bytes, the budget of a file of this size "
        "(set_file_budget)");
  CHECK(with_budget(1000).error().message().find("its values take more than 1000 bytes") != std::string::npos);
  CHECK(with_budget(10'000));

  std::string many = "}(" + text("w0") + Tensor{}.program() + "q\1";
  for (int i = 1; i < 40; ++i) many += text("w" + std::to_string(i)) + "h\1";
  set_file_budget({.factor = 0, .least = 16 * 1024, .most = 16 * 1024});
  const auto refused = parse(archive(many + "u"));
  set_file_budget({});
  REQUIRE(!refused);
  CHECK(refused.error().message() == "x.pt: more than 32 tensors, too many for a file of this size");
  CHECK(parse(archive(many + "u")).value().tensors().size() == 40);
}

TEST_CASE("torch: where shapes are wanted, nothing but data.pkl is inflated, and nothing is copied") {
  // A storage that is damaged: it cannot be inflated, and its checksum is wrong.
  const std::string program = "}(" + text("plain") + Tensor{}.program() + text("turned") +
                              Tensor{.shape = {3, 2}, .strides = {1, 3}}.program() + "u";
  const std::string damaged =
      ZipWriter{{{"x/data.pkl", "\x80\2" + program + ".", true},
                 {.name = "x/data/0", .content = std::string(24, 'x'), .deflate = true, .checksum = 1}}}
          .file();
  CHECK(message(damaged).find("checksum") != std::string::npos);
  const auto shapes = try_parse_torch(as_byte_span(damaged), "x.pt", {}, TensorContent::shapes);
  REQUIRE(shapes);
  REQUIRE(shapes->tensors().size() == 2);
  CHECK(shapes->find("plain")->shape == std::vector<Index>{2});
  CHECK(shapes->find("turned")->shape == std::vector<Index>{3, 2});
  for (const StoredTensor& tensor : shapes->tensors()) {
    CHECK(tensor.bytes.empty());
    std::vector<float> values(static_cast<std::size_t>(tensor.count()));
    CHECK_FALSE(try_convert(tensor, std::span<float>(values)));
  }
  // The budget is that of data.pkl alone.
  const std::string large = ZipWriter{
      {{"x/data.pkl", "\x80\2" + program + ".", true},
       {"x/data/0", std::string(24, 'x'), true},
       {"x/data/1", std::string(60'000, 'x'),
        true}}}.file();
  set_file_budget({.factor = 0, .least = 8000, .most = 8000});
  CHECK(try_parse_torch(as_byte_span(large), "x.pt", {}, TensorContent::shapes));
  set_file_budget({});
  // Bounds are checked all the same.
  const std::string beyond = archive("}" + text("w") + Tensor{.shape = {7}}.program() + "s", true);
  const auto refused = try_parse_torch(as_byte_span(beyond), "x.pt", {}, TensorContent::shapes);
  REQUIRE(!refused);
  CHECK(refused.error().message() == "x.pt: w: more elements than its storage has");
}
