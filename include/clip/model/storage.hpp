// clip/model/storage.hpp: memory for the weights of a module, and contexts to run it in.
#pragma once

#include <clip/autograd/inference.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/model/pack.hpp>
#include <clip/tensor/buffer.hpp>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Gives every parameter below a module its place in one buffer, in the order of the walk, with room for every layout. All
/// zeros, which take no memory until they are loaded.
template <Backend B, class M>
Buffer<B> allocate_parameters(B backend, M& module) {
  using T = typename B::Scalar;
  Index total = 0;
  visit_parameters(module, [&](std::string_view, const Parameter<T>& p) { total += aligned_count<T>(detail::room_for<B>(p)); });
  Buffer<B> buffer{backend, total};
  T* next = buffer.data();
  visit_parameters(module, [&](std::string_view, Parameter<T>& p) {
    p.data = p.own = next;
    p.layout = Layout::rows;
    next += aligned_count<T>(detail::room_for<B>(p));
  });
  return buffer;
}

/// Contexts for calls that bring none of their own: each concurrent call gets one, and they are kept for the next.
template <Backend B>
class InferencePool {
 public:
  class Lease {
   public:
    Lease(InferencePool& pool, std::unique_ptr<Inference<B>> context) : pool_{&pool}, context_{std::move(context)} {}
    Lease(Lease&&) = default;
    ~Lease() {
      if (context_) pool_->give_back(std::move(context_));
    }
    Inference<B>& operator*() const { return *context_; }

   private:
    InferencePool* pool_;
    std::unique_ptr<Inference<B>> context_;
  };

  Lease take(const B& backend) {
    {
      const std::lock_guard lock{mutex_};
      if (!idle_.empty()) {
        auto context = std::move(idle_.back());
        idle_.pop_back();
        return {*this, std::move(context)};
      }
    }
    return {*this, std::make_unique<Inference<B>>(backend)};
  }

 private:
  void give_back(std::unique_ptr<Inference<B>> context) {
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(context));
  }
  std::mutex mutex_;
  std::vector<std::unique_ptr<Inference<B>>> idle_;
};

}  // namespace clip::inline CLIP_ABI
