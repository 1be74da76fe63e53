// clip/learn/tip_adapter_search.hpp: Tip-Adapter's grid search of α and β on a validation set.
#pragma once

#include <clip/autograd/constant.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/core/stop.hpp>
#include <clip/learn/labelled_features.hpp>
#include <clip/learn/tip_adapter.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The grid: α_i = 0.1 + i (largest_alpha - 0.1) / alpha_steps for i < alpha_steps, β likewise. The defaults are the
/// published ones of all data sets but ImageNet, which has 3 and 7.
struct TipAdapterGrid {
  Index alpha_steps = 20, beta_steps = 200;
  double largest_alpha = 5, largest_beta = 12;

  double alpha(Index i) const { return at(i, largest_alpha, alpha_steps); }
  double beta(Index i) const { return at(i, largest_beta, beta_steps); }

 private:
  static double at(Index i, double largest, Index steps) {
    return static_cast<double>(i) * (largest - 0.1) / static_cast<double>(steps) + 0.1;
  }
};

struct TipAdapterSearch {
  double alpha = 0, beta = 0;
  double accuracy = 0;           // of the validation set
  std::vector<Index> correct{};  // for every β, then every α: predictions that are right
};

namespace detail {

/// Counts for one image the α and β of the grid by which its class is right. zero_shot : logits per class, cosines : with
/// the keys, owners : class of each key.
class TipAdapterCounter {
 public:
  TipAdapterCounter(const TipAdapterGrid& grid, std::vector<std::int32_t> owners, Index classes)
      : grid_{grid}, owners_{std::move(owners)}, cached_(static_cast<std::size_t>(classes)) {}

  template <class T>
  void count(const T* zero_shot, const T* cosines, std::int32_t label, std::vector<Index>& correct) {
    const std::size_t n = owners_.size();
    weights_.resize(n);
    ratios_.resize(n);
    const double step = grid_.beta(1) - grid_.beta(0);
    for (std::size_t k = 0; k < n; ++k) {
      const double distance = 1 - static_cast<double>(cosines[k]);
      weights_[k] = std::exp(-grid_.beta(0) * distance);
      ratios_[k] = std::exp(-step * distance);
    }
    for (Index b = 0; b < grid_.beta_steps; ++b) {
      std::ranges::fill(cached_, 0.0);
      for (std::size_t k = 0; k < n; ++k) {
        cached_[static_cast<std::size_t>(owners_[k])] += weights_[k];
        weights_[k] *= ratios_[k];  // the exponential of the next β
      }
      for (Index a = 0; a < grid_.alpha_steps; ++a)
        correct[static_cast<std::size_t>(b * grid_.alpha_steps + a)] += best(zero_shot, grid_.alpha(a)) == label;
    }
  }

 private:
  template <class T>
  std::int32_t best(const T* zero_shot, double alpha) const {
    std::size_t best = 0;
    double most = 0;
    for (std::size_t c = 0; c < cached_.size(); ++c) {
      const double logit = static_cast<double>(zero_shot[c]) + alpha * cached_[c];
      if (c > 0 && !(logit > most)) continue;
      most = logit;
      best = c;
    }
    return static_cast<std::int32_t>(best);
  }

  TipAdapterGrid grid_;
  std::vector<std::int32_t> owners_;
  std::vector<double> cached_, weights_, ratios_;
};

}  // namespace detail

/// Sets α and β to those of the grid that predict most validation labels; of equal ones the first, β varying slowest, as in
/// the published code. Products are computed by the backend, the grid in double on one thread.
/// ShapeError, InputError, NumericError: features and labels as for training. InputError: an empty validation set.
/// OptionError: an impossible grid.
template <class B>
TipAdapterSearch search_tip_adapter(TipAdapter<B>& tip, const LabelledFeatures<typename B::Scalar>& validation,
                                    const TipAdapterGrid& grid = {}) {
  using T = typename B::Scalar;
  const char* const place = "search_tip_adapter";
  constexpr Index at_once = 256;
  if (grid.alpha_steps < 1 || grid.beta_steps < 1)
    raise(OptionError{place, "steps of the grid", "1 or more", std::min(grid.alpha_steps, grid.beta_steps)});
  if (!(grid.largest_alpha >= 0.1 && grid.largest_beta >= 0.1) ||
      !std::isfinite(grid.largest_alpha + grid.largest_beta))
    raise(OptionError{place, "largest values of the grid", "0.1 or more",
                      std::min(grid.largest_alpha, grid.largest_beta)});
  const Index n = validation.features.size(), classes = tip.classes.size(), keys = tip.keys.shape.rows();
  if (n == 0) raise(InputError{place, "labelled features", "1 or more", 0});
  tip.check_features(validation.features.view());
  FeatureSource{validation, classes};  // checks the labels

  std::vector<T> one_hot(static_cast<std::size_t>(tip.values.count()));
  tip.backend().download(In<T>{tip.values.view()}, std::span<T>(one_hot));
  std::vector<std::int32_t> owners(static_cast<std::size_t>(keys));
  for (Index c = 0; c < classes; ++c)
    for (Index k = 0; k < keys; ++k)
      if (one_hot[static_cast<std::size_t>(c * keys + k)] != 0)
        owners[static_cast<std::size_t>(k)] = static_cast<std::int32_t>(c);

  detail::TipAdapterCounter counter{grid, std::move(owners), classes};
  TipAdapterSearch found{.correct = std::vector<Index>(static_cast<std::size_t>(grid.alpha_steps * grid.beta_steps))};
  Inference<B> cx{tip.backend()};
  std::vector<T> zero_shot, cosines;
  for (Index begin = 0; begin < n; begin += at_once) {
    check_stop(place);
    const Index rows = std::min(at_once, n - begin);
    cx.clear();
    const auto x = constant(cx, validation.features.view().middle_rows(begin, rows), Size<dyn>{tip.width()});
    const auto f = normalize(cx, x);
    zero_shot.resize(static_cast<std::size_t>(rows * classes));
    cosines.resize(static_cast<std::size_t>(rows * keys));
    cx.backend().download(In<T>{tip.classes.logits_of_unit(cx, f).view}, std::span<T>(zero_shot));
    cx.backend().download(In<T>{tip.nearness(cx, f).view}, std::span<T>(cosines));
    for (Index i = 0; i < rows; ++i)
      counter.count(zero_shot.data() + i * classes, cosines.data() + i * keys,
                    validation.labels[static_cast<std::size_t>(begin + i)], found.correct);
  }
  const auto best = std::ranges::max_element(found.correct) - found.correct.begin();
  found.alpha = tip.alpha = grid.alpha(best % grid.alpha_steps);
  found.beta = tip.beta = grid.beta(best / grid.alpha_steps);
  found.accuracy = static_cast<double>(found.correct[static_cast<std::size_t>(best)]) / static_cast<double>(n);
  return found;
}

}  // namespace clip::inline CLIP_ABI
