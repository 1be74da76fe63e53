// clip/autograd/gradient_pool.hpp: memory for gradients, each needed from its last use to its first.
#pragma once

#include <clip/tensor/buffer.hpp>

#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Lends matrices and takes them back; a returned one is lent again while it is still warm. The best fit is lent, so that
/// nothing is allocated once the largest backward pass has been seen.
template <Backend B>
class GradientPool {
 public:
  using T = typename B::Scalar;

  View<T> lend(B& backend, Index rows, Index cols) {
    Block* best = nullptr;
    for (Block& block : blocks_)
      if (!block.lent && block.buffer.count() >= rows * cols && (!best || block.buffer.count() < best->buffer.count()))
        best = &block;
    if (!best) {  // the largest idle block grows, so that sizes which rise from step to step do not pile up
      for (Block& block : blocks_)
        if (!block.lent && (!best || block.buffer.count() > best->buffer.count())) best = &block;
      Buffer<B> buffer{backend, aligned_count<T>(rows * cols)};
      if (best) best->buffer = std::move(buffer);
      else best = &blocks_.emplace_back(Block{std::move(buffer), false});
    }
    best->lent = true;
    return {best->buffer.data(), rows, cols};
  }

  void give_back(View<T> view) {
    for (Block& block : blocks_)
      if (block.buffer.data() == view.data) block.lent = false;
  }

  void clear() {
    for (Block& block : blocks_) block.lent = false;
  }

 private:
  struct Block {
    Buffer<B> buffer;
    bool lent;
  };
  std::vector<Block> blocks_;
};

}  // namespace clip::inline CLIP_ABI
