#include <clip/core/ascii.hpp>

#include <doctest/doctest.h>

using clip::detail::lower_ascii;

static_assert(lower_ascii('A') == 'a' && lower_ascii('Z') == 'z' && lower_ascii('@') == '@' && lower_ascii('[') == '[');

TEST_CASE("lower case: letters of ASCII change, all other bytes stay") {
  CHECK(lower_ascii(std::string("ViT-B/32 \xC3\x84")) == "vit-b/32 \xC3\x84");
}
