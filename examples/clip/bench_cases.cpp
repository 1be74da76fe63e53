#include "bench_case.hpp"
#include "bench_inputs.hpp"
#include "images.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "train_step.hpp"

#include <clip/backend/threads.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/model/flops.hpp>
#include <clip/task/zero_shot.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace tool {
namespace {

using clip::Index;

/// The parameters of a case: one element of each list on the command line.
struct Setting {
  const BenchOptions* options;
  Index batch;
  int threads;
  Dtype dtype;

  const clip::AnyConfig& config() const { return *options->config; }
  Model model(Towers towers) const { return {config(), options->weights, towers, dtype, {threads}}; }
};

BenchCase image_case(const Setting& s) {
  const auto model = std::make_shared<const Model>(s.model(Towers::image));
  const auto images = std::make_shared<const clip::Images>(random_input(model->input(), s.batch));
  const auto n = static_cast<double>(s.batch);
  return {.amount = n,
          .unit = "images/s",
          .flops = n * clip::count_flops(s.config()).image,
          .as_counted = true,
          .work = [=] { model->encode_image(*images); }};
}

BenchCase text_case(const Setting& s) {
  const auto model = std::make_shared<const Model>(s.model(Towers::text));
  const auto texts = std::make_shared<const clip::Texts>(prompts(*s.options, s.batch));
  const auto n = static_cast<double>(s.batch);
  return {.amount = n, .unit = "prompts/s", .flops = n * clip::count_flops(s.config()).text, .work = [=] {
            model->encode_text(*texts);
          }};
}

BenchCase head_case(const Setting& s) {
  const auto model = std::make_shared<const Model>(s.model(Towers::text));
  const auto tokenizer = std::make_shared<const Tokenizer>(s.options->vocabulary);
  const auto labels = labels_of(*s.options), templates = templates_of(*s.options);
  const std::vector<std::string> first{templates.front()};
  const auto n = static_cast<double>(labels.size() * templates.size());
  return {.batch = static_cast<Index>(labels.size()),
          .amount = n,
          .unit = "prompts/s",
          .flops = n * clip::count_flops(s.config()).text,
          .work = [=] { clip::zero_shot(*model, *tokenizer, labels, templates); },
          .warm_up = [=] { clip::zero_shot(*model, *tokenizer, labels, first); }};
}

BenchCase train_case(const Setting& s) {
  const auto step = std::make_shared<TrainStep>(s.config(), s.options->weights, s.dtype, s.threads);
  const auto images = std::make_shared<const clip::Images>(random_input(s.config().input(), s.batch));
  const auto texts = std::make_shared<const clip::Texts>(prompts(*s.options, s.batch));
  const auto each = clip::count_flops(s.config());
  const auto n = static_cast<double>(s.batch);
  return {.amount = n, .unit = "pairs/s", .flops = 3 * n * (each.image + each.text), .work = [=] {
            (*step)(*images, *texts);
          }};
}

BenchCase prompt_case(const Setting& s) {
  const auto names = class_names(*s.options);
  const auto step = std::make_shared<PromptStep>(s.config(), s.options->weights, names, s.options->context, s.threads);
  const double flops = 2 * clip::count_flops(s.config()).text * static_cast<double>(names.size());
  return {.batch = names.size(), .unit = "steps/s", .flops = flops, .work = [=] { (*step)(); }};
}

/// Loads weights: used in the mapped file (Work::few) or packed (Work::many).
BenchCase load_case(const Setting& s, Work work) {
  const auto model = std::make_shared<std::optional<Model>>();
  return {
      .name = work == Work::few ? "load" : "load-packed",
      .unit = "loads/s",
      .work = [=] { model->emplace(s.config(), s.options->weights, Towers::both, s.dtype, Device{s.threads}, work); },
      .before = [=] { model->reset(); }};
}

BenchCase tokenize_case(const Setting& s) {
  const auto labels = labels_of(*s.options);
  std::set<std::string> distinct;
  for (const clip::Template& sentence : clip::try_templates(templates_of(*s.options)).value())
    for (const std::string& label : labels) distinct.insert(sentence(label));
  const auto texts = std::make_shared<const std::vector<std::string>>(distinct.begin(), distinct.end());
  const auto tokenizer = std::make_shared<std::optional<Tokenizer>>();
  return {.batch = static_cast<Index>(texts->size()),
          .threads = 1,
          .amount = static_cast<double>(texts->size()),
          .unit = "texts/s",
          .work = [=] { (**tokenizer)(*texts, {.too_long = clip::TooLong::truncate}); },
          .before = [tokenizer, path = s.options->vocabulary] { tokenizer->emplace(path); }};
}

/// Preprocesses a batch of copies of one image, on all threads together.
BenchCase preprocess_case(const Setting& s, const clip::Image& image) {
  const auto images = std::make_shared<const std::vector<clip::Image>>(static_cast<std::size_t>(s.batch), image);
  const auto out = std::make_shared<clip::Images>();
  const auto pool = std::make_shared<clip::ThreadPool>(s.threads);
  return {.name = "preprocess-" + std::to_string(image.width()) + "x" + std::to_string(image.height()),
          .amount = static_cast<double>(s.batch),
          .unit = "images/s",
          .work = [=, input = s.config().input()] { preprocess_into(input, *images, *out, *pool); }};
}

/// Decodes and preprocesses one file, again and again, on one thread.
BenchCase decode_case(const Setting& s) {
  const auto file = std::make_shared<const clip::MappedFile>(clip::map_file(s.options->images));
  const auto bytes = file->bytes();
  const clip::Image image = decode(bytes, s.options->images);
  const bool jpeg = bytes.size() > 1 && bytes[0] == std::byte{0xFF} && bytes[1] == std::byte{0xD8};
  const auto out = std::make_shared<clip::Images>();
  const auto pool = std::make_shared<clip::ThreadPool>(1);
  return {.name = std::string(jpeg ? "jpeg-" : "") + "decode+preprocess-" + std::to_string(image.width()) + "x" +
                  std::to_string(image.height()),
          .batch = 1,
          .threads = 1,
          .unit = "images/s",
          .work = [=, input = s.config().input(), path = s.options->images] {
            const clip::Image decoded = decode(file->bytes(), path);
            preprocess_into(input, {&decoded, 1}, *out, *pool);
          }};
}

struct Part {
  std::string_view name;
  std::vector<BenchCase (*)(const Setting&)> makers;
  Index batch;                                     // default of --batch; 0: not applicable
  bool threads;                                    // whether --threads applies
  std::vector<Dtype> dtypes;                       // supported types; empty: --dtype does not apply
  std::vector<std::string BenchOptions::*> needs;  // required options
};

const std::vector<Part>& parts() {
  using O = BenchOptions;
  const auto load = [](const Setting& s) { return load_case(s, Work::few); };
  const auto load_packed = [](const Setting& s) { return load_case(s, Work::many); };
  const auto small = [](const Setting& s) { return preprocess_case(s, random_image(640, 480)); };
  const auto large = [](const Setting& s) { return preprocess_case(s, random_image(1920, 1080)); };
  const std::vector<Dtype> any{Dtype::f32, Dtype::bf16, Dtype::f16, Dtype::int8};
  static const std::vector<Part> all{{"image", {image_case}, 1, true, any, {}},
                                     {"text", {text_case}, 1, true, any, {}},
                                     {"head", {head_case}, 0, true, any, {&O::labels, &O::vocabulary}},
                                     {"train", {train_case}, 32, true, {Dtype::f32, Dtype::bf16}, {}},
                                     {"prompt", {prompt_case}, 0, true, {Dtype::f32}, {}},
                                     {"load", {load, load_packed}, 0, true, any, {&O::weights}},
                                     {"tokenize", {tokenize_case}, 0, false, {}, {&O::labels, &O::vocabulary}},
                                     {"preprocess", {small, large}, 1, true, {}, {}}};
  return all;
}

/// UsageError: a required option is missing, or the part does not support a type.
void require_possible(const Part& part, const BenchOptions& options) {
  const std::string name = "--part " + std::string(part.name);
  for (const auto member : part.needs)
    if ((options.*member).empty())
      throw UsageError{name + " needs " +
                       (member == &BenchOptions::labels    ? "--labels"
                        : member == &BenchOptions::weights ? "--weights"
                                                           : "--vocabulary")};
  for (const Dtype dtype : options.dtypes)
    if (!part.dtypes.empty() && std::ranges::count(part.dtypes, dtype) == 0)
      throw UsageError{name + " does not support --dtype " + name_of(dtype)};
}

/// A part with the values of its lists.
struct Request {
  const Part* part;
  std::vector<Index> batches;
  std::vector<Dtype> dtypes;
};

/// The parts of a command line. `all` is the towers in every type, alone and many at once: the table of a machine.
std::vector<Request> requests(const BenchOptions& options) {
  std::vector<Request> list;
  const auto add = [&](std::string_view name, std::vector<Index> batches, std::vector<Dtype> dtypes) {
    const Part& part = *std::ranges::find(parts(), name, &Part::name);
    require_possible(part, options);
    if (part.batch == 0) batches = {0};
    else if (!options.batches.empty()) batches = options.batches;
    if (part.dtypes.empty()) dtypes = {Dtype::f32};
    else if (!options.dtypes.empty()) dtypes = options.dtypes;
    list.push_back({&part, std::move(batches), std::move(dtypes)});
  };
  for (const std::string& name : options.parts) {
    if (name == all_parts) {
      add("image", {1, 8}, {Dtype::f32, Dtype::bf16, Dtype::f16, Dtype::int8});
      add("text", {1, 64}, {Dtype::f32, Dtype::bf16, Dtype::f16, Dtype::int8});
    } else {
      add(name, {std::ranges::find(parts(), name, &Part::name)->batch}, {Dtype::f32});
    }
  }
  return list;
}

}  // namespace

