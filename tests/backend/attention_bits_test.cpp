// Bits of attention, however work is grouped: neighbours in the batch, shared beginnings, pooled rows.
#include <clip/backend/cpu.hpp>

#include "../support/bits.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("attention gives a sequence the same bits alone, in a batch, and with a shared beginning", T, float,
                   double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const Index d : {Index{8}, Index{13}, Index{64}})
    for (const Index heads : {Index{1}, Index{3}}) {
      const Index width = heads * d, length = 41;
      const AttentionPattern pattern{heads, true, false};
      const HostMatrix<T> rows{3 * 160, 3 * width, Rng{5}};
      const auto run = [&](const Sequences& sequences, const std::vector<Index>& which, HostMatrix<T>& y,
                           HostMatrix<T>& saved) {
        HostMatrix<T> qkv{sequences.rows(), 3 * width};
        for (Index i = 0; i < sequences.rows(); ++i)
          for (Index j = 0; j < 3 * width; ++j) qkv(i, j) = rows(which[static_cast<std::size_t>(i)], j);
        cpu.attention(qkv.part(0, sequences.rows(), 0, width), qkv.part(0, sequences.rows(), width, width),
                      qkv.part(0, sequences.rows(), 2 * width, width), sequences, pattern, y, saved);
      };
      const auto stretch = [](std::vector<Index>& which, Index begin, Index n) {
        for (Index i = 0; i < n; ++i) which.push_back(begin + i);
      };

      // One sequence alone.
      Sequences alone;
      alone.add(length);
      std::vector<Index> which;
      stretch(which, 0, length);
      HostMatrix<T> y{length, width}, saved{length, heads};
      run(alone, which, y, saved);

      // The same rows between others.
      Sequences batch;
      batch.add(7);
      batch.add(length);
      batch.add(50);
      std::vector<Index> in_batch;
      stretch(in_batch, 200, 7);
      stretch(in_batch, 0, length);
      stretch(in_batch, 300, 50);
      HostMatrix<T> batch_y{98, width}, batch_saved{98, heads};
      run(batch, in_batch, batch_y, batch_saved);
      CHECK(same<T>(batch_y.rows_of(7, length), y));
      CHECK(same<T>(batch_saved.rows_of(7, length), saved));

      // Cut into segments anywhere, with other continuations of the beginning.
      for (const Index cut : {Index{1}, Index{8}, Index{15}, Index{16}, Index{17}, Index{33}, Index{40}}) {
        Sequences tree;
        const Index root = tree.add(cut);
        tree.add(9, root);
        tree.add(length - cut, root);
        std::vector<Index> in_tree;
        stretch(in_tree, 0, cut);
        stretch(in_tree, 400, 9);
        stretch(in_tree, cut, length - cut);
        HostMatrix<T> tree_y{length + 9, width}, tree_saved{length + 9, heads};
        run(tree, in_tree, tree_y, tree_saved);
        INFO("d ", d, ", heads ", heads, ", cut ", cut);
        CHECK(same<T>(tree_y.rows_of(0, cut), y.rows_of(0, cut)));
        CHECK(same<T>(tree_y.rows_of(cut + 9, length - cut), y.rows_of(cut, length - cut)));
        CHECK(same<T>(tree_saved.rows_of(cut + 9, length - cut), saved.rows_of(cut, length - cut)));
      }

      // Only the last row is pooled.
      Sequences last;
      last.add(length);
      last.pool(length - 1);
      HostMatrix<T> qkv{length, 3 * width}, last_y{1, width}, last_saved{1, heads};
      for (Index i = 0; i < length; ++i)
        for (Index j = 0; j < 3 * width; ++j) qkv(i, j) = rows(i, j);
      cpu.attention(qkv.part(length - 1, 1, 0, width), qkv.part(0, length, width, width),
                    qkv.part(0, length, 2 * width, width), last, AttentionPattern{heads, true, true}, last_y,
                    last_saved);
      CHECK(same<T>(last_y, y.rows_of(length - 1, 1)));
    }
}

