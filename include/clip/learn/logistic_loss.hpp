// clip/learn/logistic_loss.hpp: the loss of multinomial logistic regression and its gradient, by blocks of features.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/core/view.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// value(W) = (Σ_i v_{y_i} (log Σ_k exp z_ik - z_{i y_i})  +  ½ penalty Σ W²) / Σ_i v_{y_i},   z_i = W x_i + b.
/// The coefficients W and intercepts b are one vector: of each class first its row of W, then its intercept if there is
/// one. Intercepts are not penalised. Products are in T, sums over samples in T within 16 blocks, then in double.
template <class T>
class LogisticLoss {
 public:
  /// x : (n, D), finite; labels : n classes in [0, classes); weights : one per class. The caller keeps x and labels.
  LogisticLoss(Cpu<T> backend, View<const T> x, std::span<const std::int32_t> labels, std::vector<double> weights,
               double penalty, bool intercept)
      : backend_{std::move(backend)}, x_{x}, labels_{labels}, weights_{std::move(weights)}, penalty_{penalty},
        intercept_{intercept}, block_{std::clamp<Index>(
                                   (Index{1} << 19) / (static_cast<Index>(sizeof(T)) * std::max<Index>(x.cols, 1)), 64,
                                   4096)} {
    for (const std::int32_t label : labels_) total_ += weights_[static_cast<std::size_t>(label)];
  }

  Index classes() const { return static_cast<Index>(weights_.size()); }
  /// Numbers of each class in the vector of coefficients.
  Index width() const { return x_.cols + (intercept_ ? 1 : 0); }
  /// Σ_i v_{y_i}
  double total() const { return total_; }

  /// The value at w : classes × width, and its gradient.
  double operator()(std::span<const double> w, std::span<double> gradient) {
    const Index k = classes(), d = x_.cols;
    take(w);
    std::ranges::fill(gradient, 0.0);
    sums_.resize(static_cast<std::size_t>(k * d));
    logits_.resize(static_cast<std::size_t>(block_ * k));

    double loss = 0;
    Index blocks = 0;
    for (Index begin = 0; begin < x_.rows; begin += block_) {
      const Index rows = std::min(block_, x_.rows - begin);
      const In<T> x = x_.middle_rows(begin, rows);
      const View<T> z{logits_.data(), rows, k};
      backend_.linear(x, Weights<T>{View<const T>{rows_.data(), k, d}},
                      Epilogue<T>{.bias = intercept_ ? In<T>{biases_.data(), 1, k} : In<T>{}}, z);
      loss += softmax_less_labels(z, begin, gradient);
      const Index in_sum = blocks++ % blocks_per_sum;
      backend_.outer(In<T>{z}, x, Acc<T>{View<T>{sums_.data(), k, d}, in_sum == 0});
      if (in_sum == blocks_per_sum - 1 || begin + rows == x_.rows) add_sums(gradient);
    }

    double squares = 0;
    for (Index c = 0; c < k; ++c) {
      const std::size_t first = static_cast<std::size_t>(c * width());
      for (std::size_t j = first; j < first + static_cast<std::size_t>(width()); ++j) gradient[j] /= total_;
      for (std::size_t j = first; j < first + static_cast<std::size_t>(d); ++j) {
        squares += w[j] * w[j];
        gradient[j] += penalty_ / total_ * w[j];
      }
    }
    return (loss + 0.5 * penalty_ * squares) / total_;
  }

 private:
  static constexpr Index blocks_per_sum = 16;

  void take(std::span<const double> w) {
    const std::size_t k = static_cast<std::size_t>(classes()), d = static_cast<std::size_t>(x_.cols);
    rows_.resize(k * d);
    biases_.resize(k);
    for (std::size_t c = 0; c < k; ++c) {
      const double* const from = w.data() + c * static_cast<std::size_t>(width());
      for (std::size_t j = 0; j < d; ++j) rows_[c * d + j] = static_cast<T>(from[j]);
      if (intercept_) biases_[c] = static_cast<T>(from[d]);
    }
  }

  /// z becomes weight · (softmax z - one-hot label). Returns the rows' cross-entropies; adds the intercepts' gradient.
  double softmax_less_labels(View<T> z, Index begin, std::span<double> gradient) {
    const Index k = z.cols;
    double loss = 0;
    bias_sums_.assign(static_cast<std::size_t>(k), 0);
    for (Index i = 0; i < z.rows; ++i) {
      T* const row = z.row(i);
      const auto label = static_cast<std::size_t>(labels_[static_cast<std::size_t>(begin + i)]);
      const T largest = *std::max_element(row, row + k), own = row[label];
      double sum = 0;
      for (Index c = 0; c < k; ++c) {
        row[c] = std::exp(row[c] - largest);
        sum += static_cast<double>(row[c]);
      }
      const double weight = weights_[label];
      loss += weight * (std::log(sum) - static_cast<double>(own - largest));
      const T share = static_cast<T>(weight / sum);
      for (Index c = 0; c < k; ++c) row[c] *= share;
      row[label] -= static_cast<T>(weight);
      if (!intercept_) continue;
      for (Index c = 0; c < k; ++c) bias_sums_[static_cast<std::size_t>(c)] += static_cast<double>(row[c]);
    }
    if (intercept_)
      for (Index c = 0; c < k; ++c)
        gradient[static_cast<std::size_t>(c * width() + x_.cols)] += bias_sums_[static_cast<std::size_t>(c)];
    return loss;
  }

  void add_sums(std::span<double> gradient) const {
    for (Index c = 0; c < classes(); ++c)
      for (Index j = 0; j < x_.cols; ++j)
        gradient[static_cast<std::size_t>(c * width() + j)] +=
            static_cast<double>(sums_[static_cast<std::size_t>(c * x_.cols + j)]);
  }

  Cpu<T> backend_;
  View<const T> x_;
  std::span<const std::int32_t> labels_;
  std::vector<double> weights_;
  double penalty_;
  bool intercept_;
  Index block_;
  double total_ = 0;
  std::vector<T> rows_, biases_, logits_, sums_;
  std::vector<double> bias_sums_;
};

}  // namespace clip::inline CLIP_ABI
