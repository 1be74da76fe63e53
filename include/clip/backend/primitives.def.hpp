// clip/backend/primitives.def.hpp: the primitives of a backend as data: four lists of names, signatures and formulas.
//
// Every line is CLIP_PRIMITIVE(result, name, parameters, arguments), or CLIP_PRIMITIVE_OF_F(name, parameters,
// arguments) for a primitive that takes a function F; T is the scalar type. A file that includes this one defines which
// lists it wants (CLIP_PRIMITIVES_CORE, _CONVOLVING, _FUSING, _PACKING) and what a line expands to: a member, a table
// entry, a kernel. Without CLIP_PRIMITIVE a line is the requirement of a concept on a value `backend`. This file
// undefines all of these macros. A new primitive is one line here, a function in each backend, and a case in
// tests/support/primitives/.

#ifndef CLIP_PRIMITIVE
#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  requires requires parameters {                            \
    { backend.name arguments } -> std::same_as<result>;     \
  };
#endif
#ifndef CLIP_PRIMITIVE_OF_F
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments) CLIP_PRIMITIVE(void, name, parameters, arguments)
#endif
#ifndef CLIP_STATIC_PRIMITIVE  // a static member function
#define CLIP_STATIC_PRIMITIVE(result, name, parameters, arguments) CLIP_PRIMITIVE(result, name, parameters, arguments)
#endif

// clang-format off
#ifdef CLIP_PRIMITIVES_CORE  // backend/concept.hpp: what every backend has

// Elementary: y = value;   d += x;   y = f(x);   d += dy f'(x);   d += exp(s) x;   sum += Σ a b,  s, sum : (1, 1)
CLIP_PRIMITIVE(void, fill, (Out<T> y, T value), (y, value))
CLIP_PRIMITIVE(void, add, (In<T> x, Acc<T> d), (x, d))
CLIP_PRIMITIVE_OF_F(map, (F f, In<T> x, Out<T> y), (f, x, y))
CLIP_PRIMITIVE_OF_F(map_slope, (F f, In<T> x, In<T> dy, Acc<T> d), (f, x, dy, d))
CLIP_PRIMITIVE(void, exp_scale, (In<T> s, In<T> x, Acc<T> d), (s, x, d))
CLIP_PRIMITIVE(void, dot, (In<T> a, In<T> b, Acc<T> sum), (a, b, sum))

// Products: y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut), x : (m, k), w : (n, k);   the same for x p, p : (k, n);
//   c += aᵀ b, a : (r, n), b : (r, k), c : (n, k);   sum += Σ rows of x, sum : (1, n)
CLIP_PRIMITIVE_OF_F(linear, (In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y), (x, w, epilogue, y))
CLIP_PRIMITIVE_OF_F(project, (In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y), (x, p, epilogue, y))
CLIP_PRIMITIVE(void, outer, (In<T> a, In<T> b, Acc<T> c), (a, b, c))
CLIP_PRIMITIVE(void, column_sum, (In<T> x, Acc<T> sum), (x, sum))

// Norms of rows: y = (x - μ)/√(σ² + ε) γ + β, saved : (m, 2) mean and 1/deviation;   y = x / |x|, saved : (m, 1) length
CLIP_PRIMITIVE(void, layer_norm, (In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved),
               (x, gain, bias, epsilon, y, saved))
CLIP_PRIMITIVE(void, layer_norm_backward, (In<T> x, In<T> gain, In<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain,
                                           Acc<T> dbias),
               (x, gain, saved, dy, dx, dgain, dbias))
CLIP_PRIMITIVE(void, normalize, (In<T> x, Out<T> y, Saved<T> saved), (x, y, saved))
CLIP_PRIMITIVE(void, normalize_backward, (In<T> x, In<T> saved, In<T> dy, Acc<T> dx), (x, saved, dy, dx))

// Tables: d_i += table_{ids i};   table_{ids i} += x_i, in the order of i; nothing where an id is negative
CLIP_PRIMITIVE(void, gather, (In<T> table, Ids ids, Acc<T> d), (table, ids, d))
CLIP_PRIMITIVE(void, scatter_add, (In<T> x, Ids ids, Acc<T> table), (x, ids, table))

// Attention over sequences: y = softmax(q kᵀ/√d) v per head, saved : (rows of q, heads) = log Σ exp
CLIP_PRIMITIVE(void, attention, (In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern,
                                 Out<T> y, Saved<T> saved),
               (q, k, v, sequences, pattern, y, saved))