TEST_CASE_TEMPLATE("a prompt among many short ones that share its beginning gets the bits it has alone", T, float,
                   double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index d = 24, heads = 2, width = heads * d, root = 5;
  Sequences tree;
  tree.add(root);
  std::vector<Index> leaves;
  for (Index i = 0; i < 60; ++i) {
    const Index parent = i % 7 == 0 ? tree.add(1 + i % 3, 0) : 0;  // some share more than the root
    for (Index twin = 0; twin < (parent > 0 ? 2 : 1); ++twin) leaves.push_back(tree.add(1 + (i + twin) % 4, parent));
    tree.pool(tree.rows() - 1);
  }
  const Index rows = tree.rows(), pooled = static_cast<Index>(tree.pooled().size());
  const HostMatrix<T> qkv{rows, 3 * width, Rng{6}};
  HostMatrix<T> y{rows, width}, saved{rows, heads}, picked{pooled, width}, picked_y{pooled, width},
      picked_saved{pooled, heads};
  const auto attend = [&](const In<T>& q, const HostMatrix<T>& all, const Sequences& sequences, bool only_pooled,
                          HostMatrix<T>& to, HostMatrix<T>& logs) {
    cpu.attention(q, all.part(0, all.rows, width, width), all.part(0, all.rows, 2 * width, width), sequences,
                  {heads, true, only_pooled}, to, logs);
  };
  attend(qkv.part(0, rows, 0, width), qkv, tree, false, y, saved);
  for (Index i = 0; i < pooled; ++i)
    for (Index j = 0; j < width; ++j) picked(i, j) = qkv(tree.pooled()[static_cast<std::size_t>(i)], j);
  attend(picked, qkv, tree, true, picked_y, picked_saved);
  for (Index i = 0; i < pooled; ++i)
    CHECK(same<T>(picked_y.rows_of(i, 1), y.rows_of(tree.pooled()[static_cast<std::size_t>(i)], 1)));

  for (const Index leaf : leaves) {
    const Segment& segment = tree.segment(leaf);
    HostMatrix<T> one{segment.reach(), 3 * width}, one_y{one.rows, width}, one_saved{one.rows, heads};
    tree.path(leaf, [&](const Segment& a) {
      for (Index r = 0; r < a.length(); ++r)
        for (Index j = 0; j < one.cols; ++j) one(a.position + r, j) = qkv(a.begin + r, j);
    });
    Sequences alone;
    alone.add(one.rows);
    attend(one.part(0, one.rows, 0, width), one, alone, false, one_y, one_saved);
    INFO("leaf ", leaf);
    CHECK(same<T>(one_y.rows_of(segment.position, segment.length()), y.rows_of(segment.begin, segment.length())));
    CHECK(
        same<T>(one_saved.rows_of(segment.position, segment.length()), saved.rows_of(segment.begin, segment.length())));
  }
}

TEST_CASE_TEMPLATE("the derivative of attention gives a sequence the same bits alone and in a batch", T, float,
                   double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index d = 20, heads = 2, width = heads * d;
  for (const bool causal : {false, true}) {
    Sequences batch, alone;
    for (const Index length : {Index{5}, Index{17}, Index{61}}) batch.add(length);
    alone.add(61);
    const HostMatrix<T> q{83, width, Rng{1}}, k{83, width, Rng{2}}, v{83, width, Rng{3}}, dy{83, width, Rng{4}};
    const AttentionPattern pattern{heads, causal, false};
    HostMatrix<T> y{83, width}, saved{83, heads}, dq{83, width}, dk{83, width}, dv{83, width}, one_dq{61, width},
        one_dk{61, width}, one_dv{61, width};
    cpu.attention(q, k, v, batch, pattern, y, saved);
    cpu.attention_backward(q, k, v, batch, pattern, y, saved, dy, Acc<T>{dq, true}, Acc<T>{dk, true}, Acc<T>{dv, true});
    cpu.attention_backward(q.rows_of(22, 61), k.rows_of(22, 61), v.rows_of(22, 61), alone, pattern,
                           y.part(22, 61, 0, width), saved.part(22, 61, 0, heads), dy.rows_of(22, 61),
                           Acc<T>{one_dq, true}, Acc<T>{one_dk, true}, Acc<T>{one_dv, true});
    CHECK(same<T>(one_dq, dq.rows_of(22, 61)));
    CHECK(same<T>(one_dk, dk.rows_of(22, 61)));
    CHECK(same<T>(one_dv, dv.rows_of(22, 61)));
  }
}

TEST_CASE_TEMPLATE(
    "query_attention of an image has the same bits alone and in a batch, on any number of threads, in any layout of "
    "its weights",
    T, float, double) {
  Cpu<T> one{{.threads = 1}}, cpu{{.threads = 2}};
  struct Case {
    Index heads, d, k, first;
  };
  for (const Case& c :
       {Case{1, 1, 1, 0}, Case{3, 13, 40, 5}, Case{2, 64, 100, 33}, Case{35, 5, 70, 1}, Case{12, 32, 96, 384}})
    for (const Layout layout : all_panels) {
      const Index n = 70, t = 9, width = c.heads * c.d;
      const HostMatrix<T> q{n, width, Rng{1}}, x{n * t, c.k, Rng{2}}, stacked{c.first + width + 3, c.k, Rng{3}};
      const Packed<T> panels{Use::linear, 1, stacked, layout};
      const HostMatrix<T> rows = panels.unpacked(Use::linear, 1);
      HostMatrix<T> y{n, c.heads * c.k}, packed{n, c.heads * c.k}, alone{n, c.heads * c.k};
      cpu.query_attention(q, x, rows.rows_of(c.first, width), c.heads, y);
      cpu.query_attention(q, x, panels.weights(c.first), c.heads, packed);
      one.query_attention(q, x, panels.weights(c.first), c.heads, alone);
      INFO("layout ", static_cast<int>(layout), ", heads ", c.heads, ", d ", c.d, ", k ", c.k);
      CHECK(same<T>(packed, y));
      CHECK(same<T>(alone, y));
      for (const Index images : batches) {
        const Index i = n - images - images % 3;
        HostMatrix<T> part{images, y.cols};
        cpu.query_attention(q.rows_of(i, images), x.rows_of(i * t, images * t), panels.weights(c.first), c.heads, part);
        CHECK(same<T>(part, y.rows_of(i, images)));
      }
    }
}
