#include "attention_model.hpp"
#include "commands.hpp"
#include "images.hpp"
#include "input.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <clip/image/model_input.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/json.hpp>
#include <clip/plot/heat_map.hpp>
#include <clip/plot/png.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

const char* name_of(AttentionKind kind) {
  switch (kind) {
    case AttentionKind::last: return "last";
    case AttentionKind::heads: return "heads";
    case AttentionKind::rollout: return "rollout";
    default: return "relevance";
  }
}

/// Features of the texts, and exp(logit_scale), of a model that is released afterwards.
struct TextFeatures {
  std::vector<std::string> names;
  clip::Features<float, clip::dyn> features;
  double scale = 1;
};
TextFeatures features_of(const AttentionOptions& o) {
  TextFeatures found{with_lists(o.texts), {}, 1};
  const Tokenizer tokenizer{o.vocabulary, o.cleaning, o.model.config->text_input()};
  const Model model = o.model.load(Towers::both, 0, found.names.size());
  clip::try_check_vocabulary(model.text_input(), tokenizer.vocabulary()).value();
  const clip::TokenizeOptions how{.context = model.text_input().context,
                                  .too_long = o.truncate ? clip::TooLong::truncate : clip::TooLong::error};
  clip::Texts ids;
  for (const std::string& text : found.names) {
    try {
      ids.append(tokenizer(std::span{&text, 1}, how), 0);
    } catch (const clip::InputError& e) { throw text_error("--text \"" + text + '"', e); }
  }
  report_cut(ids.cut(), ids.size(), how.context);
  found.features = model.encode_text(ids);
  found.scale = model.temperature();
  for (clip::Index i = 0; i < found.features.size(); ++i)
    model.try_finite(found.features[i], "text", '"' + found.names[static_cast<std::size_t>(i)] + '"').value();
  return found;
}

/// The maps of one image as arrays of rows.
clip::Json json_of(const clip::Tensor<float>& maps) {
  const clip::Index side = maps.shape()[2], width = maps.shape()[3];
  clip::Json all = clip::Json::array();
  std::size_t next = 0;
  for (clip::Index m = 0; m < maps.shape()[1]; ++m) {
    clip::Json map = clip::Json::array();
    for (clip::Index y = 0; y < side; ++y) {
      clip::Json row = clip::Json::array();
      for (clip::Index x = 0; x < width; ++x) row.push_back(clip::as_written(maps.values()[next++]));
      map.push_back(std::move(row));
    }
    all.push_back(std::move(map));
  }
  return all;
}

/// Appends what the model sees of an image, and its maps over that. Small images are enlarged.
void draw(const clip::Image& seen, const clip::Tensor<float>& maps, double opacity, std::vector<clip::Image>& tiles) {
  const clip::Index least = std::max<clip::Index>(1, std::min(seen.width(), seen.height()));
  const clip::Image large = clip::enlarged(seen, std::max<clip::Index>(1, (224 + least / 2) / least));
  tiles.push_back(large);
  const clip::Index side = maps.shape()[2], width = maps.shape()[3];
  for (clip::Index m = 0; m < maps.shape()[1]; ++m)
    tiles.push_back(clip::overlay(large, clip::View<const float>{maps.values().data() + m * side * width, side, width},
                                  {.opacity = opacity}));
}

}  // namespace

int attention(const AttentionOptions& options) {
  const std::vector<std::string> files = files_of(options.images);
  const auto total = static_cast<clip::Index>(files.size());
  auto output = clip::AtomicFile::create(options.output);
  const bool relevance = options.kind == AttentionKind::relevance;
  const TextFeatures texts = relevance ? features_of(options) : TextFeatures{};
  const AttentionModel model{options.model};
  const clip::ImageInput input = options.model.config->input();

  Progress progress{"drawing"};
  Failures failures{progress, options.images.strict};
  clip::Json images = clip::Json::array();
  std::vector<clip::Image> tiles;
  clip::Index columns = 0;
  read_images(files, options.images, input, 1, options.model.threads,
              [&](clip::Index first, const std::vector<const clip::Error*>& errors, const clip::Images& batch) {
                end_if_interrupted();
                progress.show(first, total);
                if (errors[0] != nullptr) {
                  failures.add(*errors[0]);
                  return true;
                }
                const auto maps = relevance ? model.relevance(batch, texts.features, texts.scale, options.layer)
                                            : model.maps(batch, options.kind, options.layer);
                columns = maps.shape()[1] + 1;
                draw(clip::to_pixels(batch, 0, input.preprocessing), maps, options.opacity, tiles);
                if (options.json)
                  images.push_back({{"path", files[static_cast<std::size_t>(first)]}, {"maps", json_of(maps)}});
                return true;
              });
  progress.clear();
  if (!tiles.empty()) {
    end_if_interrupted();
    output.write(clip::encode_png(clip::contact_sheet(tiles, columns)));
    output.commit();
  }
  const int status = failures.finish(total);
  if (options.json && !tiles.empty())
    Output{}.json({{"kind", name_of(options.kind)},
                   {"output", options.output},
                   {"images", std::move(images)},
                   {"texts", texts.names},
                   {"failures", failures.messages()}});
  return status;
}

}  // namespace tool
