// clip/backend/precompiled/primitives.hpp: the list of primitives that cross the boundary to compiled kernels, once for all.
//
// PRIMITIVE(result, name, parameters, arguments), T being the scalar type. Table, kernels and backend are made of this list; a
// primitive that takes a function (map, map_slope, linear, project, feed_forward, convolve) is written out beside it.
#pragma once

// clang-format off
#define CLIP_PRECOMPILED_PRIMITIVES(PRIMITIVE) \
  PRIMITIVE(void, fill, (Out<T> y, T value), (y, value)) \
  PRIMITIVE(void, add, (In<T> x, Acc<T> y), (x, y)) \
  PRIMITIVE(void, exp_scale, (In<T> s, In<T> x, Acc<T> y), (s, x, y)) \
  PRIMITIVE(void, dot, (In<T> a, In<T> b, Acc<T> sum), (a, b, sum)) \
  PRIMITIVE(void, outer, (In<T> a, In<T> b, Acc<T> c), (a, b, c)) \
  PRIMITIVE(void, column_sum, (In<T> x, Acc<T> sum), (x, sum)) \
  PRIMITIVE(void, convolve_backward, (In<T> dy, Weights<T> w, Grid grid, Window window, Acc<T> dx), (dy, w, grid, window, dx)) \
  PRIMITIVE(void, convolve_outer, (In<T> dy, In<T> x, Grid grid, Window window, Acc<T> dw), (dy, x, grid, window, dw)) \
  PRIMITIVE(void, average_pool, (In<T> x, Grid grid, Index k, Out<T> y), (x, grid, k, y)) \
  PRIMITIVE(void, average_pool_backward, (In<T> dy, Grid grid, Index k, Acc<T> dx), (dy, grid, k, dx)) \
  PRIMITIVE(void, channels_last, (In<T> images, Index channels, Out<T> y), (images, channels, y)) \
  PRIMITIVE(void, channels_last_backward, (In<T> dy, Index channels, Acc<T> dimages), (dy, channels, dimages)) \
  PRIMITIVE(void, batch_norm, (In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved), (x, gain, bias, epsilon, y, saved)) \
  PRIMITIVE(void, batch_norm_with, (In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y), \
            (x, mean, variance, gain, bias, epsilon, y)) \
  PRIMITIVE(void, batch_norm_backward, (In<T> x, In<T> mean, In<T> variance, In<T> gain, double epsilon, In<T> dy, bool of_batch, Acc<T> dx, \
            Acc<T> dgain, Acc<T> dbias), \
            (x, mean, variance, gain, epsilon, dy, of_batch, dx, dgain, dbias)) \
  PRIMITIVE(void, fold_batch_norm, (In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y), (mean, variance, gain, bias, epsilon, y)) \
  PRIMITIVE(void, blend, (double keep, double share, In<T> x, Out<T> y), (keep, share, x, y)) \
  PRIMITIVE(void, layer_norm, (In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved), (x, gain, bias, epsilon, y, saved)) \
  PRIMITIVE(void, layer_norm_backward, (In<T> x, In<T> gain, In<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain, Acc<T> dbias), \
            (x, gain, saved, dy, dx, dgain, dbias)) \
  PRIMITIVE(void, normalize, (In<T> x, Out<T> y, Saved<T> saved), (x, y, saved)) \
  PRIMITIVE(void, normalize_backward, (In<T> x, In<T> saved, In<T> dy, Acc<T> dx), (x, saved, dy, dx)) \
  PRIMITIVE(void, gather, (In<T> rows, Ids ids, Acc<T> y), (rows, ids, y)) \
  PRIMITIVE(void, scatter_add, (In<T> x, Ids ids, Acc<T> rows), (x, ids, rows)) \
  PRIMITIVE(void, patches, (In<T> images, Index channels, Index size, Index patch, Out<T> y), (images, channels, size, patch, y)) \
  PRIMITIVE(void, patches_backward, (In<T> dy, Index channels, Index size, Index patch, Acc<T> dimages), (dy, channels, size, patch, dimages)) \
  PRIMITIVE(void, tokens, (In<T> class_embedding, In<T> positions, In<T> x, Out<T> y), (class_embedding, positions, x, y)) \
  PRIMITIVE(void, tokens_backward, (In<T> dy, Index length, Acc<T> dclass, Acc<T> dpositions, Acc<T> dx), (dy, length, dclass, dpositions, dx)) \
  PRIMITIVE(void, mean_token, (In<T> x, In<T> positions, Out<T> y), (x, positions, y)) \
  PRIMITIVE(void, mean_token_backward, (In<T> dy, Index length, Acc<T> dpositions, Acc<T> dx), (dy, length, dpositions, dx)) \
  PRIMITIVE(void, attention, (In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, Out<T> y, Saved<T> saved), \
            (q, k, v, sequences, pattern, y, saved)) \
  PRIMITIVE(void, attention_backward, (In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, In<T> y, In<T> saved, \
            In<T> dy, Acc<T> dq, Acc<T> dk, Acc<T> dv), \
            (q, k, v, sequences, pattern, y, saved, dy, dq, dk, dv)) \
  PRIMITIVE(void, query_attention, (In<T> q, In<T> x, Weights<T> w, Index heads, Out<T> y), (q, x, w, heads, y)) \
  PRIMITIVE(void, cross_entropy, (In<T> logits, Ids rows, Ids cols, Axis axis, double weight, Acc<T> loss, Saved<T> saved), \
            (logits, rows, cols, axis, weight, loss, saved)) \
  PRIMITIVE(void, cross_entropy_backward, (In<T> logits, Ids rows, Ids cols, Axis axis, double weight, In<T> saved, In<T> dloss, Acc<T> dlogits), \
            (logits, rows, cols, axis, weight, saved, dloss, dlogits)) \
  PRIMITIVE(double, sum_of_squares, (In<T> x), (x)) \
  PRIMITIVE(bool, all_finite, (In<T> x), (x)) \
  PRIMITIVE(void, clamp, (Out<T> x, double low, double high), (x, low, high)) \
  PRIMITIVE(void, scale, (Out<T> x, double factor), (x, factor)) \
  PRIMITIVE(void, adamw, (Out<T> p, In<T> g, Out<T> m, Out<T> v, const AdamwStep& step), (p, g, m, v, step)) \
  PRIMITIVE(void, sgd, (Out<T> p, In<T> g, Out<T> velocity, const SgdStep& step), (p, g, velocity, step)) \
  PRIMITIVE(void, pack, (Use use, Index window, In<T> w, Layout layout, std::byte* to), (use, window, w, layout, to)) \
  PRIMITIVE(void, unpack, (Use use, Index window, const std::byte* from, Layout layout, View<T> w), (use, window, from, layout, w))

/// The same for a function of the backend's type: what packed weights take depends on the kernels chosen.
#define CLIP_PRECOMPILED_STATICS(PRIMITIVE) PRIMITIVE(std::size_t, packed_bytes, (Layout layout, Index n, Index k), (layout, n, k))
// clang-format on
