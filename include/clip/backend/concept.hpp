// clip/backend/concept.hpp: what a backend is: memory, and a short list of primitives with their formulas.
//
// Every primitive takes borrowed matrices whose memory the backend gave out and whose sizes are known at run time, so a
// kernel exists once per scalar type. `Naive` implements the list in plain loops: it is the documentation of each formula
// and the oracle every other backend is compared with. Promises every backend keeps:
//   - the order of additions of a result depends on the length of its sum alone: never on the number of rows, on the
//     neighbours in the batch, on threads or on sharing (the same bits however work is grouped);
//   - a target `Acc` is added to; while it is fresh it is written in full;
//   - `Ids`, `Sequences` and functors live on the host.
#pragma once

#include <clip/core/grid.hpp>
#include <clip/core/pointwise.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/weights.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// What happens to x wᵀ before it is stored:   y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut).
/// `before` receives the argument of f where backward will need it. Absent parts are null. `residual` or `shortcut` may be y itself.
template <class T, class F = fn::Identity>
struct Epilogue {
  In<T> bias{};  // (1, n)
  F activation{};
  Out<T> before{};   // (m, n)
  In<T> residual{};  // (m, n)
  In<T> scale{};     // (1, n)
  In<T> shortcut{};  // (m, n)
};

/// The second half of a pre-norm residual block:   x + w2 f(w1 x̂ + b1) + b2,  x̂ the layer norm of x : (m, k).
template <class T>
struct FeedForward {
  In<T> gain, bias;  // of the norm, (1, k)
  double epsilon;
  Weights<T> w1;  // (h, k)
  In<T> b1;       // (1, h)
  Weights<T> w2;  // (k, h)
  In<T> b2;       // (1, k)
};

/// Which rows attend to which: heads of consecutive columns; `causal` lets a row see only itself and what stands before it;
/// `pooled` says that the queries are those of Sequences::pooled() only.
struct AttentionPattern {
  Index heads = 1;
  bool causal = false;
  bool pooled = false;
};

/// Cross-entropy over the rows of a matrix of logits, or over its columns.
enum class Axis { rows, columns };

/// One AdamW step t (1, 2, …): m = β1 m + (1-β1) g;  v = β2 v + (1-β2) g²;  p = (1 - lr wd) p - lr m̂ / (√v̂ + ε)
/// with m̂ = m / (1 - β1ᵗ) and v̂ = v / (1 - β2ᵗ).  (Loshchilov & Hutter 2019)
struct AdamwStep {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
  double correction1, correction2;  // 1 - βᵗ
};

/// One step of SGD with momentum: g += wd p;  v = μ v + g (v = g in the first step);  p -= lr v
struct SgdStep {
  double learning_rate, momentum, weight_decay;
  bool first;
};

