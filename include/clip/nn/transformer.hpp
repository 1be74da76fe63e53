// clip/nn/transformer.hpp: stack of residual transformer blocks, used by both towers.
#pragma once

#include <clip/nn/layers.hpp>
#include <clip/nn/residual_block.hpp>

#include <cstddef>
#include <string>
#include <type_traits>

namespace clip::inline CLIP_ABI {

namespace detail {

/// No module between blocks.
struct NothingBetween {
  template <class Config>
  constexpr NothingBetween(const Config&, const auto&...) {}
  static constexpr void members(auto&, auto&&) {}
};

template <class Blocks, class B, BlockConfig C>
struct BetweenOf {
  using type = NothingBetween;
};
template <class Blocks, class B, BlockConfig C>
  requires requires { typename Blocks::template between<B, C>; }
struct BetweenOf<Blocks, B, C> {
  using type = typename Blocks::template between<B, C>;
};

/// Nothing is done after blocks.
struct Untouched {};

}  // namespace detail

/// What a caller does to the rows after every block of a tower:
///   f(cx, block, x, sequences, pooled) : rows of the shape of x
/// x : all rows of `sequences`, or if `pooled` the pooled ones, after the last block. f must not overwrite x.
///   tower(cx, images, AfterBlocks{[&](auto& cx, Index block, auto x, const Sequences&, bool pooled) { … }})
template <class F>
struct AfterBlocks {
  F f;
};
template <class F>
AfterBlocks(F) -> AfterBlocks<F>;

/// A stack of N residual blocks, `transformer.resblocks.0` …: (rows, width) to (rows, width), or to (pooled, width).
///
/// `Blocks` is a family of blocks (nn/residual_block.hpp). If it has a member template `between<B, C>`, that module
/// runs between blocks and may change the number of rows (a token down-sampler):
///   bool after(Index block)                              whether it runs after this block
///   Rows<Cx, width> operator()(cx, block, x, sequences, Sequences& out)    the new rows, and how they belong together
/// Its constructor takes Known<C>, and the further arguments of the Transformer's if it can; its parameters are named `transformer.between.…`. The names of blocks begin with
/// `FirstName` where other blocks stand before them.
template <BlockConfig C, Index N, Backend B, class Blocks, std::size_t FirstName = 0>
struct Transformer {
  using Block = typename Blocks::template block<B, C>;
  using Between = typename detail::BetweenOf<Blocks, B, C>::type;
  static constexpr bool has_between = !std::is_same_v<Between, detail::NothingBetween>;

  Layers<Block, N, FirstName> resblocks;
  [[no_unique_address]] Between between;

  /// `config` is the configuration of every block, or a function from a block's number to its configuration. A size
  /// that differs between blocks must be dyn in C. OptionError: a function gives other sizes than a C without dyn.
  template <class Config, class... Given>
  constexpr Transformer(Size<N> layers, const Config& config, const Given&... given)
      : resblocks{layers, [&](Index i) { return of_block(config, i); }}, between{make_between(of_block(config, 0),
                                                                                              given...)} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("resblocks", self.resblocks);
    if constexpr (has_between) visit("between", self.between);
  }

  constexpr Index depth() const { return resblocks.size(); }

  /// All rows after the first `layers` blocks. `after` is AfterBlocks{f}, or nothing.          x : (rows, width)
  template <class Cx, class After = detail::Untouched>
  Rows<Cx, C.width> rows(Cx& cx, Rows<Cx, C.width> x, const Sequences& sequences, Index layers,
                         const After& after = {}) const {
    const Sequences* current = &sequences;
    return run(cx, x, current, layers, after);
  }

  /// The pooled rows after all blocks: (pooled, width). `after` is AfterBlocks{f}, or nothing.
  template <class Cx, class After = detail::Untouched>
  Rows<Cx, C.width> pooled(Cx& cx, Rows<Cx, C.width> x, const Sequences& sequences, const After& after = {}) const {
    const Index last = resblocks.size() - 1;
    const Sequences* current = &sequences;
    x = run(cx, x, current, last, after);
    if constexpr (requires { resblocks[last].pooled(cx, x, *current); }) x = resblocks[last].pooled(cx, x, *current);
    else x = gather(cx, step(cx, x, *current, resblocks[last]), current->pooled());
    return changed(cx, last, x, *current, true, after);
  }

 private:
  template <class... Given>
  static constexpr Between make_between(Known<C> config, const Given&... given) {
    if constexpr (std::is_constructible_v<Between, Known<C>, const Given&...>) return Between{config, given...};
    else return Between{config};
  }

  template <class Config>
  static constexpr Known<C> of_block(const Config& config, Index i) {
    if constexpr (requires { BlockConfig{config(i)}; }) {
      const BlockConfig own = config(i);
      if constexpr (C.fixed())
        if (!(own == C))
          raise(OptionError{"transformer", "block " + std::to_string(i), "the sizes in its type", "others"});
      return Known<C>{own};
    } else {
      return Known<C>{config};
    }
  }

  /// The rows after the first `layers` blocks. `sequences` becomes the result of the last module between blocks.
  template <class Cx, class After = detail::Untouched>
  Rows<Cx, C.width> run(Cx& cx, Rows<Cx, C.width> x, const Sequences*& sequences, Index layers,
                        const After& after = {}) const {
    for (Index i = 0; i < layers; ++i) {
      x = step(cx, x, *sequences, resblocks[i]);
      x = changed(cx, i, x, *sequences, false, after);
      if constexpr (has_between)
        if (between.after(i)) {
          Sequences& next = cx.template keep<Sequences>();
          x = between(cx, i, x, *sequences, next);
          sequences = &next;
        }
    }
    return x;
  }

  /// Not a stage of a tape: one that is recomputed would outlive `after`.
  template <class Cx, class After>
  static Rows<Cx, C.width> changed([[maybe_unused]] Cx& cx, [[maybe_unused]] Index block, Rows<Cx, C.width> x,
                                   [[maybe_unused]] const Sequences& sequences, [[maybe_unused]] bool pooled,
                                   [[maybe_unused]] const After& after) {
    if constexpr (std::is_same_v<After, detail::Untouched>) return x;
    else if constexpr (Cx::recording) return after.f(cx, block, x, sequences, pooled);
    else return cx.stage(x, [&](Rows<Cx, C.width> y) { return after.f(cx, block, y, sequences, pooled); });
  }

  template <class Cx>
  static Rows<Cx, C.width> step(Cx& cx, Rows<Cx, C.width> x, const Sequences& sequences, const Block& block) {
    return cx.stage(x, [&cx, &sequences, &block](Rows<Cx, C.width> y) { return block(cx, y, sequences); });
  }
};

}  // namespace clip::inline CLIP_ABI
