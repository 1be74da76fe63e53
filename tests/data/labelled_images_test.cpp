#include <clip/data/cifar.hpp>
#include <clip/data/class_folders.hpp>
#include <clip/data/class_rules.hpp>
#include <clip/data/image_table.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/data/open_labelled_images.hpp>
#include <clip/data/tar_shards.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>

#include "../io/temporary_folder.hpp"
#include "tar_file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace clip;

namespace {

/// A grey image of 2 x 1 pixels.
std::string pgm(char left, char right) { return std::string("P5 2 1 255\n") + left + right; }
char first_pixel(const LabelledImages& images, Index i) {
  return static_cast<char>(images.try_read(i).value().row(0)[0]);
}
void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  write_file(path, as_byte_span(text));
}
using Names = std::vector<std::string>;
using Labels = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("class folders: a class per folder, sorted; images below them") {
  const TemporaryFolder folder;
  const std::string root = folder.path + "/set";
  write(root + "/dog/b.pgm", pgm('b', 0));
  write(root + "/dog/a/deep.PGM", pgm('a', 0));
  write(root + "/cat/0.pgm", pgm('0', 0));
  write(root + "/cat/notes.txt", "x");
  write(root + "/.hidden/0.pgm", pgm('h', 0));
  write(root + "/loose.pgm", pgm('l', 0));
  const auto images = try_class_folders(root + "/").value();
  CHECK(images.classes == Names{"cat", "dog"});
  CHECK(images.labels == Labels{0, 1, 1});
  CHECK(images.names == Names{"cat/0.pgm", "dog/a/deep.PGM", "dog/b.pgm"});
  CHECK(first_pixel(images, 1) == 'a');
  CHECK(try_check(images));

  CHECK(try_class_folders(folder.path + "/none").error().id() == "clip.load.no_file");
  std::filesystem::create_directory(root + "/empty");
  CHECK(try_class_folders(root).error().kind() == ErrorKind::load);
}

TEST_CASE("a fingerprint changes with a byte of an image, a name, a label and a class, and with nothing else") {
  const TemporaryFolder folder;
  const auto of = [&](const char* a, const char* b, char pixel) {
    const std::string root = folder.path + "/set";
    std::filesystem::remove_all(root);
    write(root + "/" + a, pgm(pixel, 0));
    write(root + "/" + b, pgm('y', 0));
    return try_fingerprint(try_class_folders(root).value()).value();
  };
  const std::string one = of("cat/1.pgm", "dog/1.pgm", 'x');
  CHECK(one.size() == 64);
  CHECK(of("cat/1.pgm", "dog/1.pgm", 'x') == one);
  CHECK(of("cat/1.pgm", "dog/1.pgm", 'z') != one);
  CHECK(of("cat/2.pgm", "dog/1.pgm", 'x') != one);
  CHECK(of("cow/1.pgm", "dog/1.pgm", 'x') != one);
  CHECK(of("cat/1.pgm", "cat/2.pgm", 'x') != one);
}

TEST_CASE("class rules: Caltech-101's, as CoOp has them") {
  const TemporaryFolder folder;
  for (const char* name : {"BACKGROUND_Google", "Faces", "Faces_easy", "accordion", "airplanes"})
    write(folder.path + "/set/" + name + "/0.pgm", pgm(name[0], 0));
  const Json rules = parse_json(R"({"drop": ["BACKGROUND_Google", "Faces_easy"],
                                    "rename": {"airplanes": "airplane", "Faces": "face"}})",
                                "rules");
  const auto images =
      try_apply(try_class_rules(rules, "rules").value(), try_class_folders(folder.path + "/set").value()).value();
  CHECK(images.classes == Names{"face", "accordion", "airplane"});  // in the order of the old names
  CHECK(images.labels == Labels{0, 1, 2});
  CHECK(first_pixel(images, 0) == 'F');
  CHECK(first_pixel(images, 2) == 'a');

  const auto all = try_class_folders(folder.path + "/set").value();
  CHECK(try_apply({.drop = {"cow"}}, all).error().message().find("\"cow\"") != std::string::npos);
  CHECK(try_apply({.rename = {{"Faces", "accordion"}}}, all).error().message().find("named \"accordion\"") !=
        std::string::npos);
  CHECK(!try_class_rules(parse_json(R"({"dorp": []})", ""), "rules"));
}