CLIP_PRIMITIVE(void, attention_backward, (In<T> q, In<T> k, In<T> v, const Sequences& sequences,
                                          AttentionPattern pattern, In<T> y, In<T> saved, In<T> dy, Acc<T> dq,
                                          Acc<T> dk, Acc<T> dv),
               (q, k, v, sequences, pattern, y, saved, dy, dq, dk, dv))

// Cross-entropy: loss += weight · mean over rows (columns) of (log Σ exp - mean of the logits whose groups are equal)
CLIP_PRIMITIVE(void, cross_entropy, (In<T> logits, Ids rows, Ids cols, Axis axis, double weight, Acc<T> loss,
                                     Saved<T> saved),
               (logits, rows, cols, axis, weight, loss, saved))
CLIP_PRIMITIVE(void, cross_entropy_backward, (In<T> logits, Ids rows, Ids cols, Axis axis, double weight,
                                              In<T> saved, In<T> dloss, Acc<T> dlogits),
               (logits, rows, cols, axis, weight, saved, dloss, dlogits))

// Training: whether all x are finite, returned to the host;   y = keep y + share x, x may be y
CLIP_PRIMITIVE(bool, all_finite, (In<T> x), (x))
CLIP_PRIMITIVE(void, blend, (double keep, double share, In<T> x, Out<T> y), (keep, share, x, y))

// One step over a table of weights: *numbers = StepNumbers::of(loss, Σ g² over the table, most), an absent loss is 0;
//   one step of an optimiser with gradients factor · g, then every weight is clamped to its range. `numbers` is in the
//   backend's memory, and nothing is returned to the host. Where it is not finite() the update changes nothing; where
//   it is null the factor is 1 and nothing is checked
CLIP_PRIMITIVE(void, measure, (const UpdateTable<T>& table, In<T> loss, double most, StepNumbers* numbers),
               (table, loss, most, numbers))
CLIP_PRIMITIVE(void, adamw, (const UpdateTable<T>& table, const AdamwStep& step, const StepNumbers* numbers),
               (table, step, numbers))
CLIP_PRIMITIVE(void, sgd, (const UpdateTable<T>& table, const SgdStep& step, const StepNumbers* numbers),
               (table, step, numbers))
#endif

#ifdef CLIP_PRIMITIVES_CONVOLVING  // backend/convolving.hpp: images whose pixels are rows

// The product of `linear` for the windows of x
//   x : (pixels, k), w : (n, k size²) as (n, k, size, size), y : (pixels of window.over(grid), n)
CLIP_PRIMITIVE_OF_F(convolve, (In<T> x, Weights<T> w, Grid grid, Window window, const Epilogue<T, F>& epilogue,
                               Out<T> y),
                    (x, w, grid, window, epilogue, y))
CLIP_PRIMITIVE(void, convolve_backward, (In<T> dy, Weights<T> w, Grid grid, Window window, Acc<T> dx),
               (dy, w, grid, window, dx))
CLIP_PRIMITIVE(void, convolve_outer, (In<T> dy, In<T> x, Grid grid, Window window, Acc<T> dw),
               (dy, x, grid, window, dw))

// Depthwise: every output channel reads one input channel, n / (outputs per channel)
//   x : (pixels, k), w : (n, height width) as (n, 1, height, width), y : (pixels of window.over(grid), n), n a multiple
//   of k
CLIP_PRIMITIVE_OF_F(depthwise, (In<T> x, In<T> w, Grid grid, CentredWindow window, const Epilogue<T, F>& epilogue,
                                Out<T> y),
                    (x, w, grid, window, epilogue, y))
CLIP_PRIMITIVE(void, depthwise_backward, (In<T> dy, In<T> w, Grid grid, CentredWindow window, Acc<T> dx),
               (dy, w, grid, window, dx))
CLIP_PRIMITIVE(void, depthwise_outer, (In<T> dy, In<T> x, Grid grid, CentredWindow window, Acc<T> dw),
               (dy, x, grid, window, dw))

// Gates: y = residual + x ⊙ s, one row of s for x.rows / s.rows rows of x;   ds += Σ over these rows of dy ⊙ x
CLIP_PRIMITIVE(void, gate, (In<T> x, In<T> s, In<T> residual, Out<T> y), (x, s, residual, y))
CLIP_PRIMITIVE(void, gate_backward, (In<T> x, In<T> s, In<T> dy, Acc<T> dx, Acc<T> ds), (x, s, dy, dx, ds))

