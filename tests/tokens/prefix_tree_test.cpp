#include <clip/tokens/prefix_tree.hpp>

#include <doctest/doctest.h>

#include <clip/core/rng.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include <set>
#include <string>
#include <vector>

using clip::Index;
using clip::TextBatch;
using clip::Texts;
using Row = std::vector<std::int32_t>;

namespace {

Row row(const Texts& texts, Index i) { return {texts[i].begin(), texts[i].end()}; }

Texts random_texts(std::uint64_t seed) {
  clip::Rng rng{seed};
  Texts texts{9};
  const std::uint64_t count = 1 + rng.below(60), symbols = 1 + rng.below(4), longest = 1 + rng.below(9);
  for (std::uint64_t i = 0; i < count; ++i) {
    Row ids(rng.below(2), 8);
    for (std::uint64_t n = rng.below(longest); n > 0; --n) ids.push_back(static_cast<std::int32_t>(rng.below(symbols)));
    ids.push_back(9);
    texts.add(ids);
  }
  return texts;
}

/// The segment that contains a row.
Index segment_of(const TextBatch& batch, Index at) {
  Index s = 0;
  while (batch.sequences.segment(s).end <= at) ++s;
  return s;
}

/// The ids on the path from the root to a row, inclusive.
Row spelled(const TextBatch& batch, Index at) {
  Row ids;
  batch.sequences.path(segment_of(batch, at), [&](const clip::Segment& s) {
    for (Index r = s.begin; r < std::min(s.end, at + 1); ++r) ids.push_back(batch.ids[static_cast<std::size_t>(r)]);
  });
  return ids;
}

void check_consistent(const TextBatch& batch) {
  const clip::Sequences& q = batch.sequences;
  CHECK(static_cast<Index>(batch.ids.size()) == q.rows());
  for (Index s = 0; s < q.count(); ++s) {
    for (Index t = 0; t < q.count(); ++t) {
      bool above = false;
      q.path(t, [&](const clip::Segment& on_the_way) { above = above || &on_the_way == &q.segment(s); });
      CHECK(above == (t >= s && t < q.below_end(s)));
    }
    CHECK(q.segment(s).begin == (s == 0 ? 0 : q.segment(s - 1).end));
  }
  for (Index r = 0; r < q.rows(); ++r)
    CHECK(static_cast<std::size_t>(q.positions()[static_cast<std::size_t>(r)]) + 1 == spelled(batch, r).size());
}

void check_leaves(const Texts& texts, const TextBatch& batch) {
  REQUIRE(static_cast<Index>(batch.leaf.size()) == texts.size());
  for (Index i = 0; i < texts.size(); ++i) {
    const auto leaf = static_cast<std::size_t>(batch.leaf[static_cast<std::size_t>(i)]);
    CHECK(spelled(batch, batch.sequences.pooled()[leaf]) == row(texts, i));
  }
}

}  // namespace

TEST_CASE("the path to a text's leaf spells the text, and every distinct prefix exists once") {
  TextBatch batch;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Texts texts = random_texts(seed);
    clip::prefix_tree(texts, batch);
    check_leaves(texts, batch);
    check_consistent(batch);

    std::set<Row> beginnings, distinct;
    for (Index i = 0; i < texts.size(); ++i) {
      Row ids = row(texts, i);
      distinct.insert(ids);
      for (; !ids.empty(); ids.pop_back()) beginnings.insert(ids);
    }
    CHECK(batch.ids.size() == beginnings.size());
    CHECK(batch.sequences.pooled().size() == distinct.size());
    std::set<Row> found;
    for (Index r = 0; r < batch.sequences.rows(); ++r) found.insert(spelled(batch, r));
    CHECK(found == beginnings);
    for (Index s = 0; s < batch.sequences.count(); ++s) {  // no segment can be merged with its parent
      const Index parent = batch.sequences.segment(s).parent;
      if (parent < 0 || batch.sequences.pooled_begin(parent) != batch.sequences.pooled_begin(parent + 1)) continue;
      CHECK((s != parent + 1 || batch.sequences.below_end(s) != batch.sequences.below_end(parent)));
    }
  }
}

TEST_CASE("equal texts share a leaf, different ones do not") {
  const Texts texts = random_texts(7);
  TextBatch batch;
  clip::prefix_tree(texts, batch);
  for (Index i = 0; i < texts.size(); ++i) {
    for (Index j = 0; j < texts.size(); ++j) {
      CHECK((texts.groups()[static_cast<std::size_t>(i)] == texts.groups()[static_cast<std::size_t>(j)]) ==
            (batch.leaf[static_cast<std::size_t>(i)] == batch.leaf[static_cast<std::size_t>(j)]));
    }
  }
}