TEST_CASE("image table: labels are names, or names and indices of a list") {
  const TemporaryFolder folder;
  write(folder.path + "/a.pgm", pgm('a', 0));
  write(folder.path + "/list.csv", "label,path,more\nred,a.pgm,1\n\"blue, dark\",./a.pgm,2\n");
  const auto images = try_image_table(folder.path + "/list.csv").value();
  CHECK(images.classes == Names{"blue, dark", "red"});
  CHECK(images.labels == Labels{1, 0});
  CHECK(first_pixel(images, 1) == 'a');

  write(folder.path + "/list.csv", "path,label\na.pgm,1\n./a.pgm,red\n");
  CHECK(try_image_table(folder.path + "/list.csv", {.classes = {"red", "blue"}})->labels == Labels{1, 0});
  write(folder.path + "/list.csv", "path,label\na.pgm,2\n");
  const auto error = try_image_table(folder.path + "/list.csv", {.classes = {"red", "blue"}}).error();
  CHECK(error.message().find("list.csv: line 2: label: expected one of 2 classes, or its index, found \"2\"") !=
        std::string::npos);
  CHECK(!try_image_table(folder.path + "/list.csv", {.path_column = "file"}));
  write(folder.path + "/list.csv", "path,label\na.pgm,x\na.pgm,x\n");
  CHECK(try_check(try_image_table(folder.path + "/list.csv").value()).error().message().find("named \"a.pgm\"") !=
        std::string::npos);
}

TEST_CASE("CIFAR: planes become pixels, labels have names from the list beside the file") {
  const TemporaryFolder folder;
  const auto record = [](const std::string& labels, char red, char blue) {
    return labels + std::string(1024, red) + std::string(1024, 'g') + std::string(1024, blue);
  };
  write(folder.path + "/batches.meta.txt", "airplane\nbird\n");
  write(folder.path + "/test.bin", record("\1", 'r', 'b') + record(std::string(1, '\0'), 's', 'c'));
  const auto images = try_cifar({folder.path + "/test.bin"}, CifarLabels::cifar10).value();
  CHECK(images.classes == Names{"airplane", "bird"});
  CHECK(images.labels == Labels{1, 0});
  CHECK(images.names == Names{"test.bin:0", "test.bin:1"});
  const Image second = images.try_read(1).value();
  CHECK(second.width() == 32);
  CHECK(std::string(second.row(31), second.row(31) + 6) == "sgcsgc");

  const Names three{"x", "y", "z"};
  write(folder.path + "/train.bin", record("\1\2", 'r', 'b'));
  CHECK(try_cifar({folder.path + "/train.bin"}, CifarLabels::cifar100_fine, three)->labels == Labels{2});
  CHECK(try_cifar({folder.path + "/train.bin"}, CifarLabels::cifar100_coarse, three)->labels == Labels{1});
  CHECK(!try_cifar({folder.path + "/train.bin"}, CifarLabels::cifar10, three));
  CHECK(!try_cifar({folder.path + "/train.bin"}, CifarLabels::cifar100_fine, {"x", "y"}));
  CHECK(!try_cifar({}, CifarLabels::cifar10, three));
}

