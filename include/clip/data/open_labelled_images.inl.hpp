// clip/data/open_labelled_images.inl.hpp: definitions of clip/data/open_labelled_images.hpp.
#pragma once

#include <clip/data/cifar.hpp>
#include <clip/data/class_folders.hpp>
#include <clip/data/class_rules.hpp>
#include <clip/data/image_table.hpp>
#include <clip/data/open_labelled_images.hpp>
#include <clip/data/tar_shards.hpp>
#include <clip/io/json.hpp>
#include <clip/io/lines.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST Result<LabelledImages> try_open_labelled_images(JsonReader& description, ReadIdxImages idx) {
  JsonReader& d = description;
  ClassRules rules;
  if (d.may_have("rules")) {
    const Json& value = *d.value("rules");
    auto read = value.is_string() ? try_read_class_rules(value.get<std::string>()) : try_class_rules(value, "rules");
    if (!read) return read.error();
    rules = std::move(*read);
  }
  std::vector<std::string> classes;
  if (!d.has("folders") && d.may_have("classes")) {
    if (d.holds_array("classes")) {
      classes = d.texts("classes");
    } else {
      auto names = try_lines(d.text("classes"));
      if (!names) return names.error();
      classes = std::move(*names);
    }
  }

  // All keys are read before a file is: a misspelt one is the first error.
  std::optional<Result<LabelledImages>> opened;
  const auto open = [&](const auto& function, const auto&... arguments) {
    if (const auto done = d.finish(); !done) opened = done.error();
    else opened = function(arguments...);
  };
  const auto text_or = [&](const char* key, std::string otherwise) {
    return d.may_have(key) ? d.text(key) : std::move(otherwise);
  };
  if (d.may_have("folders")) {
    open(try_class_folders, d.text("folders"));
  } else if (d.may_have("table")) {
    const ImageTableOptions defaults;
    const std::string path = d.text("table");
    const ImageTableOptions options{.path_column = text_or("path_column", defaults.path_column),
                                    .label_column = text_or("label_column", defaults.label_column),
                                    .classes = classes};
    open(try_image_table, path, options);
  } else if (d.may_have("idx")) {
    const std::string images = d.text("idx"), labels = d.text("labels");
    if (classes.empty()) d.problem("classes", "expected the names of the classes, found nothing");
    open(idx, images, labels, classes);
  } else if (d.may_have("cifar10")) {
    open(try_cifar, d.texts("cifar10"), CifarLabels::cifar10, classes);
  } else if (d.may_have("cifar100")) {
    const auto files = d.texts("cifar100");
    const std::string labels = text_or("labels", "fine");
    if (labels != "fine" && labels != "coarse") d.problem("labels", "expected fine or coarse, found \"" + labels + '"');
    open(try_cifar, files, labels == "fine" ? CifarLabels::cifar100_fine : CifarLabels::cifar100_coarse, classes);
  } else if (d.may_have("shards")) {
    const auto archives = d.texts("shards");
    const TarShardOptions options{.classes = classes, .label_key = text_or("label_key", "label")};
    open(try_tar_shards, archives, options);
  } else {
    d.problem("images", "expected one of folders, table, idx, cifar10, cifar100, shards, found none");
    return d.finish().error();
  }
  if (!*opened) return opened->error();
  if (auto good = try_check(**opened); !good) return good.error();
  return try_apply(rules, std::move(**opened));
}

}  // namespace clip::inline CLIP_ABI::detail
