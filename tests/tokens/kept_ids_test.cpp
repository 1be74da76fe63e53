#include <clip/tokens/kept_ids.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace clip;

TEST_CASE("kept ids: each has its place among those kept as its new id") {
  const KeptIds kept = KeptIds::try_make(20, {7, 3, 19, 3, 0}).value();
  CHECK(kept.whole() == 20);
  CHECK(kept.ids() == std::vector<std::int32_t>{0, 3, 7, 19});
  std::vector<std::int32_t> found;
  for (std::int32_t id = -1; id <= 20; ++id)
    if (kept.new_id(id) >= 0) found.push_back(id);
  CHECK(found == kept.ids());
  for (std::int32_t i = 0; i < kept.size(); ++i) CHECK(kept.new_id(kept.ids()[static_cast<std::size_t>(i)]) == i);
}

TEST_CASE("kept ids: an id that the vocabulary does not have is an error, and none at all") {
  CHECK(KeptIds::try_make(20, {20}).error().id() == "clip.input.tokens");
  CHECK(KeptIds::try_make(20, {4, -1}).error().message() == "kept ids: id: expected 0 to 19, found -1");
  CHECK(!KeptIds::try_make(20, {}));
}
