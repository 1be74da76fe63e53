#include <clip/checkpoint/foreign.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/io/bytes.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace clip;

namespace {

/// The kind of a file of one-value tensors with these names.
std::string kind_of(const std::vector<std::string>& names) {
  std::string header = "{", values;
  for (const std::string& name : names) {
    const std::string at = std::to_string(values.size()), end = std::to_string(values.size() + 4);
    header += (values.empty() ? "\"" : ",\"") + name + R"(":{"dtype":"F32","shape":[1],"data_offsets":[)" + at + "," +
              end + "]}";
    values += std::string(4, '\0');
  }
  header += "}";
  while (header.size() % 8 != 0) header += ' ';
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size() & 255);
  file[1] = static_cast<char>(header.size() >> 8 & 255);
  file += header + values;
  return detail::foreign_kind(try_parse_tensors(as_byte_span(file), "x").value());
}

}  // namespace

TEST_CASE("models that are not built are recognised by the names that only they have") {
  for (const auto& [names, words] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"visual.attn_pool.probe", "visual.class_embedding"},
            "a PE (Perception Encoder) in OpenCLIP's names (visual.trunk.attn_pool … and norm_pre), of which the text "
            "tower "
            "opens alone: the rotary positions of its image tower are not built"},
           {{"visual.trunk.stages.0.weight"}, "a CLIP whose image tower is timm's (visual.trunk …)"},
           {{"image_encoder.model.cls_token"}, "a MobileCLIP in Apple's names (image_encoder.model …)"},
           {{"_image_encoder.visual.proj"}, "a TinyCLIP (_image_encoder …)"},
           {{"text_decoder.ln_final.weight"}, "a CoCa (text_decoder …)"},
           {{"text.transformer.encoder.layer.0.weight"},
            "a CLIP whose text tower is transformers' (text.transformer …)"},
           {{"a", "b"}, "2 tensors (a, b)"}}) {
    CAPTURE(words);
    CHECK(kind_of(names) == words);
  }
}
