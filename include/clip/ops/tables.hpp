// clip/ops/tables.hpp: rows gathered from tables, and the embeddings of texts.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/core/sequences.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y_i = x_{ids i};   dx_{ids i} += dy_i, in the order of i. `ids` are in host memory and outlive the tape.
/// Naive: backend/naive/tables.hpp
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
/// Naive: backend/naive/tables.hpp
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

/// y_i = token_{tokens i} + vector_{vectors i} + position_{positions i}; a negative number is no row.
/// The embedding of a text some of whose rows are learned vectors instead of tokens.
/// Naive: backend/naive/tables.hpp
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

template <class Cx, Index W>
Rows<Cx, W> gather(Cx& cx, Rows<Cx, W> x, Ids ids) {
  return cx.apply(GatherOp{ids}, static_cast<Index>(ids.size()), Size<W>{x.cols()}, x);
}

/// The same of a table; a negative number gives zeros.
template <class Cx, Index W>
Rows<Cx, W> gather(Cx& cx, Size<W> width, const Parameter<typename Cx::Scalar>& table, Ids ids) {
  return cx.apply(GatherOp{ids}, static_cast<Index>(ids.size()), width, table);
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

}  // namespace clip::inline CLIP_ABI
