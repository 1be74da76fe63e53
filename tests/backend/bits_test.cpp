// The same bits, however work is grouped: rows, columns, layouts, threads, neighbours in the batch, shared beginnings.
#include <clip/backend/cpu.hpp>
#include <clip/core/half.hpp>

#include "../support/same.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

constexpr std::array<Index, 13> batches{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 25, 64};

template <class T>
struct Matrix {
  Index rows, cols;
  std::vector<T> values;

  Matrix(Index rows_, Index cols_) : rows{rows_}, cols{cols_}, values(static_cast<std::size_t>(rows * cols)) {}
  Matrix(Index rows_, Index cols_, Rng rng, double scale = 1) : Matrix{rows_, cols_} {
    for (T& value : values) value = static_cast<T>(scale * rng.normal());
  }
  T& operator()(Index i, Index j) { return values[static_cast<std::size_t>(i * cols + j)]; }
  T operator()(Index i, Index j) const { return values[static_cast<std::size_t>(i * cols + j)]; }
  operator View<T>() { return {values.data(), rows, cols}; }
  operator In<T>() const { return {values.data(), rows, cols}; }
  View<T> part(Index i, Index m, Index j, Index n) { return View<T>(*this).middle_rows(i, m).middle_cols(j, n); }
  In<T> part(Index i, Index m, Index j, Index n) const { return In<T>(*this).middle_rows(i, m).middle_cols(j, n); }
  In<T> rows_of(Index i, Index m) const { return part(i, m, 0, cols); }
};

/// Row by row the same bytes.
template <class T>
bool same(In<T> a, In<T> b) {
  if (a.rows != b.rows || a.cols != b.cols) return false;
  for (Index i = 0; i < a.rows; ++i)
    if (std::memcmp(a.row(i), b.row(i), static_cast<std::size_t>(a.cols) * sizeof(T)) != 0) return false;
  return true;
}

/// A weight in panels, with the memory it lies in.
template <class T>
struct Packed {
  Index rows, cols;
  Layout layout;
  std::vector<std::byte> panels;
  Packed(Use use, Index window, In<T> w, Layout layout_) : rows{w.rows}, cols{w.cols}, layout{layout_} {
    panels.resize(use == Use::project ? Cpu<T>::packed_bytes(layout, cols, rows) : Cpu<T>::packed_bytes(layout, rows, cols));
    Cpu<T>{{.threads = 2}}.pack(use, window, w, layout, panels.data());
  }
  Weights<T> weights(Index first = 0) const { return {In<T>{reinterpret_cast<const T*>(panels.data()), rows, cols}, layout, first}; }
  Matrix<T> unpacked(Use use, Index window) const {
    Matrix<T> w{rows, cols};
    Cpu<T>{{.threads = 2}}.unpack(use, window, panels.data(), layout, w);
    return w;
  }
};

constexpr std::array all_panels{Layout::panels, Layout::half_panels, Layout::bfloat16_panels, Layout::int8_panels};

}  // namespace

TEST_CASE_TEMPLATE("every primitive gives the same bits on any number of threads", T, float, double) {
  for (const Arithmetic arithmetic : {Arithmetic::full, Arithmetic::bfloat16})
    for (const Setting& setting : {Setting{301, 147, 65, false, false, true}, Setting{260, 192, 64, true, true, true}}) {
      Cpu<T> one{{1, arithmetic}}, two{{2, arithmetic}}, three{{3, arithmetic}};
      const auto alone = run_primitives(one, setting);
      check_equal(alone, run_primitives(two, setting));
      check_equal(alone, run_primitives(three, setting));
    }
}

TEST_CASE("copies of a handle used by several host threads at once give the same bits") {
  Cpu<float> cpu{{.threads = 2}};
  const Setting setting{150, 96, 48, false, false, true};
  const auto alone = run_primitives(cpu, setting);
  for (const auto& result : run_by_three_callers(cpu, setting)) check_equal(alone, result);
}

