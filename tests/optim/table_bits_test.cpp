// The updates of a table have the bits of the formulas below, applied to one weight after another once all gradients
// are scaled. Files of training runs depend on them.
#include <clip/optim/adamw.hpp>
#include <clip/optim/clip_norm.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/optim/step_guard.hpp>

#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>

#include "../support/matrix.hpp"
#include "weights.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Numbers with the operations of Naive, and packets with those of Cpu.
template <class B>
struct Lanes;
template <class T>
struct Lanes<Naive<T>> {
  static constexpr Index size = 1;
  static void each(Index n, auto&& f) {
    for (Index i = 0; i < n; ++i) f(i);
  }
  static void scale(T factor, T* g) { *g = factor * *g + T(0) * *g; }
  static void adamw(T* p, const T* g, T* m, T* v, double lr, double wd, const AdamwStep& s) {
    const T keep = static_cast<T>(1 - lr * wd), step = static_cast<T>(lr / s.correction1);
    const T root = static_cast<T>(std::sqrt(s.correction2)), epsilon = static_cast<T>(s.epsilon);
    const T b1 = static_cast<T>(s.beta1), c1 = static_cast<T>(1 - s.beta1), b2 = static_cast<T>(s.beta2),
            c2 = static_cast<T>(1 - s.beta2);
    *m = b1 * *m + c1 * *g;
    *v = b2 * *v + c2 * *g * *g;
    *p = keep * *p - step * *m / (std::sqrt(*v) / root + epsilon);
  }
  static void sgd(T* p, const T* g, T* v, double lr, double momentum, double wd, bool first) {
    *v = (first ? T(0) : static_cast<T>(momentum)) * *v + *g + static_cast<T>(wd) * *p;
    *p -= static_cast<T>(lr) * *v;
  }
};
template <class T>
struct Lanes<Cpu<T>> {
  using P = cpu::Simd<T>;
  static void each(Index n, auto&& f) {
    cpu::each_packet<T>(n, [&](Index j, auto mask) { f(j, mask); });
  }
  static void scale(T factor, T* g, auto mask) {
    (P{factor} * P::load(g, mask) + P{0} * P::load(g, mask)).store(g, mask);
  }
  static void adamw(T* p, const T* g, T* m, T* v, double lr, double wd, const AdamwStep& s, auto mask) {
    const P keep{1 - lr * wd}, step{lr / s.correction1}, root{std::sqrt(s.correction2)};
    const P b1{s.beta1}, c1{1 - s.beta1}, b2{s.beta2}, c2{1 - s.beta2}, epsilon{s.epsilon};
    const P slope = P::load(g, mask);
    const P mean = fma(b1, P::load(m, mask), c1 * slope);
    const P square = fma(b2, P::load(v, mask), c2 * slope * slope);
    mean.store(m, mask);
    square.store(v, mask);
    (keep * P::load(p, mask) - step * mean / (sqrt(square) / root + epsilon)).store(p, mask);
  }
  static void sgd(T* p, const T* g, T* v, double lr, double momentum, double wd, bool first, auto mask) {
    const P decay{wd}, mu{first ? 0 : momentum}, rate{lr};
    const P old = P::load(p, mask);
    const P pull = fma(decay, old, P::load(g, mask));
    const P speed = first ? pull : fma(mu, P::load(v, mask), pull);
    speed.store(v, mask);
    (old - rate * speed).store(p, mask);
  }
};

/// Weights, gradients and states of a run in host memory, updated one weight after another.
template <class B>
class OneByOne {
 public:
  using T = typename B::Scalar;
  using Lane = Lanes<B>;

  struct Weight {
    std::vector<T> value, gradient, first, second;
    double decay;
    Range range;
  };
  std::vector<Weight> weights;
  Index steps = 0;

