#include <clip/model/catalogue.hpp>
#include <clip/model/licence.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace clip;

TEST_CASE("every published model has the licence of those who published it, or says that none is stated") {
  for (const NamedConfig& known : named_configs()) {
    CAPTURE(known.name);
    const bool openais = (known.name.find('/') == std::string_view::npos && known.name != "biomedclip") ||
                         known.name.starts_with("ViT-");
    const bool none_published = known.name.starts_with("jettclip/") || known.name.starts_with("experiment/");
    CHECK((licence_of(known.name) == "not stated by its publisher") == (openais || none_published));
  }
  CHECK(licence_of("laion/ViT-H-14") == "MIT");
  CHECK(licence_of("metaclip/ViT-B-16") == "CC-BY-NC-4.0");
  CHECK(licence_of("chinese-clip/ViT-B-16") == "MIT");
  CHECK(licence_of("longclip/L") == "Apache-2.0");
  CHECK(licence_of("dfn/ViT-H-14-378") == "apple-amlr");
}