TEST_CASE("rows do not depend on the order of the texts") {
  const Texts texts = random_texts(11);
  Texts reversed;
  for (Index i = texts.size(); i > 0; --i) reversed.append(texts, i - 1);
  TextBatch a, b;
  clip::prefix_tree(texts, a);
  clip::prefix_tree(reversed, b);
  CHECK(a.ids == b.ids);
  for (std::size_t i = 0; i < a.leaf.size(); ++i) CHECK(a.leaf[i] == b.leaf[a.leaf.size() - 1 - i]);
}

TEST_CASE("prompts of one template share its prefix") {
  const clip::Tokenizer tokenizer;
  std::vector<std::string> prompts;
  for (int i = 0; i < 1000; ++i) prompts.push_back("a photo of a " + std::to_string(i) + ".");
  const Texts texts = tokenizer(prompts);
  TextBatch batch;
  clip::prefix_tree(texts, batch);
  // SOT and 9 bytes of the template; 10 + 90 + 900 prefixes of digits; a full stop and EOT each.
  CHECK(batch.sequences.rows() == 1 + 9 + (10 + 90 + 900) + 2 * 1000);
  CHECK(batch.sequences.segment(0).length() == 10);
  CHECK(batch.sequences.pooled().size() == 1000);
  CHECK(batch.sequences.longest() == 15);
  check_leaves(texts, batch);
}

TEST_CASE("one text is one segment, an empty batch has none") {
  TextBatch batch;
  Texts texts{9};
  clip::prefix_tree(texts, batch);
  CHECK(batch.sequences.count() == 0);
  CHECK(batch.leaf.empty());
  texts.add(Row{8, 1, 9});
  texts.add(Row{8, 1, 9});
  clip::prefix_tree(texts, batch);
  CHECK(batch.sequences.count() == 1);
  CHECK(batch.ids == Row{8, 1, 9});
  CHECK(batch.leaf == Row{0, 0});
  CHECK_FALSE(batch.sequences.shared());
}

TEST_CASE("ragged and padded batches give every text a sequence of its own") {
  TextBatch ragged, padded;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Texts texts = random_texts(seed);
    clip::ragged_batch(texts, ragged);
    clip::padded_batch(texts, 12, 5, padded);
    for (const TextBatch* batch : {&ragged, &padded}) {
      check_leaves(texts, *batch);
      check_consistent(*batch);
      CHECK(batch->sequences.count() == texts.size());
      CHECK_FALSE(batch->sequences.shared());
    }
    CHECK(ragged.sequences.rows() == texts.tokens());
    CHECK(padded.ids == texts.padded(12, 5));
  }
  Texts longer{9};
  longer.add(Row{1, 2, 9});
  CHECK_THROWS_WITH_AS(clip::padded_batch(longer, 2, 0, padded), "text 0: ids: expected at most 2, found 3",
                       clip::ShapeError);
}

TEST_CASE("a batch allocates nothing after the largest size") {
  TextBatch batch;
  Texts large = random_texts(0);
  const Texts small = random_texts(4);
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const Texts more = random_texts(seed);
    for (Index i = 0; i < more.size(); ++i) large.append(more, i);
  }
  clip::prefix_tree(large, batch);
  const void* before[] = {batch.ids.data(), batch.leaf.data(), batch.order.data(), batch.sequences.segments().data()};
  const std::size_t segments = batch.sequences.segments().size();
  clip::prefix_tree(small, batch);
  clip::prefix_tree(large, batch);
  const void* after[] = {batch.ids.data(), batch.leaf.data(), batch.order.data(), batch.sequences.segments().data()};
  CHECK(std::equal(std::begin(before), std::end(before), std::begin(after)));
  CHECK(batch.sequences.segments().size() == segments);
}

TEST_CASE("a tower pools the end of a text, its first or last row, or all of them") {
  using clip::Pooling;
  Texts texts{9};
  texts.add(std::vector<std::int32_t>{8, 1, 9});
  texts.add(std::vector<std::int32_t>{8, 9});
  const auto pooled = [&](auto arrange) {
    TextBatch batch;
    arrange(batch);
    return std::vector<std::int32_t>(batch.sequences.pooled().begin(), batch.sequences.pooled().end());
  };
  const auto padded = [&](Pooling pooling) {
    return pooled([&](TextBatch& batch) { clip::padded_batch(texts, 5, 0, batch, pooling); });
  };
  const auto ragged = [&](Pooling pooling) {
    return pooled([&](TextBatch& batch) { clip::ragged_batch(texts, batch, pooling); });
  };
  CHECK(padded(Pooling::end_of_text) == Row{2, 6});
  CHECK(padded(Pooling::last) == Row{4, 9});
  CHECK(padded(Pooling::first) == Row{0, 5});
  CHECK(padded(Pooling::mean) == Row{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(ragged(Pooling::end_of_text) == Row{2, 4});
  CHECK(ragged(Pooling::last) == Row{2, 4});
  CHECK(ragged(Pooling::first) == Row{0, 3});
  CHECK(ragged(Pooling::mean) == Row{0, 1, 2, 3, 4});
}
