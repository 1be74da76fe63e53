// clip/autograd/statistics.hpp: batch statistics of a pass, collected until commit() applies them to the running ones.
#pragma once

#include <clip/tensor/workspace.hpp>

#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Running statistics of a batch norm. mean, variance : (1, n), counter : (1, 1)
template <class T>
struct RunningStatistics {
  View<T> mean, variance, counter;
  double momentum = 0.1;
};

/// Statistics of batches, copied in the order in which they were collected. Allocates nothing once the largest pass has
/// been seen.
template <Backend B>
class BatchStatistics {
 public:
  using T = typename B::Scalar;

  explicit BatchStatistics(B backend) : workspace_{std::move(backend)} {}

  /// The mean and the biased variance of `rows` rows.          batch : (2, n)
  void collect(View<const T> batch, Index rows, const RunningStatistics<T>& running) {
    const View<T> copy = workspace_.allocate(2, batch.cols);
    workspace_.backend().add(batch, Acc<T>{copy, true});
    entries_.push_back({copy, rows, running});
  }

  /// For every batch in order:   running = (1 - momentum) running + momentum batch,   counter += 1;
  /// the variance is the unbiased one, as in PyTorch. Then the collection is empty.
  void commit() {
    if (entries_.empty()) return;
    B& b = workspace_.backend();
    const View<T> one = workspace_.allocate(1, 1);
    b.fill(one, T(1));
    for (const Entry& e : entries_) {
      const double m = static_cast<double>(e.rows), momentum = e.running.momentum;
      b.blend(1 - momentum, momentum, View<const T>{e.batch.middle_rows(0, 1)}, e.running.mean);
      b.blend(1 - momentum, momentum * m / (m - 1), View<const T>{e.batch.middle_rows(1, 1)}, e.running.variance);
      b.add(View<const T>{one}, Acc<T>{e.running.counter, false});
    }
    clear();
  }

  /// Drops statistics that were not committed.
  void clear() {
    entries_.clear();
    workspace_.clear();
  }

 private:
  struct Entry {
    View<T> batch;
    Index rows;
    RunningStatistics<T> running;
  };
  Workspace<B> workspace_;
  std::vector<Entry> entries_;
};

}  // namespace clip::inline CLIP_ABI
