// clip/nn/mlp.hpp: MLP of a transformer block: two linear layers with an activation between.
#pragma once

#include <clip/config/block.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/linear.hpp>
#include <clip/ops/feed_forward.hpp>

namespace clip::inline CLIP_ABI {

/// y = residual + W2 act(W1 x + b1) + b2.        x, y : (rows, width)
/// Of an MLP without hidden units (config/pruned_blocks.hpp) remains residual + b2.
template <Backend B, BlockConfig C>
struct Mlp {
  [[no_unique_address]] Known<C> config;  // empty unless some size is known only at run time
  Linear<B, C.width, C.hidden> c_fc{config->width, config->hidden};
  Linear<B, C.hidden, C.width> c_proj{config->hidden, config->width};

  constexpr Mlp(Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("c_fc", self.c_fc);
    visit("c_proj", self.c_proj);
  }

  /// `residual` is rows, onto(rows), or absent.
  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, auto residual) const {
    if constexpr (C.hidden == dyn)
      if (config->hidden == 0) return c_proj.added_to(cx, residual, cx.allocate(x.rows(), Size<dyn>{0}));
    const auto hidden = visit_activation(config, [&](auto f) { return c_fc.with(cx, f, x); });
    return c_proj.added_to(cx, residual, hidden);
  }

  /// x + mlp(norm(x)). Inference overwrites x.
  template <class Cx, Index W>
  Rows<Cx, C.width> pre_norm(Cx& cx, const LayerNorm<B, C.width>& norm, Rows<Cx, W> x) const {
    const Rows<Cx, C.width> rows{x};
    if constexpr (C.hidden == dyn)
      if (config->hidden == 0) return (*this)(cx, rows, onto(rows));
    if constexpr (Cx::recording) return (*this)(cx, norm(cx, rows), onto(rows));
    else
      return visit_activation(config, [&]<class F>(F) {
        return feed_forward<F>(cx, rows, norm.weight, norm.bias, static_cast<double>(norm.epsilon), c_fc.weight,
                               c_fc.bias, c_proj.weight, c_proj.bias);
      });
  }
};

}  // namespace clip::inline CLIP_ABI