TEST_CASE("tar shards: an image and its label are a sample") {
  const TemporaryFolder folder;
  const std::string path = folder.path + "/0.tar";
  write(path, tar_entry("s/000.pgm", pgm('a', 0)) + tar_entry("s/000.cls", "dog\n") + tar_entry("s/000.txt", "a dog") +
                  tar_entry("s/001.json", R"({"label": "cat", "id": 7})") + tar_entry("s/001.pgm", pgm('b', 0)) +
                  tar_entry("README", "x") + tar_end());
  const auto images = try_tar_shards({path}).value();
  CHECK(images.classes == Names{"cat", "dog"});
  CHECK(images.labels == Labels{1, 0});
  CHECK(images.names == Names{"s/000.pgm", "s/001.pgm"});
  CHECK(first_pixel(images, 1) == 'b');
  CHECK(try_tar_shards({path, path})->size() == 4);

  write(path, tar_entry("0.pgm", pgm('a', 0)) + tar_end());
  CHECK(try_tar_shards({path}).error().message().find("0.pgm: a label: expected .cls or .json, found none") !=
        std::string::npos);
  write(path, tar_entry("0.pgm", pgm('a', 0)) + tar_entry("0.png", "") + tar_end());
  CHECK(!try_tar_shards({path}));
  write(path, tar_entry("0.pgm", pgm('a', 0)) + tar_entry("0.json", "{\"label\": 1.5}") + tar_end());
  CHECK(!try_tar_shards({path}));
  write(path, tar_entry("0.pgm", pgm('a', 0)) + tar_entry("0.cls", "3") + tar_end());
  CHECK(!try_tar_shards({path}, {.classes = {"x", "y"}}));
}

TEST_CASE("a description opens every kind of dataset, and refuses unknown keys") {
  const TemporaryFolder folder;
  const std::string at = folder.path;
  write(at + "/set/dog/b.pgm", pgm('b', 0));
  write(at + "/set/cat/b.pgm", pgm('c', 0));
  write(at + "/list.csv", "path,label\nset/dog/b.pgm,dog\n");
  write(at + "/x.tar", tar_entry("0.pgm", pgm('t', 0)) + tar_entry("0.cls", "1") + tar_end());
  write(at + "/x.bin", '\1' + std::string(3072, 'p'));
  const std::string big{'\0', '\0', '\10'};
  write(at + "/images.idx", big + std::string("\3\0\0\0\1\0\0\0\1\0\0\0\1i", 14));
  write(at + "/labels.idx", big + std::string("\1\0\0\0\1\0", 6));
  const auto open = [&](const std::string& text) {
    std::string json = text;
    for (std::size_t i; (i = json.find('@')) != json.npos;) json.replace(i, 1, at + '/');
    const Json value = parse_json(json, "x");
    return try_open_labelled_images(value, "x.json");
  };
  CHECK(open(R"({"folders": "@set", "rules": {"drop": ["cat"], "rename": {"dog": "hound"}}})")->classes ==
        Names{"hound"});
  CHECK(open(R"({"table": "@list.csv"})")->size() == 1);
  CHECK(open(R"({"idx": "@images.idx", "labels": "@labels.idx", "classes": ["a", "b"]})")->labels == Labels{0});
  CHECK(first_pixel(open(R"({"cifar10": ["@x.bin"], "classes": ["a", "b"]})").value(), 0) == 'p');
  CHECK(open(R"({"shards": ["@x.tar"], "classes": ["a", "b"]})")->labels == Labels{1});

  CHECK(open(R"({"folders": "@set", "rule": {}})").error().message() == "x.json: rule: unknown key");
  CHECK(open(R"({"folders": "@set", "classes": []})").error().id() == "clip.load.keys");
  CHECK(open(R"({"idx": "@images.idx"})").error().id() == "clip.load.keys");
  CHECK(open(R"({})").error().message().find("expected one of folders, table, idx") != std::string::npos);
  CHECK(open(R"({"idx": "@images.idx", "labels": "@images.idx", "classes": ["a", "b"]})").error().kind() ==
        ErrorKind::load);
  CHECK(open(R"({"cifar10": ["@x.bin"], "classes": ["a", "a"]})").error().message().find("named \"a\"") !=
        std::string::npos);
}

TEST_CASE("joined lists keep their images apart") {
  const TemporaryFolder folder;
  for (const char* set : {"/train", "/test"})
    for (const char* name : {"/a/0.pgm", "/b/0.pgm"}) write(folder.path + set + name, pgm(set[2], 0));
  auto train = try_class_folders(folder.path + "/train").value(),
       test = try_class_folders(folder.path + "/test").value();
  const auto both = try_join(train, test).value();
  CHECK(try_check(both));
  CHECK(both.labels == Labels{0, 1, 0, 1});
  CHECK(first_pixel(both, 1) == 'r');
  CHECK(first_pixel(both, 2) == 'e');
  test.classes[1] = "c";
  CHECK(try_join(train, test).error().id() == "clip.input.classes");
}
