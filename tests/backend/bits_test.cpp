// Bits of all primitives, however work is grouped: threads, callers, neighbours in the batch.
#include <clip/backend/cpu.hpp>

#include "../support/bits.hpp"
#include "../support/same.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("every primitive gives the same bits on any number of threads", T, float, double) {
  for (const Arithmetic arithmetic : {Arithmetic::full, Arithmetic::bfloat16})
    for (const Setting& setting :
         {Setting{301, 147, 65, false, false, true}, Setting{260, 192, 64, true, true, true}}) {
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

TEST_CASE_TEMPLATE("a channel's statistics do not depend on the other channels, nor a pooled pixel on its batch", T,
                   float, double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index m = 500, n = 70;
  const HostMatrix<T> x{m, n, Rng{1}}, dy{m, n, Rng{2}}, gain{1, n, Rng{3}}, bias{1, n, Rng{4}};
  HostMatrix<T> y{m, n}, saved{2, n}, dx{m, n}, dgain{1, n}, dbias{1, n};
  cpu.batch_norm(x, gain, bias, 1e-5, y, saved);
  cpu.batch_norm_backward(x, saved.part(0, 1, 0, n), saved.part(1, 1, 0, n), gain, 1e-5, dy, true, Acc<T>{dx, true},
                          Acc<T>{dgain, true}, Acc<T>{dbias, true});
  for (const Index cols : {Index{1}, Index{16}, Index{33}}) {
    const Index j = 19;
    HostMatrix<T> some{m, cols}, some_saved{2, cols}, some_gain{1, cols}, some_bias{1, cols};
    cpu.batch_norm(x.part(0, m, j, cols), gain.part(0, 1, j, cols), bias.part(0, 1, j, cols), 1e-5, some, some_saved);
    CHECK(same<T>(some, y.part(0, m, j, cols)));
    CHECK(same<T>(some_saved, saved.part(0, 2, j, cols)));
    cpu.batch_norm_backward(x.part(0, m, j, cols), saved.part(0, 1, j, cols), saved.part(1, 1, j, cols),
                            gain.part(0, 1, j, cols), 1e-5, dy.part(0, m, j, cols), true, Acc<T>{some, true},
                            Acc<T>{some_gain, true}, Acc<T>{some_bias, true});
    CHECK(same<T>(some, dx.part(0, m, j, cols)));
    CHECK(same<T>(some_gain, dgain.part(0, 1, j, cols)));
    CHECK(same<T>(some_bias, dbias.part(0, 1, j, cols)));
  }
  const Grid grid{5, 10, 10};
  HostMatrix<T> pooled{125, n}, one{25, n}, given{m, n}, row{1, n};
  cpu.average_pool(x, grid, 2, pooled);
  cpu.average_pool(x.rows_of(300, 100), Grid{1, 10, 10}, 2, one);
  CHECK(same<T>(one, pooled.rows_of(75, 25)));
  cpu.batch_norm_with(x, x.part(0, 1, 0, n), gain.part(0, 1, 0, n), gain, bias, 20, given);
  cpu.batch_norm_with(x.rows_of(123, 1), x.part(0, 1, 0, n), gain.part(0, 1, 0, n), gain, bias, 20, row);
  CHECK(same<T>(row, given.rows_of(123, 1)));
}

TEST_CASE_TEMPLATE("an element of aᵀ b does not depend on its position", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index r = 300, n = 90, k = 100;
  const HostMatrix<T> a{r, n, Rng{1}}, b{r, k, Rng{2}};
  HostMatrix<T> whole{n, k};
  cpu.outer(a, b, Acc<T>{whole, true});
  for (const Index rows : batches)
    for (const Index cols : {Index{1}, Index{16}, Index{31}, Index{32}, Index{45}}) {
      HostMatrix<T> part{rows, cols};
      cpu.outer(a.part(0, r, 7, rows), b.part(0, r, 11, cols), Acc<T>{part, true});
      CHECK(same<T>(part, whole.part(7, rows, 11, cols)));
    }
}

TEST_CASE_TEMPLATE("primitives over rows give a row the same bits in any batch", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const Index n : {Index{1}, Index{5}, Index{31}, Index{64}, Index{147}}) {
    const Index m = 300;
    const HostMatrix<T> x{m, n, Rng{1}}, dy{m, n, Rng{2}}, gain{1, n, Rng{3}}, bias{1, n, Rng{4}};
    HostMatrix<T> y{m, n}, saved{m, 2}, dx{m, n}, unit{m, n}, length{m, 1}, dunit{m, n}, active{m, n}, slope{m, n};
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
      HostMatrix<T> out{rows, n}, out_saved{rows, 2}, out_length{rows, 1};
      cpu.layer_norm(part, gain, bias, 1e-5, out, out_saved);
      CHECK(same<T>(out, y.rows_of(i, rows)));
      CHECK(same<T>(out_saved, saved.rows_of(i, rows)));
      cpu.layer_norm_backward(part, gain, out_saved, dpart, Acc<T>{out, true}, {}, {});
      CHECK(same<T>(out, dx.rows_of(i, rows)));
      cpu.normalize(part, out, out_length);
      CHECK(same<T>(out, unit.rows_of(i, rows)));
      cpu.normalize_backward(part, out_length, dpart, Acc<T>{out, true});
      CHECK(same<T>(out, dunit.rows_of(i, rows)));
      HostMatrix<T> narrow{rows, n};  // element by element, the last lane alone
      for (Index j = 0; j < n; j += 1 + j % 3) cpu.map(fn::Gelu{}, x.part(i, rows, j, 1), narrow.part(0, rows, j, 1));
      cpu.map_slope(fn::Gelu{}, part, dpart, Acc<T>{out, true});
      CHECK(same<T>(out, slope.rows_of(i, rows)));
      for (Index j = 0; j < n; j += 1 + j % 3) CHECK(same<T>(narrow.part(0, rows, j, 1), active.part(i, rows, j, 1)));
    }
  }
}

TEST_CASE_TEMPLATE("a column of logits gets the same log-sum in any matrix", T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  const Index m = 70, n = 150;
  const HostMatrix<T> logits{m, n, Rng{1}, 4};
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 200; ++i) ids.push_back(i);
  HostMatrix<T> loss{1, 1}, saved{1, n};
  cpu.cross_entropy(logits, Ids{ids}.first(static_cast<std::size_t>(m)), Ids{ids}.first(static_cast<std::size_t>(n)),
                    Axis::columns, 1, Acc<T>{loss, true}, saved);
  for (const Index cols : batches) {
    HostMatrix<T> part{1, cols};
    cpu.cross_entropy(logits.part(0, m, 70, cols), Ids{ids}.first(static_cast<std::size_t>(m)),
                      Ids{ids}.first(static_cast<std::size_t>(cols)), Axis::columns, 1, Acc<T>{loss, true}, part);
    CHECK(same<T>(part, saved.part(0, 1, 70, cols)));
  }
}
