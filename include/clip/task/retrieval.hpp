// clip/task/retrieval.hpp: recall at 1, 5 and 10 of image and text retrieval.
#pragma once

#include <clip/task/similarities.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Percentage of queries with a correct answer among the first 1, 5 and 10.
struct Recall {
  double at_1 = 0, at_5 = 0, at_10 = 0;
  /// The mean recall (mR).
  double mean() const { return (at_1 + at_5 + at_10) / 3; }
};

/// Both directions: texts retrieved by images, and images retrieved by texts.
struct Retrieval {
  Recall text, image;
  double mean() const { return (text.mean() + image.mean()) / 2; }
  double sum() const { return text.at_1 + text.at_5 + text.at_10 + image.at_1 + image.at_5 + image.at_10; }

  /// "Text Retrieval: R1:… R5:… R10:… mR:…| Image Retrieval: R1:… R5:… R10:… mR:… | total mR:… sum:…"
  std::string in_words() const {
    char line[256];
    std::snprintf(line, sizeof line,
                  "Text Retrieval: R1:%.2f R5:%.2f R10:%.2f mR:%.2f| Image Retrieval: R1:%.2f R5:%.2f R10:%.2f mR:%.2f "
                  "| total mR:%.2f sum:%.2f",
                  text.at_1, text.at_5, text.at_10, text.mean(), image.at_1, image.at_5, image.at_10, image.mean(),
                  mean(), sum());
    return line;
  }
};

namespace detail {

/// Features scaled to unit length. NumericError: a row of zero or non-finite length, which would win or lose every
/// comparison.
template <class T, Index E>
Features<T, E> directions(const Features<T, E>& features, const char* of, const char* place = "retrieval") {
  Features<T, E> unit = normalized(features);
  for (Index i = 0; i < unit.size(); ++i)
    for (const T x : unit[i])
      if (!std::isfinite(x))
        raise(
            NumericError{place, std::string(of) + " " + std::to_string(i) + ": features that are zero or not finite"});
  return unit;
}

/// The rank, from 0, of each query's best answer among the candidates, both of unit length, whose cosines the backend
/// computes. each_answer(query, f) calls f with every correct candidate, in ascending order; without any the rank is the
/// largest there is. A candidate ranks after all that are more similar to the query and after equally similar ones
/// before it.
template <Backend B, class T, Index E, class EachAnswer>
std::vector<Index> ranks(const B& backend, const Features<T, E>& queries, const Features<T, E>& candidates,
                         EachAnswer each_answer) {
  constexpr Index together = 128;
  const Size<E> width{queries.width()};
  Inference<B> kept{backend}, cx{backend};
  const auto rows = borrow(kept, candidates.view(), width);
  std::vector<Index> found;
  std::vector<T> block(static_cast<std::size_t>(together * candidates.size()));
  for (Index begin = 0; begin < queries.size(); begin += together) {
    const Index n = std::min(together, queries.size() - begin);
    const View<T> cosines{block.data(), n, candidates.size()};
    cx.clear();
    const auto products = matmul_nt(cx, borrow(cx, queries.view().middle_rows(begin, n), width), rows);
    cx.backend().download(In<typename B::Scalar>{products.view},
                          std::span<T>{block}.first(static_cast<std::size_t>(cosines.count())));
    for (Index q = 0; q < n; ++q) {
      const T* const row = cosines.row(q);
      Index best = -1;
      each_answer(begin + q, [&](Index answer) {
        if (best < 0 || row[answer] > row[best]) best = answer;
      });
      found.push_back(best < 0
                          ? std::numeric_limits<Index>::max()
                          : std::count_if(row, row + best, [&](T x) { return x >= row[best]; }) +
                                std::count_if(row + best + 1, row + cosines.cols, [&](T x) { return x > row[best]; }));
    }
  }
  return found;
}

/// The fraction of ranks below k.
inline double recall_at(const std::vector<Index>& ranks, Index k) {
  const auto hits = std::ranges::count_if(ranks, [k](Index rank) { return rank < k; });
  return static_cast<double>(hits) / static_cast<double>(ranks.size());
}

inline Recall recall_of(const std::vector<Index>& ranks) {
  return {100 * recall_at(ranks, 1), 100 * recall_at(ranks, 5), 100 * recall_at(ranks, 10)};
}

}  // namespace detail

/// Captions i k … i k + k - 1 describe image i. An image's query is correct if one of its captions is among the first
/// K. Features of any length, not normalised. `backend`, such as the model's, computes the cosines; without one, one CPU
/// thread. Memory: 128 rows of cosines at a time.
/// ShapeError: different widths, or none, not k texts per image, no images. NumericError: a row of zeros or not finite.
template <Backend B, class T, Index E>
Retrieval retrieval(const B& backend, const Features<T, E>& images, const Features<T, E>& texts,
                    Index captions_per_image = 5) {
  const Index k = captions_per_image;
  if (k < 1) raise(OptionError{"retrieval", "captions for each image", "1 or more", k});
  if (images.empty()) raise(ShapeError{"retrieval", "images", "1 or more", 0});
  if (images.width() == 0) raise(ShapeError{"retrieval", "width of images", "1 or more", 0});
  if (images.width() != texts.width()) raise(ShapeError{"retrieval", "width of texts", images.width(), texts.width()});
  if (texts.size() % k != 0 || texts.size() / k != images.size())
    raise(ShapeError{"retrieval", "texts",
                     std::to_string(k) + " for each of " + std::to_string(images.size()) + " images", texts.size()});
  const auto image = detail::directions(images, "image"), text = detail::directions(texts, "text");
  const auto own_texts = [&](Index i, const auto& answer) {
    for (Index t = i * k; t < (i + 1) * k; ++t) answer(t);
  };
  const auto own_image = [&](Index t, const auto& answer) { answer(t / k); };
  return {detail::recall_of(detail::ranks(backend, image, text, own_texts)),
          detail::recall_of(detail::ranks(backend, text, image, own_image))};
}
template <class T, Index E>
Retrieval retrieval(const Features<T, E>& images, const Features<T, E>& texts, Index captions_per_image = 5) {
  return retrieval(Cpu<T>{{.threads = 1}}, images, texts, captions_per_image);
}

}  // namespace clip::inline CLIP_ABI
