// clip/model/storage.hpp: memory for the weights of a module, and contexts to run it in.
#pragma once

#include <clip/autograd/inference.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/model/pack.hpp>
#include <clip/tensor/buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Gives every parameter below a module its place in one buffer, in the order of the walk, with room for every layout. All
/// zeros, which take no memory until they are loaded.
template <Backend B, class M>
Buffer<B> allocate_parameters(B backend, M& module) {
  using T = typename B::Scalar;
  Index total = 0;
  visit_parameters(module,
                   [&](std::string_view, const Parameter<T>& p) { total += aligned_count<T>(detail::capacity<B>(p)); });
  Buffer<B> buffer{backend, total};
  T* next = buffer.data();
  visit_parameters(module, [&](std::string_view, Parameter<T>& p) {
    p.data = p.owned = next;
    p.layout = Layout::rows;
    next += aligned_count<T>(detail::capacity<B>(p));
  });
  return buffer;
}

/// The mapped files that weights of a module lie in (LoadOptions::in_place).
class WeightFiles {
 public:
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) {
    files_.insert(files_.end(), files.begin(), files.end());
  }

  /// Lets go of those that no weight lies in any more.
  template <class M>
  void release_unused(const M& module) {
    std::erase_if(files_, [&](const auto& file) {
      bool used = false;
      visit_parameters(module, [&](std::string_view, const auto& p) {
        used =
            used || (p.in_file() && file->holds(std::as_bytes(std::span{p.data, static_cast<std::size_t>(p.count())})));
      });
      return !used;
    });
  }

 private:
  std::vector<std::shared_ptr<const MappedFile>> files_;
};

/// Lets go of the pages of weights that lie in a mapped file (LoadOptions::in_place): this model or encoder is not used for a while.
/// They come in again when it is. Also while others encode.
template <class M>
void release_pages(const M& model) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  if constexpr (B::host_memory)
    visit_parameters(model, [](std::string_view, const auto& p) {
      if (p.in_file()) B::discard(p.data, static_cast<std::size_t>(p.count()) * sizeof(*p.data));
    });
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