std::vector<std::string> bench_parts() {
  std::vector<std::string> names{all_parts};
  for (const Part& part : parts()) names.emplace_back(part.name);
  return names;
}

std::vector<MakeBenchCase> bench_cases(const BenchOptions& options) {
  std::vector<MakeBenchCase> cases;
  const auto add = [&](const Part& part, BenchCase (*make)(const Setting&), const Setting& setting) {
    cases.push_back([&part, make, setting] {
      BenchCase c = make(setting);
      if (c.name.empty()) c.name = part.name;
      if (!part.dtypes.empty()) c.dtype = setting.dtype;
      if (part.batch != 0) c.batch = setting.batch;
      if (part.threads) c.threads = setting.threads;
      return c;
    });
  };
  for (const Request& request : requests(options)) {
    const Part& part = *request.part;
    for (const auto make : part.makers)
      for (const Dtype dtype : request.dtypes)
        for (const int threads : part.threads ? options.threads : std::vector<int>{1})
          for (const Index batch : request.batches)
            add(part, make, {&options, batch, threads == 0 ? clip::available_cores() : threads, dtype});
    if (part.name == "preprocess" && !options.images.empty()) add(part, decode_case, {&options, 1, 1, Dtype::f32});
  }
  return cases;
}

}  // namespace tool
