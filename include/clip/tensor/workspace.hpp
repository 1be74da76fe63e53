// clip/tensor/workspace.hpp: bump allocator for the matrices of one encode or one training step.
#pragma once

#include <clip/tensor/buffer.hpp>

#include <algorithm>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A bump allocator over buffers of a backend. Once the largest size has been seen it never allocates again: clear()
/// merges all blocks into one.
template <Backend B>
class Workspace {
 public:
  using T = typename B::Scalar;

  /// A position in the order of allocations, for release().
  struct Mark {
    std::size_t block = 0;
    Index used = 0;
  };

  explicit Workspace(B backend = {}) : backend_{std::move(backend)} {}

  B& backend() { return backend_; }

  /// A matrix that is valid until an earlier mark is released. Its content is undefined.
  View<T> allocate(Index rows, Index cols) {
    const Index n = aligned_count<T>(rows * cols);
    while (at_.block < blocks_.size() && at_.used + n > blocks_[at_.block].count()) at_ = {at_.block + 1, 0};
    if (at_.block == blocks_.size()) blocks_.emplace_back(backend_, std::max(n, total() / 2));
    T* data = blocks_[at_.block].data() + at_.used;
    at_.used += n;
    return {data, rows, cols};
  }

  Mark mark() const { return at_; }
  void release(Mark mark) { at_ = mark; }

  /// Releases everything.
  void clear() {
    at_ = {};
    if (blocks_.size() > 1) {
      const Index n = total();
      blocks_.clear();
      blocks_.emplace_back(backend_, n);
    }
  }

  std::size_t bytes() const { return static_cast<std::size_t>(total()) * sizeof(T); }

 private:
  Index total() const {
    Index n = 0;
    for (const auto& block : blocks_) n += block.count();
    return n;
  }

  B backend_;
  std::vector<Buffer<B>> blocks_;
  Mark at_;
};

}  // namespace clip::inline CLIP_ABI