TEST_CASE_TEMPLATE("a row of a product does not depend on its neighbours, a column not on its place, a weight not on its layout", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const auto& size : {std::array<Index, 2>{1, 1}, {7, 5}, {33, 17}, {100, 147}, {65, 64}, {70, 1100}}) {
    const Index m = 230, n = size[0], k = size[1];
    const Matrix<T> x{m, k, Rng{1}}, w{n, k, Rng{2}}, bias{1, n, Rng{3}}, residual{m, n, Rng{4}};
    Matrix<T> across{k, n};
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < k; ++j) across(j, i) = w(i, j);
    const Packed<T> panels{Use::linear, 1, w, Layout::panels}, projected{Use::project, 1, across, Layout::panels};
    const Weights<T> packed = panels.weights();

    Matrix<T> y{m, n}, before{m, n};
    cpu.linear(x, In<T>(w), Epilogue<T, fn::QuickGelu>{bias, {}, before, residual}, y);
    const auto check = [&](auto&& run, Index i, Index rows, Index j, Index cols) {
      Matrix<T> part{rows, cols}, part_before{rows, cols};
      run(x.rows_of(i, rows), Epilogue<T, fn::QuickGelu>{bias.part(0, 1, j, cols), {}, part_before, residual.part(i, rows, j, cols)}, View<T>(part));
      CHECK(same<T>(part, y.part(i, rows, j, cols)));
      CHECK(same<T>(part_before, before.part(i, rows, j, cols)));
    };
    for (const Index rows : batches) {
      const Index i = m - rows - rows % 3;
      INFO("rows ", rows, ", n ", n, ", k ", k);
      check([&](auto in, auto e, auto out) { cpu.linear(in, In<T>(w), e, out); }, i, rows, 0, n);
      check([&](auto in, auto e, auto out) { cpu.linear(in, packed, e, out); }, i, rows, 0, n);
      check([&](auto in, auto e, auto out) { cpu.project(in, In<T>(across), e, out); }, i, rows, 0, n);
      for (const Index first : {Index{1}, n / 2, n - 1}) {
        if (first < 0 || first >= n) continue;
        const Index cols = std::max<Index>(1, (n - first) / 2);
        const Weights<T> slice = panels.weights(first);
        check([&](auto in, auto e, auto out) { cpu.linear(in, slice, e, out); }, i, rows, first, cols);
        check([&](auto in, auto e, auto out) { cpu.linear(in, w.part(first, cols, 0, k), e, out); }, i, rows, first, cols);
        check([&](auto in, auto e, auto out) { cpu.project(in, In<T>(across.part(0, k, first, cols)), e, out); }, i, rows, first, cols);
      }
    }
    CHECK(projected.panels == panels.panels);
    CHECK(same<T>(panels.unpacked(Use::linear, 1), w));
    CHECK(same<T>(projected.unpacked(Use::project, 1), across));
  }
}

TEST_CASE_TEMPLATE("in every layout of weights a row does not depend on its neighbours, a column not on its place, nor anything on threads", T, float, double) {
  Cpu<T> one{{.threads = 1}}, cpu{{.threads = 2}};
  for (const Layout layout : all_panels)
    for (const auto& size : {std::array<Index, 2>{1, 1}, {7, 3}, {33, 17}, {100, 147}, {70, 1101}, {40, 2050}, {40, 4500}}) {
      const Index m = 230, n = size[0], k = size[1];
      const Matrix<T> x{m, k, Rng{1}}, w{n, k, Rng{2}}, bias{1, n, Rng{3}};
      const Packed<T> panels{Use::linear, 1, w, layout};
      Matrix<T> y{m, n}, alone{m, n};
      const auto epilogue = [&](Index j, Index cols) { return Epilogue<T, fn::QuickGelu>{.bias = bias.part(0, 1, j, cols)}; };
      cpu.linear(x, panels.weights(), epilogue(0, n), y);
      one.linear(x, panels.weights(), epilogue(0, n), alone);
      CHECK(same<T>(alone, y));
      for (const Index rows : batches) {
        const Index i = m - rows - rows % 3;
        INFO("layout ", static_cast<int>(layout), ", rows ", rows, ", n ", n, ", k ", k);
        Matrix<T> part{rows, n};
        cpu.linear(x.rows_of(i, rows), panels.weights(), epilogue(0, n), part);
        CHECK(same<T>(part, y.rows_of(i, rows)));
        for (const Index first : {n / 2, n - 1}) {
          const Index cols = std::max<Index>(1, (n - first) / 2);
          Matrix<T> slice{rows, cols};
          cpu.linear(x.rows_of(i, rows), panels.weights(first), epilogue(first, cols), slice);
          CHECK(same<T>(slice, y.part(i, rows, first, cols)));
        }
      }
    }
}

