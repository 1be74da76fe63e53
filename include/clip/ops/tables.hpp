// clip/ops/tables.hpp: rows taken from tables by number; images cut into patches and made into tokens.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/core/sequences.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y_i = x_{ids i};   dx_{ids i} += dy_i, in the order of i.          `ids` live on the host as long as the tape.
struct GatherOp {
  static constexpr std::string_view name = "gather";
  Ids ids;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.gather(x, ids, Acc<T>{y, true});
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) b.scatter_add(dy, ids, dx);
  }
};

/// y_i = token_{ids i} + position_{positions i}          (the text tower's first line)
struct EmbeddingOp {
  static constexpr std::string_view name = "embedding";
  Ids ids, positions;

  template <class T>
  void forward(auto& b, In<T> token, In<T> position, Out<T> y, Saved<T>) const {
    b.gather(token, ids, Acc<T>{y, true});
    b.gather(position, positions, Acc<T>{y, false});
  }
  template <class T>
  void backward(auto& b, In<T>, In<T>, Saved<T>, In<T> dy, Acc<T> dtoken, Acc<T> dposition) const {
    if (dtoken) b.scatter_add(dy, ids, dtoken);
    if (dposition) b.scatter_add(dy, positions, dposition);
  }
};

/// y_i = token_{tokens i} + vector_{vectors i} + position_{positions i}; of the first two one number is negative: no row.
/// The same where some rows are learned vectors instead of tokens.
struct LearnedEmbeddingOp {
  static constexpr std::string_view name = "learned_embedding";
  Ids tokens, vectors, positions;

  template <class T>
  void forward(auto& b, In<T> token, In<T> vector, In<T> position, Out<T> y, Saved<T>) const {
    b.gather(token, tokens, Acc<T>{y, true});
    b.gather(vector, vectors, Acc<T>{y, false});
    b.gather(position, positions, Acc<T>{y, false});
  }
  template <class T>
  void backward(auto& b, In<T>, In<T>, In<T>, Saved<T>, In<T> dy, Acc<T> dtoken, Acc<T> dvector,
                Acc<T> dposition) const {
    if (dtoken) b.scatter_add(dy, tokens, dtoken);
    if (dvector) b.scatter_add(dy, vectors, dvector);
    if (dposition) b.scatter_add(dy, positions, dposition);
  }
};

/// Every image cut into g × g patches, one row each: what a convolution multiplies whose stride is its kernel size.
///   x : (n, channels · size²), y : (n g², channels · patch²)
struct PatchesOp {
  static constexpr std::string_view name = "patches";
  Index channels, size, patch;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.patches(x, channels, size, patch, y);
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) b.patches_backward(dy, channels, size, patch, dx);
  }
};

/// For every image: the class embedding, then its patches; positions are added to all.
///   x : (n g², W), class_embedding : (W), positions : (g² + 1, W), y : (n (g² + 1), W)
struct TokensOp {
  static constexpr std::string_view name = "tokens";

  template <class T>
  void forward(auto& b, In<T> x, In<T> class_embedding, In<T> positions, Out<T> y, Saved<T>) const {
    b.tokens(class_embedding, positions, x, y);
  }
  template <class T>
  void backward(auto& b, In<T>, In<T>, In<T> positions, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dclass,
                Acc<T> dpositions) const {
    b.tokens_backward(dy, positions.rows, dclass, dpositions, dx);
  }
};

template <class Cx, Index W>
Rows<Cx, W> gather(Cx& cx, Rows<Cx, W> x, Ids ids) {
  return cx.apply(GatherOp{ids}, static_cast<Index>(ids.size()), Size<W>{x.cols()}, x);
}

template <class Cx, Index W>
Rows<Cx, W> embedding(Cx& cx, Size<W> width, Ids ids, Ids positions, const Parameter<typename Cx::Scalar>& token,
                      const Parameter<typename Cx::Scalar>& position) {
  return cx.apply(EmbeddingOp{ids, positions}, static_cast<Index>(ids.size()), width, token, position);
}

/// `vectors` is a Parameter or Rows.
template <class Cx, Index W, class Vectors>
Rows<Cx, W> learned_embedding(Cx& cx, Size<W> width, const LearnedEmbeddingOp& rows,
                              const Parameter<typename Cx::Scalar>& token, const Vectors& vectors,
                              const Parameter<typename Cx::Scalar>& position) {
  return cx.apply(rows, static_cast<Index>(rows.tokens.size()), width, token, vectors, position);
}

template <class Cx, Index W, Index P>
Rows<Cx, P> patches(Cx& cx, Rows<Cx, W> images, Index channels, Index size, Index patch, Size<P> width) {
  return cx.apply(PatchesOp{channels, size, patch}, images.rows() * (size / patch) * (size / patch), width, images);
}

template <class Cx, Index W>
Rows<Cx, W> tokens(Cx& cx, Rows<Cx, W> x, const Parameter<typename Cx::Scalar>& class_embedding,
                   const Parameter<typename Cx::Scalar>& positions) {
  const Index length = positions.shape.rows();
  return cx.apply(TokensOp{}, x.rows() / (length - 1) * length, Size<W>{x.cols()}, x, class_embedding, positions);
}

}  // namespace clip::inline CLIP_ABI
