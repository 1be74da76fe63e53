// clip/ops/tokens.hpp: token sequences of images: a class embedding or mean, then patches, plus positions.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/core/sequences.hpp>
#include <clip/ops/pooling.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Which rows the tokens of n images of `length` tokens are sums of; a negative number is no row.
struct TokenIds {
  std::vector<std::int32_t> first, others, positions;  // one number per token
  std::vector<std::int32_t> back;                      // the token of every other row

  /// `own_first`: every image has a first row of its own. `placed_first`: it has a position. Only a change computes
  /// anything.
  void assign(Index images, Index length, bool own_first, bool placed_first = true) {
    const Shape key{images, length, own_first ? 1 : 0, placed_first ? 1 : 0};
    if (key == key_) return;
    key_ = {};  // until all ids are there
    for (auto* ids : {&first, &others, &positions, &back}) ids->clear();
    for (Index i = 0; i < images; ++i)
      for (Index t = 0; t < length; ++t) {
        first.push_back(static_cast<std::int32_t>(t > 0 ? -1 : own_first ? i : 0));
        others.push_back(static_cast<std::int32_t>(t > 0 ? i * (length - 1) + t - 1 : -1));
        positions.push_back(static_cast<std::int32_t>(placed_first ? t : t - 1));
        if (t > 0) back.push_back(static_cast<std::int32_t>(i * length + t));
      }
    key_ = key;
  }

 private:
  Shape key_{};
};

/// For every image: a first row, then its others; positions are added to all, or to all but the first.
/// Naive: backend/naive/tables.hpp
///   x : (n t, W), first : (1, W) or (n, W), positions : (t + 1, W) or (t, W), y : (n (t + 1), W)
/// dx_i += dy_i,   dfirst += Σ over images of dy_0,   dpositions += Σ over images of dy
/// A sum over images is complete before it is added to a gradient; saved, of the shape of positions, is scratch for it.
struct TokensOp {
  static constexpr std::string_view name = "tokens";
  const TokenIds* ids;  // in host memory as long as the tape

  template <class T>
  Extents saved(In<T>, In<T>, In<T> positions) const {
    return {positions.rows, positions.cols};
  }
  template <class T>
  void forward(auto& b, In<T> x, In<T> first, In<T> positions, Out<T> y, Saved<T>) const {
    b.gather(positions, ids->positions, Acc<T>{y, true});
    b.gather(x, ids->others, Acc<T>{y, false});
    b.gather(first, ids->first, Acc<T>{y, false});
  }
  template <class T>
  void backward(auto& b, In<T>, In<T>, In<T>, Saved<T> scratch, In<T> dy, Acc<T> dx, Acc<T> dfirst,
                Acc<T> dpositions) const {
    if (dx) b.gather(dy, ids->back, dx);
    if (dfirst) add_sums(b, dy, ids->first, scratch, dfirst);
    if (dpositions) add_sums(b, dy, ids->positions, scratch, dpositions);
  }

 private:
  template <class T>
  static void add_sums(auto& b, In<T> dy, Ids targets, Saved<T> scratch, Acc<T> d) {
    if (d.fresh || d.rows > scratch.rows) {  // more rows than tokens in an image: each of them is one summand
      b.scatter_add(dy, targets, d);
    } else {
      const View<T> sums = scratch.middle_rows(0, d.rows);
      b.scatter_add(dy, targets, Acc<T>{sums, true});
      b.add(In<T>{sums}, d);
    }
  }
};

/// The class embedding before the patches of every image, plus positions : (patches + 1, W).
template <class Cx, Index W>
Rows<Cx, W> tokens(Cx& cx, Rows<Cx, W> x, const Parameter<typename Cx::Scalar>& class_embedding,
                   const Parameter<typename Cx::Scalar>& positions) {
  const Index length = positions.shape.rows(), images = x.rows() / (length - 1);
  TokenIds& ids = cx.template keep<TokenIds>();
  ids.assign(images, length, false);
  return cx.apply(TokensOp{&ids}, images * length, Size<W>{x.cols()}, x, class_embedding, positions);
}

/// The class embedding, which has no position, before the patches of every image plus positions : (patches, W).
template <class Cx, Index W>
Rows<Cx, W> tokens_after(Cx& cx, Rows<Cx, W> x, const Parameter<typename Cx::Scalar>& class_embedding,
                         const Parameter<typename Cx::Scalar>& positions) {
  const Index length = positions.shape.rows() + 1, images = x.rows() / (length - 1);
  TokenIds& ids = cx.template keep<TokenIds>();
  ids.assign(images, length, false, false);
  return cx.apply(TokensOp{&ids}, images * length, Size<W>{x.cols()}, x, class_embedding, positions);
}

/// The mean of the pixels of every image before them, plus positions : (pixels + 1, W). The images are square.
template <class Cx, Index W>
Rows<Cx, W> mean_token(Cx& cx, Rows<Cx, W> x, const Parameter<typename Cx::Scalar>& positions) {
  const Index length = positions.shape.rows(), t = length - 1;
  if (t < 1 || x.rows() % t != 0)
    raise(ShapeError{"mean_token", "rows", "a multiple of " + std::to_string(t), x.rows()});
  if (positions.shape.cols() != x.cols()) raise(ShapeError{"mean_token", "width", positions.shape.cols(), x.cols()});
  Index side = 1;
  while (side * side < t) ++side;
  if (side * side != t) raise(ShapeError{"mean_token", "pixels of an image", "a square number", t});
  const Index images = x.rows() / t;
  const auto mean = average_pool(cx, x, Grid{images, side, side}, side);  // (images, W)
  TokenIds& ids = cx.template keep<TokenIds>();
  ids.assign(images, length, true);
  return cx.apply(TokensOp{&ids}, images * length, Size<W>{x.cols()}, x, mean, positions);
}

}  // namespace clip::inline CLIP_ABI