TEST_CASE("products in bfloat16 have the same bits whether weights were packed before or lie in rows") {
  Cpu<float> cpu{{.threads = 2}}, reduced{{.threads = 2, .arithmetic = Arithmetic::bfloat16}};
  for (const auto& size : {std::array<Index, 3>{1, 1, 1}, {5, 33, 17}, {50, 100, 600}, {230, 70, 1101}}) {
    const Index m = size[0], n = size[1], k = size[2];
    const Matrix<float> x{m, k, Rng{1}}, w{n, k, Rng{2}};
    Matrix<float> across{k, n}, before{m, n}, linear{m, n}, project{m, n};
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < k; ++j) across(j, i) = w(i, j);
    const Packed<float> panels{Use::linear, 1, w, Layout::bfloat16_panels};
    cpu.linear(x, panels.weights(), Epilogue<float>{}, before);
    reduced.linear(x, In<float>(w), Epilogue<float>{}, linear);
    reduced.project(x, In<float>(across), Epilogue<float>{}, project);
    CHECK(same<float>(linear, project));
    if (detail::takes<detail::Pairs, float>) CHECK(same<float>(linear, before));
  }
}

TEST_CASE_TEMPLATE("a picture's convolution does not depend on its neighbours in the batch, a channel not on its place, a weight not on its layout", T, float,
                   double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}, Window{3, 2, 1}, Window{2, 2, 0}})
    for (const auto& channels : {std::array<Index, 2>{3, 7}, {40, 70}, {130, 33}}) {
      const Index k = channels[0], n = channels[1], images = 7;
      const Grid grid{images, 9, 6};
      const Index pixels = grid.pixels(), places = window.over(grid).pixels(), inputs = k * window.area();
      const Matrix<T> x{grid.rows(), k, Rng{1}}, w{n, inputs, Rng{2}}, scale{1, n, Rng{3}}, bias{1, n, Rng{4}}, shortcut{images * places, n, Rng{5}};
      const Packed<T> panels{Use::convolution, window.size, w, Layout::panels};
      const Weights<T> packed = panels.weights();
      CHECK(same<T>(panels.unpacked(Use::convolution, window.size), w));

      const auto epilogue = [&](Index image, Index count, Index j, Index cols) {
        return Epilogue<T, fn::Relu>{
            .bias = bias.part(0, 1, j, cols), .scale = scale.part(0, 1, j, cols), .shortcut = shortcut.part(image * places, count * places, j, cols)};
      };
      Matrix<T> y{images * places, n}, dx{grid.rows(), k};
      cpu.convolve(x, packed, grid, window, epilogue(0, images, 0, n), y);
      cpu.convolve_backward(y, In<T>(w), grid, window, Acc<T>{dx, true});
      for (const auto& some_images : {std::array<Index, 2>{0, 1}, {3, 1}, {2, 3}, {6, 1}}) {
        const Index image = some_images[0], count = some_images[1];
        INFO("window ", window.size, ", stride ", window.stride, ", channels ", k, " -> ", n, ", images ", image, " + ", count);
        const Grid part{count, grid.height, grid.width};
        Matrix<T> some{count * places, n}, some_dx{count * pixels, k};
        cpu.convolve(x.rows_of(image * pixels, count * pixels), packed, part, window, epilogue(image, count, 0, n), some);
        CHECK(same<T>(some, y.rows_of(image * places, count * places)));
        cpu.convolve(x.rows_of(image * pixels, count * pixels), In<T>(w), part, window, epilogue(image, count, 0, n), some);
        CHECK(same<T>(some, y.rows_of(image * places, count * places)));
        cpu.convolve_backward(some, In<T>(w), part, window, Acc<T>{some_dx, true});
        CHECK(same<T>(some_dx, dx.rows_of(image * pixels, count * pixels)));
        const Index j = n / 2, cols = n / 3;
        Matrix<T> narrow{count * places, cols};
        cpu.convolve(x.rows_of(image * pixels, count * pixels), w.part(j, cols, 0, inputs), part, window, epilogue(image, count, j, cols), narrow);
        CHECK(same<T>(narrow, y.part(image * places, count * places, j, cols)));
      }
    }
}

