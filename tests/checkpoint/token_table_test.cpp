// Resident memory of a text query on a vocabulary of real size: a model in its file reads only the rows it needs.
#include <clip/autograd/walk.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/io/json.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/reduce_vocabulary.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace clip;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool own_memory_only = false;  // a sanitizer has memory of its own for every byte of ours
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool own_memory_only = false;
#else
constexpr bool own_memory_only = true;
#endif
#else
constexpr bool own_memory_only = true;
#endif

/// SigLIP 2's vocabulary and width, with towers so small that the table is all but 10 MB of the file.
inline constexpr SiglipClipConfig Big{.embed_dim = 768,
                                      .image = {.image_size = 16,
                                                .patch_size = 16,
                                                .width = 768,
                                                .layers = 1,
                                                .heads = 12,
                                                .activation = Activation::gelu_tanh,
                                                .epsilon = 1e-6f,
                                                .mlp_width = 8},
                                      .text = {.context = 64,
                                               .vocabulary = 256000,
                                               .width = 768,
                                               .layers = 1,
                                               .heads = 12,
                                               .activation = Activation::gelu_tanh,
                                               .epsilon = 1e-6f,
                                               .mlp_width = 8,
                                               .pad = 0},
                                      .logit_bias = true};

constexpr std::string_view table = "token_embedding.weight";

struct BigFile {
  std::string path;
  std::size_t table = 0, blocks = 0;  // bytes of the token table, and of all else of the text tower
};

/// A file of such a model. Its table is a hole but for the rows of `ids`: it takes no disk.
BigFile write_big(const TemporaryFolder& folder, const std::vector<std::int32_t>& ids) {
  const AnyModel<Naive<float>> model{AnyConfig{Big}};  // for names and shapes: no page of it is touched
  JsonTree header = json_object("__metadata__", json_object("format", "pt", "config", config_text(model.config())));
  BigFile big{folder / "big.safetensors"};
  std::size_t end = 0, table_begin = 0;
  const auto parameters = named_parameters<float>(model);
  for (const auto& [name, p] : parameters) {
    const std::size_t begin = end;
    end += sizeof(float) * static_cast<std::size_t>(p->count());
    if (name == table) {
      table_begin = begin;
      big.table = end - begin;
    } else if (!name.starts_with("visual.")) {
      big.blocks += end - begin;
    }
    JsonTree shape{Json::array()};
    for (int i = 0; i < p->shape.rank; ++i) shape->push_back(p->shape[i]);
    header.put(name.c_str(), json_object("dtype", "F32", "shape", std::move(shape), "data_offsets",
                                         std::array<std::size_t, 2>{begin, end}));
  }
  std::string text = json_text(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  {
    std::ofstream out{big.path, std::ios::binary};
    for (int i = 0; i < 8; ++i) out.put(static_cast<char>((text.size() >> (8 * i)) & 0xFF));
    out << text;
  }
  std::filesystem::resize_file(big.path, 8 + text.size() + end);
  std::fstream out{big.path, std::ios::binary | std::ios::in | std::ios::out};
  const std::size_t data = 8 + text.size();
  Rng rng{1};
  const auto write = [&](std::size_t at, std::size_t count) {
    std::vector<float> values(count);
    for (float& v : values) v = 0.05f * static_cast<float>(rng.normal());
    out.seekp(static_cast<std::streamoff>(data + at));
    out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(sizeof(float) * count));
  };
  std::size_t at = 0;
  for (const auto& [name, p] : parameters) {
    if (name != table) write(at, static_cast<std::size_t>(p->count()));
    at += sizeof(float) * static_cast<std::size_t>(p->count());
  }
  for (const std::int32_t id : ids) write(table_begin + sizeof(float) * 768 * static_cast<std::size_t>(id), 768);
  REQUIRE(out.good());
  return big;
}

/// A line of /proc/self/status in bytes: VmRSS, what is resident now; VmHWM, the most that was.
std::optional<std::size_t> status(const std::string& key) {
  std::ifstream lines("/proc/self/status");
  for (std::string name; lines >> name;) {
    std::size_t kilobytes = 0;
    if (name == key + ":" && lines >> kilobytes) return kilobytes * 1024;
  }
  return std::nullopt;
}

/// Begins a new peak; false where the system does not let a process do so.
bool forget_peak() {
  std::ofstream out("/proc/self/clear_refs");
  out << "5" << std::flush;
  return out.good();
}

/// The rows of a query: a few ids from all over the table, the end, padding.
std::vector<std::int32_t> query_ids() {
  Rng rng{2};
  std::vector<std::int32_t> ids(64, 0);
  for (std::size_t i = 0; i < 20; ++i) ids[i] = static_cast<std::int32_t>(3 + rng.below(255997));
  ids[20] = 1;
  return ids;
}

}  // namespace

TEST_CASE("a text query on weights in their file reads its rows of the token table, and no others") {
  const auto before_all = status("VmRSS");
  if (!before_all || !own_memory_only) {
    MESSAGE("skipped: resident memory: this system has no /proc/self/status, or a sanitizer has memory of its own");
    return;
  }
  const TemporaryFolder folder;
  const std::vector<std::int32_t> ids = query_ids();
  const BigFile big = write_big(folder, ids);
  const std::size_t mega = 1000000;
  CHECK(big.table > 780 * mega);
  const bool peak_known = forget_peak();
  const std::size_t before = *status("VmRSS");

  AnyModel<Naive<float>> model = open<Naive<float>>(big.path, {}, {}, {.in_place = true});
  Texts query = Texts::whole(0);
  query.add(ids);
  const auto features = model.encode_text(query);
  CHECK(features[0][0] != features[0][1]);  // not the features of a table of zeros
  CHECK(*status("VmRSS") <= before + big.blocks + 20 * mega);
  const double grown = (static_cast<double>(*status("VmRSS")) - static_cast<double>(before + big.blocks)) / 1e6;
  if (peak_known) CHECK(*status("VmHWM") <= before + big.blocks + 20 * mega);

  const auto reduced = reduce_vocabulary(model, KeptIds::try_make(256000, ids).value());
  Texts same = Texts::whole(0);
  std::vector<std::int32_t> sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<std::int32_t> small;
  for (const std::int32_t id : ids)
    small.push_back(static_cast<std::int32_t>(std::lower_bound(sorted.begin(), sorted.end(), id) - sorted.begin()));
  same.add(small);
  const auto found = reduced.encode_text(same);
  CHECK(std::ranges::equal(found.values(), features.values()));
  MESSAGE("resident growth beyond the blocks: ", grown, " MB");
}