// clang-format off
template <class B>
concept Backend = std::copyable<B> && requires(B& b, typename B::Scalar* p, View<typename B::Scalar> y, View<const typename B::Scalar> x,
                                               Acc<typename B::Scalar> d, Weights<typename B::Scalar> w, Ids ids, const Sequences& sequences,
                                               Grid grid, Window window) {
  // Memory: zeros, aligned to 64 bytes; host_memory says that the host may read it outside primitives as well.
  { B::host_memory } -> std::convertible_to<bool>;
  { b.allocate(std::size_t{}) } -> std::same_as<void*>;
  b.deallocate(p, std::size_t{});
  b.upload(std::span<const float>{}, y);    // y = host values, converted
  b.upload(std::span<const double>{}, y);
  b.download(x, std::span<float>{});        // host = x, converted
  b.download(x, std::span<double>{});
  { b.describe() } -> std::same_as<std::string>;

  // Elementary.
  b.fill(y, typename B::Scalar{});          // y = value
  b.add(x, d);                              // d += x
  b.map(fn::QuickGelu{}, x, y);             // y = f(x)
  b.map_slope(fn::QuickGelu{}, x, x, d);    // d += dy f'(x)                                 (f, x, dy, d)
  b.exp_scale(x, x, d);                     // d += exp(s) x                                 (s, x, d), s : (1, 1)
  b.dot(x, x, d);                           // d += Σ a b                                    d : (1, 1)

  // Products. x : (m, k)
  b.linear(x, w, Epilogue<typename B::Scalar, fn::Identity>{}, y);   // y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut)   w : (n, k)
  b.project(x, w, Epilogue<typename B::Scalar, fn::Identity>{}, y);  // the same for x p                                     p : (k, n)
  b.outer(x, x, d);                         // d += aᵀ b                                     a : (r, n), b : (r, k), d : (n, k)
  b.column_sum(x, d);                       // d += Σ rows of x                              d : (1, n)

  // y = x + w2 f(w1 x̂ + b1) + b2: (x, …, f, room for x̂, room for f(…), y). What the two hold afterwards is not defined; y may be x.
  b.feed_forward(x, FeedForward<typename B::Scalar>{}, fn::QuickGelu{}, y, y, y);

  // Convolutions: the same for the windows of x, whose pixels are a grid.    x : (pixels, k), w : (n, k size²) as (n, k, size, size)
  b.convolve(x, w, grid, window, Epilogue<typename B::Scalar, fn::Identity>{}, y);  // y : (pixels of window.over(grid), n)
  b.convolve_backward(x, w, grid, window, d);             // dx += …                         (dy, w, grid, window, dx)
  b.convolve_outer(x, x, grid, window, d);                // dw += dyᵀ (windows of x)        (dy, x, grid, window, dw)
  b.average_pool(x, grid, Index{}, y);                    // y = mean of k × k pixels        (x, grid, k, y)
  b.average_pool_backward(x, grid, Index{}, d);           // (dy, grid, k, dx)
  b.channels_last(x, Index{}, y);                         // (images, channels) : (m, channels · pixels) -> (m · pixels, channels)
  b.channels_last_backward(x, Index{}, d);                // (dy, channels, dimages)

  // Columns. μ, σ² of the batch: saved : (2, n), or running: (1, n) each
  b.batch_norm(x, x, x, double{}, y, y);                  // y = (x - μ)/√(σ² + ε) γ + β     (x, γ, β, ε, y, saved)
  b.batch_norm_with(x, x, x, x, x, double{}, y);          // the same with given statistics  (x, μ, σ², γ, β, ε, y)
  b.batch_norm_backward(x, x, x, x, double{}, x, bool{}, d, d, d);  // (x, μ, σ², γ, ε, dy, whether μ, σ² are the batch's, dx, dγ, dβ)
  b.fold_batch_norm(x, x, x, x, double{}, y);             // y = (γ/√(σ² + ε), β - μ γ/√(σ² + ε))   (μ, σ², γ, β, ε, y), y : (2, n)
  b.blend(double{}, double{}, x, y);                      // y = keep y + share x            (keep, share, x, y)

  // Rows. saved : (m, 2) mean and 1/deviation; (m, 1) length
  b.layer_norm(x, x, x, double{}, y, y);                  // y = (x - μ)/√(σ² + ε) γ + β     (x, γ, β, ε, y, saved)
  b.layer_norm_backward(x, x, x, x, d, d, d);             // (x, γ, saved, dy, dx, dγ, dβ)
  b.normalize(x, y, y);                                   // y = x / |x|                     (x, y, saved)
  b.normalize_backward(x, x, x, d);                       // (x, saved, dy, dx)

  // Tables and images.
  b.gather(x, ids, d);                      // d_i += table_{ids i}                          a negative id is no row
  b.scatter_add(x, ids, d);                 // d_{ids i} += x_i, in the order of i
  b.patches(x, Index{}, Index{}, Index{}, y);             // (images, channels, size, patch, y): y : (n g², channels p²)
  b.patches_backward(x, Index{}, Index{}, Index{}, d);    // (dy, channels, size, patch, dimages)
  b.tokens(x, x, x, y);                     // (class, positions, x, y): y = [class; x] + positions, for every image
  b.tokens_backward(x, Index{}, d, d, d);   // (dy, g²+1, dclass, dpositions, dx)
  b.mean_token(x, x, y);                    // (x, positions, y): y = [mean of x; x] + positions, for every image
  b.mean_token_backward(x, Index{}, d, d);  // (dy, rows of an image + 1, dpositions, dx)

  // Attention over sequences: y = softmax(q kᵀ/√d) v per head. saved : (rows of q, heads), log Σ exp
  b.attention(x, x, x, sequences, AttentionPattern{}, y, y);                          // (q, k, v, …, y, saved)
  b.attention_backward(x, x, x, sequences, AttentionPattern{}, x, x, x, d, d, d);     // (q, k, v, …, y, saved, dy, dq, dk, dv)

  // One query a sequence, whose keys and values are its rows: per head   u = q_h w_h / √d,   y_h = Σ_j softmax_j(u · x_j) x_j
  b.query_attention(x, x, w, Index{}, y);   // (q, x, w, heads, y)    q : (n, heads d), x : (n t, k), w : (heads d, k), y : (n, heads k)

  // Cross-entropy: d += weight · mean over rows (columns) of (log Σ exp - mean of the logits whose groups are equal).
  b.cross_entropy(x, ids, ids, Axis::rows, double{}, d, y);            // (logits, groups of rows, of columns, axis, weight, d, saved)
  b.cross_entropy_backward(x, ids, ids, Axis::rows, double{}, x, x, d);  // (…, saved, dloss, dlogits)

  // Training. Scalars come back to the host.
  { b.sum_of_squares(x) } -> std::same_as<double>;
  { b.all_finite(x) } -> std::same_as<bool>;
  b.clamp(y, double{}, double{});
  b.scale(y, double{});
  b.adamw(y, x, y, y, AdamwStep{});         // (p, g, m, v, step)
  b.sgd(y, x, y, SgdStep{});                // (p, g, v, step)
};
// clang-format on

}  // namespace clip::inline CLIP_ABI