TEST_CASE("weights in half give a convolution the bits of the numbers they stand for") {
  Cpu<float> cpu{{.threads = 2}};
  const Grid grid{2, 8, 7};
  for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}}) {
    const Index k = 20, n = 40, inputs = k * window.area();
    const Matrix<float> x{grid.rows(), k, Rng{1}};
    Matrix<float> w{n, inputs, Rng{2}}, y{grid.rows(), n}, packed_y{grid.rows(), n};
    for (float& v : w.values) v = half_to_float(float_to_half(v));
    const Packed<float> halves{Use::convolution, window.size, w, Layout::half_panels};
    cpu.convolve(x, In<float>(w), grid, window, Epilogue<float>{}, y);
    cpu.convolve(x, halves.weights(), grid, window, Epilogue<float>{}, packed_y);
    CHECK(same<float>(packed_y, y));
  }
}

TEST_CASE_TEMPLATE("a channel's statistics do not depend on the channels beside it, nor a pooled pixel on its batch", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index m = 500, n = 70;
  const Matrix<T> x{m, n, Rng{1}}, dy{m, n, Rng{2}}, gain{1, n, Rng{3}}, bias{1, n, Rng{4}};
  Matrix<T> y{m, n}, saved{2, n}, dx{m, n}, dgain{1, n}, dbias{1, n};
  cpu.batch_norm(x, gain, bias, 1e-5, y, saved);
  cpu.batch_norm_backward(x, saved.part(0, 1, 0, n), saved.part(1, 1, 0, n), gain, 1e-5, dy, true, Acc<T>{dx, true}, Acc<T>{dgain, true}, Acc<T>{dbias, true});
  for (const Index cols : {Index{1}, Index{16}, Index{33}}) {
    const Index j = 19;
    Matrix<T> some{m, cols}, some_saved{2, cols}, some_gain{1, cols}, some_bias{1, cols};
    cpu.batch_norm(x.part(0, m, j, cols), gain.part(0, 1, j, cols), bias.part(0, 1, j, cols), 1e-5, some, some_saved);
    CHECK(same<T>(some, y.part(0, m, j, cols)));
    CHECK(same<T>(some_saved, saved.part(0, 2, j, cols)));
    cpu.batch_norm_backward(x.part(0, m, j, cols), saved.part(0, 1, j, cols), saved.part(1, 1, j, cols), gain.part(0, 1, j, cols), 1e-5, dy.part(0, m, j, cols),
                            true, Acc<T>{some, true}, Acc<T>{some_gain, true}, Acc<T>{some_bias, true});
    CHECK(same<T>(some, dx.part(0, m, j, cols)));
    CHECK(same<T>(some_gain, dgain.part(0, 1, j, cols)));
    CHECK(same<T>(some_bias, dbias.part(0, 1, j, cols)));
  }
  const Grid grid{5, 10, 10};
  Matrix<T> pooled{125, n}, one{25, n}, given{m, n}, row{1, n};
  cpu.average_pool(x, grid, 2, pooled);
  cpu.average_pool(x.rows_of(300, 100), Grid{1, 10, 10}, 2, one);
  CHECK(same<T>(one, pooled.rows_of(75, 25)));
  cpu.batch_norm_with(x, x.part(0, 1, 0, n), gain.part(0, 1, 0, n), gain, bias, 20, given);
  cpu.batch_norm_with(x.rows_of(123, 1), x.part(0, 1, 0, n), gain.part(0, 1, 0, n), gain, bias, 20, row);
  CHECK(same<T>(row, given.rows_of(123, 1)));
}