// y = the largest of the pixels under a window, padding apart;   dx(pixel) += Σ of dy(output) over the windows whose first
//   largest pixel it is.   x, dx : (pixels, n), y, dy : (pixels of window.over(grid), n)
CLIP_PRIMITIVE(void, max_pool, (In<T> x, Grid grid, Window window, Out<T> y), (x, grid, window, y))
CLIP_PRIMITIVE(void, max_pool_backward, (In<T> x, In<T> dy, Grid grid, Window window, Acc<T> dx),
               (x, dy, grid, window, dx))

// y = mean of k × k pixels;   images (n, channels · pixels) as rows of pixels (n · pixels, channels)
CLIP_PRIMITIVE(void, average_pool, (In<T> x, Grid grid, Index k, Out<T> y), (x, grid, k, y))
CLIP_PRIMITIVE(void, average_pool_backward, (In<T> dy, Grid grid, Index k, Acc<T> dx), (dy, grid, k, dx))
CLIP_PRIMITIVE(void, channels_last, (In<T> images, Index channels, Out<T> y), (images, channels, y))
CLIP_PRIMITIVE(void, channels_last_backward, (In<T> dy, Index channels, Acc<T> dimages), (dy, channels, dimages))

// Norms of columns: y = (x - μ)/√(σ² + ε) γ + β, μ and σ² of the batch, saved : (2, n);   with given ones, (1, n) each;
//   their derivative;   y = (γ/√(σ² + ε), β - μ γ/√(σ² + ε)) : (2, n)
CLIP_PRIMITIVE(void, batch_norm, (In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved),
               (x, gain, bias, epsilon, y, saved))
CLIP_PRIMITIVE(void, batch_norm_with, (In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon,
                                       Out<T> y),
               (x, mean, variance, gain, bias, epsilon, y))
CLIP_PRIMITIVE(void, batch_norm_backward, (In<T> x, In<T> mean, In<T> variance, In<T> gain, double epsilon, In<T> dy,
                                           bool of_batch, Acc<T> dx, Acc<T> dgain, Acc<T> dbias),
               (x, mean, variance, gain, epsilon, dy, of_batch, dx, dgain, dbias))
CLIP_PRIMITIVE(void, fold_batch_norm, (In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y),
               (mean, variance, gain, bias, epsilon, y))
#endif

#ifdef CLIP_PRIMITIVES_FUSING  // backend/fusing.hpp: faster forms of what the core list can compute

// y = residual + scale ⊙ (w2 f(w1 x̂ + b1)) + b2, x̂ the layer norm of x, or x; `normed` and `hidden` are scratch for
// x̂ and f(…), y may be x or the residual
CLIP_PRIMITIVE_OF_F(feed_forward, (In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y),
                    (x, mlp, f, normed, hidden, y))

// One query per sequence, whose keys and values are its rows
//   per head: u = q_h w_h / √d,   y_h = Σ_j softmax_j(u · x_j) x_j
//   q : (n, heads d), x : (n t, k), w : (heads d, k), y : (n, heads k)
CLIP_PRIMITIVE(void, query_attention, (In<T> q, In<T> x, Weights<T> w, Index heads, Out<T> y), (q, x, w, heads, y))

// Images (n, channels · size²) cut into g × g patches, one row each: y : (n g², channels patch²)
CLIP_PRIMITIVE(void, patches, (In<T> images, Index channels, Index size, Index patch, Out<T> y),
               (images, channels, size, patch, y))
CLIP_PRIMITIVE(void, patches_backward, (In<T> dy, Index channels, Index size, Index patch, Acc<T> dimages),
               (dy, channels, size, patch, dimages))
#endif

#ifdef CLIP_PRIMITIVES_PACKING  // backend/packing.hpp: weights in the layouts of a backend

// w, as `use` reads it, into a layout and back;   the bytes of a weight of n outputs and k inputs
CLIP_PRIMITIVE(void, pack, (Use use, Index window, In<T> w, Layout layout, std::byte* to), (use, window, w, layout, to))
CLIP_PRIMITIVE(void, unpack, (Use use, Index window, const std::byte* from, Layout layout, View<T> w),
               (use, window, from, layout, w))
CLIP_STATIC_PRIMITIVE(std::size_t, packed_bytes, (Layout layout, Index n, Index k), (layout, n, k))
#endif
// clang-format on

#undef CLIP_PRIMITIVE
#undef CLIP_PRIMITIVE_OF_F
#undef CLIP_STATIC_PRIMITIVE
#undef CLIP_PRIMITIVES_CORE
#undef CLIP_PRIMITIVES_CONVOLVING
#undef CLIP_PRIMITIVES_FUSING
#undef CLIP_PRIMITIVES_PACKING
