// clip/model/storage.hpp: memory of a module's weights, mapped weight files, and a pool of inference contexts.
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

/// Allocates the memory of every parameter below a module in one buffer, in the order of the walk, with capacity for
/// every layout. Zeros: the system commits no pages before they are written. A weight without values, as pruning leaves
/// them, has an address of its own, too, by which a table of parameters finds it.
template <Backend B, class M>
Buffer<B> allocate_parameters(B backend, M& module) {
  using T = typename B::Scalar;
  const auto parameters = named_parameters<T>(module);
  const auto size = [](const Parameter<T>& p) { return aligned_count<T>(std::max<Index>(detail::capacity<B>(p), 1)); };
  Index total = 0;
  for (const auto& [name, p] : parameters) total += size(*p);
  Buffer<B> buffer{backend, total};
  T* next = buffer.data();
  for (const auto& [name, p] : parameters) {
    p->data = p->owned = next;
    p->layout = Layout::rows;
    next += size(*p);
  }
  return buffer;
}

/// The mapped files that hold weights of a module (LoadOptions::in_place).
class WeightFiles {
 public:
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) {
    files_.insert(files_.end(), files.begin(), files.end());
  }

  /// Unmaps the files that no weight points into any more.
  template <class T>
  void release_unused(const std::vector<NamedParameter<const Parameter<T>>>& parameters) {
    std::erase_if(files_, [&](const auto& file) {
      return std::none_of(parameters.begin(), parameters.end(), [&](const auto& named) {
        const Parameter<T>& p = *named.parameter;
        return p.in_file() && file->holds(std::as_bytes(std::span{p.data, static_cast<std::size_t>(p.count())}));
      });
    });
  }

 private:
  std::vector<std::shared_ptr<const MappedFile>> files_;
};

/// Releases the pages of weights in mapped files (LoadOptions::in_place), for a model or encoder that is idle for a
/// while. The next use reads them again. May run while other threads encode.
template <class M>
void release_pages(const M& model) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  if constexpr (B::host_memory)
    for (const auto& [name, p] : named_parameters<typename B::Scalar>(model))
      if (p->in_file()) B::discard(p->data, static_cast<std::size_t>(p->count()) * sizeof(*p->data));
}

/// A pool of contexts for calls without a context of the caller's: one per concurrent call, kept for later calls.
template <Backend B>
class InferencePool {
 public:
  class Lease {
   public:
    Lease(InferencePool& pool, std::unique_ptr<Inference<B>> context) : pool_{&pool}, context_{std::move(context)} {}
    Lease(Lease&&) = default;
    ~Lease() {
      if (context_) pool_->release(std::move(context_));
    }
    Inference<B>& operator*() const { return *context_; }

   private:
    InferencePool* pool_;
    std::unique_ptr<Inference<B>> context_;
  };

  Lease acquire(const B& backend) {
    {
      const std::lock_guard lock{mutex_};
      if (!idle_.empty()) {
        auto context = std::move(idle_.back());
        idle_.pop_back();
        return {*this, std::move(context)};
      }
    }
    auto context = std::make_unique<Inference<B>>(backend);
    const std::lock_guard lock{mutex_};
    idle_.reserve(contexts_ + 1);  // release() runs in a destructor, where it must not allocate
    ++contexts_;
    return {*this, std::move(context)};
  }

 private:
  void release(std::unique_ptr<Inference<B>> context) {
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(context));
  }
  std::mutex mutex_;
  std::vector<std::unique_ptr<Inference<B>>> idle_;
  std::size_t contexts_ = 0;  // how many there are, those in use included
};

}  // namespace clip::inline CLIP_ABI