TEST_CASE_TEMPLATE("an element of aᵀ b does not depend on its place", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index r = 300, n = 90, k = 100;
  const Matrix<T> a{r, n, Rng{1}}, b{r, k, Rng{2}};
  Matrix<T> whole{n, k};
  cpu.outer(a, b, Acc<T>{whole, true});
  for (const Index rows : batches)
    for (const Index cols : {Index{1}, Index{16}, Index{31}, Index{32}, Index{45}}) {
      Matrix<T> part{rows, cols};
      cpu.outer(a.part(0, r, 7, rows), b.part(0, r, 11, cols), Acc<T>{part, true});
      CHECK(same<T>(part, whole.part(7, rows, 11, cols)));
    }
}

TEST_CASE_TEMPLATE("primitives over rows give a row the same bits in any batch", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const Index n : {Index{1}, Index{5}, Index{31}, Index{64}, Index{147}}) {
    const Index m = 300;
    const Matrix<T> x{m, n, Rng{1}}, dy{m, n, Rng{2}}, gain{1, n, Rng{3}}, bias{1, n, Rng{4}};
    Matrix<T> y{m, n}, saved{m, 2}, dx{m, n}, unit{m, n}, length{m, 1}, dunit{m, n}, active{m, n}, slope{m, n};
    cpu.layer_norm(x, gain, bias, 1e-5, y, saved);
    cpu.layer_norm_backward(x, gain, saved, dy, Acc<T>{dx, true}, {}, {});
    cpu.normalize(x, unit, length);
    cpu.normalize_backward(x, length, dy, Acc<T>{dunit, true});
    cpu.map(fn::Gelu{}, x, active);
    cpu.map_slope(fn::Gelu{}, x, dy, Acc<T>{slope, true});
    for (const Index rows : batches) {
      const Index i = 300 - rows - rows % 5;
      const In<T> part = x.rows_of(i, rows), dpart = dy.rows_of(i, rows);
      INFO("rows ", rows, ", n ", n);
      Matrix<T> out{rows, n}, out_saved{rows, 2}, out_length{rows, 1};
      cpu.layer_norm(part, gain, bias, 1e-5, out, out_saved);
      CHECK(same<T>(out, y.rows_of(i, rows)));
      CHECK(same<T>(out_saved, saved.rows_of(i, rows)));
      cpu.layer_norm_backward(part, gain, out_saved, dpart, Acc<T>{out, true}, {}, {});
      CHECK(same<T>(out, dx.rows_of(i, rows)));
      cpu.normalize(part, out, out_length);
      CHECK(same<T>(out, unit.rows_of(i, rows)));
      cpu.normalize_backward(part, out_length, dpart, Acc<T>{out, true});
      CHECK(same<T>(out, dunit.rows_of(i, rows)));
      Matrix<T> narrow{rows, n};  // element by element, the last lane alone
      for (Index j = 0; j < n; j += 1 + j % 3) cpu.map(fn::Gelu{}, x.part(i, rows, j, 1), narrow.part(0, rows, j, 1));
      cpu.map_slope(fn::Gelu{}, part, dpart, Acc<T>{out, true});
      CHECK(same<T>(out, slope.rows_of(i, rows)));
      for (Index j = 0; j < n; j += 1 + j % 3) CHECK(same<T>(narrow.part(0, rows, j, 1), active.part(i, rows, j, 1)));
    }
  }
}

