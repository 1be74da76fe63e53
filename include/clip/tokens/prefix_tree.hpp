// clip/tokens/prefix_tree.hpp: arrangements of a batch of texts as sequences of rows: prefix tree, ragged, padded.
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The rows of a text that a tower pools into its embedding.
enum class Pooling : unsigned char {
  end_of_text,  // the text's last token
  last,         // the last row, padding included (SigLIP)
  first,        // the first token (BERT's [CLS])
  mean          // the mean of all rows, padding included (nn/mean_pool.hpp)
};

/// A batch of texts as sequences of rows: the input of a text tower. A reused batch allocates nothing after the largest
/// one.
struct TextBatch {
  Sequences sequences;
  std::vector<std::int32_t> ids;          // the token of every row; negative: a learned vector (learned.hpp)
  std::vector<std::int32_t> vectors;      // row → its learned vector, negative for a token; only with learned vectors
  std::vector<std::int32_t> kept, later;  // row → its position in the first and in the second of two tables, negative
                                          // where the other has it; only of towers with two
  std::vector<std::int32_t> leaf;  // text i → index of its pooled row in sequences.pooled(); unused with Pooling::mean
  std::vector<std::int32_t> order;  // scratch
};

namespace detail {

/// Length of the common prefix.
inline std::size_t common_length(Ids a, Ids b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

/// Adds the segments of texts out.order[first … last), which are sorted and share their first `depth` ids, below
/// `parent`.
inline void add_subtree(const Texts& texts, std::size_t first, std::size_t last, std::size_t depth, Index parent,
                        TextBatch& out) {
  const auto text = [&](std::size_t i) { return texts[out.order[i]]; };
  const Ids shortest = text(first);
  // The common prefix of the first and the last of sorted texts is the common prefix of all.
  const std::size_t length = common_length(shortest, text(last - 1));
  if (length > depth) {
    parent = out.sequences.add(static_cast<Index>(length - depth), parent);
    out.ids.insert(out.ids.end(), shortest.begin() + static_cast<std::ptrdiff_t>(depth),
                   shortest.begin() + static_cast<std::ptrdiff_t>(length));
    if (shortest.size() == length) {
      const auto pooled = static_cast<std::int32_t>(out.sequences.pooled().size());
      out.sequences.pool(out.sequences.rows() - 1);
      for (; first < last && text(first).size() == length; ++first)
        out.leaf[static_cast<std::size_t>(out.order[first])] = pooled;
    }
  }
  while (first < last) {
    const std::int32_t next = text(first)[length];
    std::size_t end = first + 1;
    while (end < last && text(end)[length] == next) ++end;
    add_subtree(texts, first, end, length, parent, out);
    first = end;
  }
}

/// Empties the batch, and sizes `leaf` for the texts.
inline void clear(const Texts& texts, TextBatch& out) {
  out.sequences.clear();
  out.ids.clear();
  out.leaf.resize(static_cast<std::size_t>(texts.size()));
}

}  // namespace detail

/// The radix tree of the texts: every distinct prefix exists once, equal texts share one leaf, and the last row of each
/// text (its EOT) is pooled. Children are in ascending order of their first id, so the rows do not depend on the order
/// of the texts. At most (ids of all texts) · log(texts) steps. For causal towers.
inline void prefix_tree(const Texts& texts, TextBatch& out) {
  detail::clear(texts, out);
  if (texts.empty()) return;
  out.order.resize(static_cast<std::size_t>(texts.size()));
  std::iota(out.order.begin(), out.order.end(), 0);
  std::ranges::sort(out.order, [&](std::int32_t a, std::int32_t b) {
    const Ids x = texts[a], y = texts[b];
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  });
  detail::add_subtree(texts, 0, out.order.size(), 0, -1, out);
}

namespace detail {

/// Pools the rows of the sequence just added: `begin` is its first row, `last` the row of its last token.
inline void pool(TextBatch& out, Index text, Pooling pooling, Index begin, Index last) {
  if (pooling == Pooling::mean) {
    for (Index row = begin; row < out.sequences.rows(); ++row) out.sequences.pool(row);
    return;
  }
  out.sequences.pool(pooling == Pooling::first ? begin : pooling == Pooling::last ? out.sequences.rows() - 1 : last);
  out.leaf[static_cast<std::size_t>(text)] = static_cast<std::int32_t>(text);
}

}  // namespace detail

/// Every text as a sequence of its own, without padding: full attention then needs no mask. Ids `pad` at the end of a
/// row, after its first id, are padding; negative: none are.
inline void ragged_batch(const Texts& texts, TextBatch& out, Pooling pooling = Pooling::end_of_text,
                         std::int32_t pad = -1) {
  detail::clear(texts, out);
  for (Index i = 0; i < texts.size(); ++i) {
    Ids row = texts[i];
    while (pad >= 0 && row.size() > 1 && row.back() == pad) row = row.first(row.size() - 1);
    const Index begin = out.sequences.rows();
    out.sequences.add(static_cast<Index>(row.size()));
    out.ids.insert(out.ids.end(), row.begin(), row.end());
    detail::pool(out, i, pooling, begin, out.sequences.rows() - 1);
  }
}

/// Every text as a sequence of `context` rows, filled with `pad` after its last token: for towers whose reference
/// attends to the padding, and as a reference for the other arrangements. ShapeError: a text longer than the context.
inline void padded_batch(const Texts& texts, Index context, std::int32_t pad, TextBatch& out,
                         Pooling pooling = Pooling::end_of_text) {
  detail::clear(texts, out);
  for (Index i = 0; i < texts.size(); ++i) {
    const Ids row = texts[i];
    if (static_cast<Index>(row.size()) > context)
      raise(ShapeError{"text " + std::to_string(i), "ids", "at most " + std::to_string(context), row.size()});
    const Index begin = out.sequences.rows();
    out.sequences.add(context);
    out.ids.insert(out.ids.end(), row.begin(), row.end());
    out.ids.resize(static_cast<std::size_t>(begin + context), pad);
    detail::pool(out, i, pooling, begin, begin + texts.eot(i));
  }
}

}  // namespace clip::inline CLIP_ABI
