// clip/autograd/gradient_pool.hpp: pool of memory for gradients, reused during a backward pass.
#pragma once

#include <clip/tensor/buffer.hpp>

#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Allocates matrices from blocks that are reused while they are still cached. The smallest block that fits is taken,
/// so that the backend allocates nothing once the largest backward pass has been seen.
template <Backend B>
class GradientPool {
 public:
  using T = typename B::Scalar;

  View<T> allocate(B& backend, Index rows, Index cols) {
    Block* best = nullptr;
    for (Block& block : blocks_)
      if (!block.used && block.buffer.count() >= rows * cols && (!best || block.buffer.count() < best->buffer.count()))
        best = &block;
    if (!best) {  // the largest idle block grows, so that sizes which rise from step to step do not pile up
      for (Block& block : blocks_)
        if (!block.used && (!best || block.buffer.count() > best->buffer.count())) best = &block;
      Buffer<B> buffer{backend, aligned_count<T>(rows * cols)};
      if (best) best->buffer = std::move(buffer);
      else best = &blocks_.emplace_back(Block{std::move(buffer), false});
    }
    best->used = true;
    return {best->buffer.data(), rows, cols};
  }

  void release(View<T> view) {
    for (Block& block : blocks_)
      if (block.buffer.data() == view.data) block.used = false;
  }

  void clear() {
    for (Block& block : blocks_) block.used = false;
  }

 private:
  struct Block {
    Buffer<B> buffer;
    bool used;
  };
  std::vector<Block> blocks_;
};

}  // namespace clip::inline CLIP_ABI