TEST_CASE_TEMPLATE("attention gives a sequence the same bits alone, in a batch, and with a shared beginning", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const Index d : {Index{8}, Index{13}, Index{64}})
    for (const Index heads : {Index{1}, Index{3}}) {
      const Index width = heads * d, length = 41;
      const AttentionPattern pattern{heads, true, false};
      const Matrix<T> rows{3 * 160, 3 * width, Rng{5}};
      const auto run = [&](const Sequences& sequences, const std::vector<Index>& which, Matrix<T>& y, Matrix<T>& saved) {
        Matrix<T> qkv{sequences.rows(), 3 * width};
        for (Index i = 0; i < sequences.rows(); ++i)
          for (Index j = 0; j < 3 * width; ++j) qkv(i, j) = rows(which[static_cast<std::size_t>(i)], j);
        cpu.attention(qkv.part(0, sequences.rows(), 0, width), qkv.part(0, sequences.rows(), width, width), qkv.part(0, sequences.rows(), 2 * width, width),
                      sequences, pattern, y, saved);
      };
      const auto stretch = [](std::vector<Index>& which, Index begin, Index n) {
        for (Index i = 0; i < n; ++i) which.push_back(begin + i);
      };

      // One sequence alone.
      Sequences alone;
      alone.add(length);
      std::vector<Index> which;
      stretch(which, 0, length);
      Matrix<T> y{length, width}, saved{length, heads};
      run(alone, which, y, saved);

      // The same rows between others.
      Sequences batch;
      batch.add(7), batch.add(length), batch.add(50);
      std::vector<Index> in_batch;
      stretch(in_batch, 200, 7), stretch(in_batch, 0, length), stretch(in_batch, 300, 50);
      Matrix<T> batch_y{98, width}, batch_saved{98, heads};
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
        stretch(in_tree, 0, cut), stretch(in_tree, 400, 9), stretch(in_tree, cut, length - cut);
        Matrix<T> tree_y{length + 9, width}, tree_saved{length + 9, heads};
        run(tree, in_tree, tree_y, tree_saved);
        INFO("d ", d, ", heads ", heads, ", cut ", cut);
        CHECK(same<T>(tree_y.rows_of(0, cut), y.rows_of(0, cut)));
        CHECK(same<T>(tree_y.rows_of(cut + 9, length - cut), y.rows_of(cut, length - cut)));
        CHECK(same<T>(tree_saved.rows_of(cut + 9, length - cut), saved.rows_of(cut, length - cut)));
      }

      // Only the last row asked for.
      Sequences last;
      last.add(length);
      last.pool(length - 1);
      Matrix<T> qkv{length, 3 * width}, last_y{1, width}, last_saved{1, heads};
      for (Index i = 0; i < length; ++i)
        for (Index j = 0; j < 3 * width; ++j) qkv(i, j) = rows(i, j);
      cpu.attention(qkv.part(length - 1, 1, 0, width), qkv.part(0, length, width, width), qkv.part(0, length, 2 * width, width), last,
                    AttentionPattern{heads, true, true}, last_y, last_saved);
      CHECK(same<T>(last_y, y.rows_of(length - 1, 1)));
    }
}