  /// Scales the gradients, whose norm is given.
  void clip(double norm, double most) {
    const double factor = most / (norm + 1e-6);
    if (!(factor < 1)) return;
    for (Weight& w : weights)
      Lane::each(size(w),
                 [&](Index i, auto... mask) { Lane::scale(static_cast<T>(factor), w.gradient.data() + i, mask...); });
  }
  void step(const AdamwOptions& o) {
    const double t = static_cast<double>(++steps);
    const AdamwStep s{o.learning_rate,
                      o.beta1,
                      o.beta2,
                      o.epsilon,
                      1 - std::pow(static_cast<double>(o.beta1), t),
                      1 - std::pow(static_cast<double>(o.beta2), t)};
    for (Weight& w : weights) {
      Lane::each(size(w), [&](Index i, auto... mask) {
        Lane::adamw(w.value.data() + i, w.gradient.data() + i, w.first.data() + i, w.second.data() + i, s.learning_rate,
                    w.decay, s, mask...);
      });
      clamp(w);
    }
  }
  void step(const SgdOptions& o) {
    for (Weight& w : weights) {
      Lane::each(size(w), [&](Index i, auto... mask) {
        Lane::sgd(w.value.data() + i, w.gradient.data() + i, w.first.data() + i, o.learning_rate, o.momentum, w.decay,
                  steps == 0, mask...);
      });
      clamp(w);
    }
    ++steps;
  }

 private:
  static Index size(const Weight& w) { return static_cast<Index>(w.value.size()); }
  static void clamp(Weight& w) {
    if (!std::isfinite(w.range.low) && !std::isfinite(w.range.high)) return;
    for (T& x : w.value) x = std::clamp(x, static_cast<T>(w.range.low), static_cast<T>(w.range.high));
  }
};

template <class T>
bool same_bits(const std::vector<T>& a, View<const T> b) {
  return static_cast<Index>(a.size()) == b.count() && std::memcmp(a.data(), b.data, a.size() * sizeof(T)) == 0;
}

template <class B, class O>
void ten_steps(const O& options, double most) {
  using T = typename B::Scalar;
  struct Kind {
    const char* name;
    Shape shape;
    Range range;
  };
  NamedWeights<B> weights;
  OneByOne<B> expected;
  for (const Kind& kind : {Kind{"proj", {90, 130}, {}}, Kind{"ln_1.weight", {19}, {}}, Kind{"odd", {3, 7}, {-0.5, 0.6}},
                           Kind{"logit_scale", {}, {0, 0.25}}}) {
    const Values values = random_values(Rng{31}.fork(kind.name), kind.shape.count(), 0.5);
    weights.add(kind.name, kind.shape, values, kind.range);
    std::vector<T> rounded;
    for (const double x : values) rounded.push_back(static_cast<T>(x));
    const std::vector<T> zeros(rounded.size());
    const double decay = options.decays(kind.name, kind.shape) ? static_cast<double>(options.weight_decay) : 0.0;
    expected.weights.push_back({rounded, zeros, zeros, zeros, decay, kind.range});
  }
  Parameters table{weights};
  typename O::template Optimizer<B> optimizer{table, options};
  StepGuard guard{table};
  for (std::uint64_t step = 0; step < 10; ++step) {
    for (std::size_t i = 0; i < expected.weights.size(); ++i) {
      auto& e = table.entries()[i];
      auto& w = expected.weights[i];
      const Values g = random_values(Rng{32}.fork(e.name).fork(step), e.shape.count(), step % 3 == 0 ? 1e-3 : 0.3);
      give_gradient(table, e.name, g);
      for (std::size_t j = 0; j < g.size(); ++j) w.gradient[j] = static_cast<T>(g[j]);
    }
    if (most > 0) {
      const double norm = gradient_norm(table);
      CHECK((norm > most) == (step % 3 != 0));
      expected.clip(norm, most);
      guard.measure({}, most);
      optimizer.step(guard);
      CHECK(guard.read().norm == norm);
    } else {
      optimizer.step();
    }
    expected.step(options);
    for (std::size_t i = 0; i < expected.weights.size(); ++i) {
      const auto& e = table.entries()[i];
      const auto& w = expected.weights[i];
      INFO(e.name, ", step ", step);
      CHECK(same_bits(w.value, View<const T>{e.value}));
      std::size_t state = 0;
      for (const auto& s : table.states()) CHECK(same_bits(state++ == 0 ? w.first : w.second, View<const T>{s.of(e)}));
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("ten steps of a table have the bits of ten steps of its weights", B, Naive<float>, Naive<double>,
                   Cpu<float>, Cpu<double>) {
  for (const double most : {0.0, 1.0}) {
    ten_steps<B>(AdamwOptions{.learning_rate = 1e-2f}, most);
    ten_steps<B>(SgdOptions{.learning_rate = 1e-2f, .weight_decay = 1e-2f}, most);
  }
}