TEST_CASE_TEMPLATE("a prompt among many short ones that share its beginning gets the bits it has alone", T, float, double) {
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
  const Matrix<T> qkv{rows, 3 * width, Rng{6}};
  Matrix<T> y{rows, width}, saved{rows, heads}, picked{pooled, width}, picked_y{pooled, width}, picked_saved{pooled, heads};
  const auto attend = [&](const In<T>& q, const Matrix<T>& all, const Sequences& sequences, bool only_pooled, Matrix<T>& to, Matrix<T>& logs) {
    cpu.attention(q, all.part(0, all.rows, width, width), all.part(0, all.rows, 2 * width, width), sequences, {heads, true, only_pooled}, to, logs);
  };
  attend(qkv.part(0, rows, 0, width), qkv, tree, false, y, saved);
  for (Index i = 0; i < pooled; ++i)
    for (Index j = 0; j < width; ++j) picked(i, j) = qkv(tree.pooled()[static_cast<std::size_t>(i)], j);
  attend(picked, qkv, tree, true, picked_y, picked_saved);
  for (Index i = 0; i < pooled; ++i) CHECK(same<T>(picked_y.rows_of(i, 1), y.rows_of(tree.pooled()[static_cast<std::size_t>(i)], 1)));

  for (const Index leaf : leaves) {
    const Segment& segment = tree.segment(leaf);
    Matrix<T> one{segment.reach(), 3 * width}, one_y{one.rows, width}, one_saved{one.rows, heads};
    tree.path(leaf, [&](const Segment& a) {
      for (Index r = 0; r < a.length(); ++r)
        for (Index j = 0; j < one.cols; ++j) one(a.position + r, j) = qkv(a.begin + r, j);
    });
    Sequences alone;
    alone.add(one.rows);
    attend(one.part(0, one.rows, 0, width), one, alone, false, one_y, one_saved);
    INFO("leaf ", leaf);
    CHECK(same<T>(one_y.rows_of(segment.position, segment.length()), y.rows_of(segment.begin, segment.length())));
    CHECK(same<T>(one_saved.rows_of(segment.position, segment.length()), saved.rows_of(segment.begin, segment.length())));
  }
}

TEST_CASE_TEMPLATE("the derivative of attention gives a sequence the same bits alone and in a batch", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index d = 20, heads = 2, width = heads * d;
  for (const bool causal : {false, true}) {
    Sequences batch, alone;
    for (const Index length : {Index{5}, Index{17}, Index{61}}) batch.add(length);
    alone.add(61);
    const Matrix<T> q{83, width, Rng{1}}, k{83, width, Rng{2}}, v{83, width, Rng{3}}, dy{83, width, Rng{4}};
    const AttentionPattern pattern{heads, causal, false};
    Matrix<T> y{83, width}, saved{83, heads}, dq{83, width}, dk{83, width}, dv{83, width}, one_dq{61, width}, one_dk{61, width}, one_dv{61, width};
    cpu.attention(q, k, v, batch, pattern, y, saved);
    cpu.attention_backward(q, k, v, batch, pattern, y, saved, dy, Acc<T>{dq, true}, Acc<T>{dk, true}, Acc<T>{dv, true});
    cpu.attention_backward(q.rows_of(22, 61), k.rows_of(22, 61), v.rows_of(22, 61), alone, pattern, y.part(22, 61, 0, width), saved.part(22, 61, 0, heads),
                           dy.rows_of(22, 61), Acc<T>{one_dq, true}, Acc<T>{one_dk, true}, Acc<T>{one_dv, true});
    CHECK(same<T>(one_dq, dq.rows_of(22, 61)));
    CHECK(same<T>(one_dk, dk.rows_of(22, 61)));
    CHECK(same<T>(one_dv, dv.rows_of(22, 61)));
  }
}

TEST_CASE_TEMPLATE("a column of logits gets the same log-sum in any matrix", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index m = 70, n = 150;
  const Matrix<T> logits{m, n, Rng{1}, 4};
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 200; ++i) ids.push_back(i);
  Matrix<T> loss{1, 1}, saved{1, n};
  cpu.cross_entropy(logits, Ids{ids}.first(static_cast<std::size_t>(m)), Ids{ids}.first(static_cast<std::size_t>(n)), Axis::columns, 1, Acc<T>{loss, true},
                    saved);
  for (const Index cols : batches) {
    Matrix<T> part{1, cols};
    cpu.cross_entropy(logits.part(0, m, 70, cols), Ids{ids}.first(static_cast<std::size_t>(m)), Ids{ids}.first(static_cast<std::size_t>(cols)), Axis::columns,
                      1, Acc<T>{loss, true}, part);
    CHECK(same<T>(part, saved.part(0, 1, 70, cols)));
  }
}
