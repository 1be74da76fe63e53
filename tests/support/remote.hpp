// tests/support/remote.hpp: the Naive list over memory the host cannot touch between primitives, as on a device.
#pragma once

#include <clip/backend/naive.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

namespace clip::testing {

/// Pages without access except while a primitive runs. What the host reads or writes by itself ends in a fault.
class Arena {
 public:
  Arena()
      : begin_{static_cast<std::byte*>(
            mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))} {
    if (begin_ == MAP_FAILED) raise(SystemError{"remote", "no room for the arena"});
    free_[0] = size;
  }
  ~Arena() { munmap(begin_, size); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    const std::size_t wanted = rounded(bytes);
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      const auto [at, room] = *it;
      if (room < wanted) continue;
      free_.erase(it);
      if (room > wanted) free_[at + wanted] = room - wanted;
      return begin_ + at;
    }
    raise(SystemError{"remote", "the arena is full"});
  }

  void deallocate(void* p, std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    auto it = free_.emplace(static_cast<std::size_t>(static_cast<std::byte*>(p) - begin_), rounded(bytes)).first;
    if (const auto next = std::next(it); next != free_.end() && it->first + it->second == next->first)
      it->second += next->second, free_.erase(next);
    if (it != free_.begin())
      if (const auto before = std::prev(it); before->first + before->second == it->first)
        before->second += it->second, free_.erase(it);
  }

  /// As long as one of these lives the pages are open.
  class Visit {
   public:
    explicit Visit(Arena& arena) : arena_{arena} { arena_.count(+1); }
    ~Visit() { arena_.count(-1); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    Arena& arena_;
  };

 private:
  static constexpr std::size_t size = std::size_t{512} << 20;
  static std::size_t rounded(std::size_t bytes) { return (std::max<std::size_t>(bytes, 1) + 63) / 64 * 64; }

  void count(int change) {
    const std::lock_guard lock{mutex_};
    const int before = std::exchange(visits_, visits_ + change);
    if (before == 0) mprotect(begin_, size, PROT_READ | PROT_WRITE);
    if (visits_ == 0) mprotect(begin_, size, PROT_NONE);
  }

  std::byte* begin_;
  std::mutex mutex_;
  std::map<std::size_t, std::size_t> free_;  // where, how much
  int visits_ = 0;
};

/// The oracle with its memory far away. Copies share the memory.
template <class T = float>
class Remote {
 public:
  using Scalar = T;
  static constexpr bool host_memory = false;

  void* allocate(std::size_t bytes) {
    void* const p = arena_->allocate(bytes);
    const Arena::Visit visit{*arena_};
    return std::memset(p, 0, bytes);
  }
  void deallocate(void* p, std::size_t bytes) { arena_->deallocate(p, bytes); }
  std::string describe() const { return "remote " + std::string(ScalarTraits<T>::name); }

// A primitive of Naive during a visit; the second form is for those that are templates themselves.
#define CLIP_REMOTE(result, name, parameters, arguments) \
  result name parameters {                               \
    const Arena::Visit visit{*arena_};                   \
    return naive_.name arguments;                        \
  }
#define CLIP_REMOTE_OF(F, name, parameters, arguments) \
  template <class F>                                   \
  CLIP_REMOTE(void, name, parameters, arguments)

  CLIP_REMOTE_OF(S, upload, (std::span<const S> host, View<T> y), (host, y))
  CLIP_REMOTE_OF(S, download, (In<T> x, std::span<S> host), (x, host))

  CLIP_REMOTE(void, fill, (Out<T> y, T value), (y, value))
  CLIP_REMOTE(void, add, (In<T> x, Acc<T> y), (x, y))
  CLIP_REMOTE_OF(F, map, (F f, In<T> x, Out<T> y), (f, x, y))
  CLIP_REMOTE_OF(F, map_slope, (F f, In<T> x, In<T> dy, Acc<T> dx), (f, x, dy, dx))
  CLIP_REMOTE(void, exp_scale, (In<T> s, In<T> x, Acc<T> y), (s, x, y))
  CLIP_REMOTE(void, dot, (In<T> a, In<T> b, Acc<T> sum), (a, b, sum))

  template <class F>
  void linear(In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
    const Arena::Visit visit{*arena_};
    naive_.linear(x, w, epilogue, y);
  }
  template <class F>
  void project(In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y) {
    const Arena::Visit visit{*arena_};
    naive_.project(x, p, epilogue, y);
  }
  template <class F>
  void feed_forward(In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
    const Arena::Visit visit{*arena_};
    naive_.feed_forward(x, mlp, f, normed, hidden, y);
  }
  CLIP_REMOTE(void, outer, (In<T> a, In<T> b, Acc<T> c), (a, b, c))
  CLIP_REMOTE(void, column_sum, (In<T> x, Acc<T> sum), (x, sum))

  template <class F>
  void convolve(In<T> x, Weights<T> w, Grid grid, Window window, const Epilogue<T, F>& epilogue, Out<T> y) {
    const Arena::Visit visit{*arena_};
    naive_.convolve(x, w, grid, window, epilogue, y);
  }
  CLIP_REMOTE(void, convolve_backward, (In<T> dy, Weights<T> w, Grid grid, Window window, Acc<T> dx),
              (dy, w, grid, window, dx))
  CLIP_REMOTE(void, convolve_outer, (In<T> dy, In<T> x, Grid grid, Window window, Acc<T> dw), (dy, x, grid, window, dw))
  CLIP_REMOTE(void, average_pool, (In<T> x, Grid grid, Index k, Out<T> y), (x, grid, k, y))
  CLIP_REMOTE(void, average_pool_backward, (In<T> dy, Grid grid, Index k, Acc<T> dx), (dy, grid, k, dx))
  CLIP_REMOTE(void, channels_last, (In<T> images, Index channels, Out<T> y), (images, channels, y))
  CLIP_REMOTE(void, channels_last_backward, (In<T> dy, Index channels, Acc<T> dimages), (dy, channels, dimages))

  CLIP_REMOTE(void, batch_norm, (In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved),
              (x, gain, bias, epsilon, y, saved))
  CLIP_REMOTE(void, batch_norm_with,
              (In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y),
              (x, mean, variance, gain, bias, epsilon, y))
  CLIP_REMOTE(void, batch_norm_backward,
              (In<T> x, In<T> mean, In<T> variance, In<T> gain, double epsilon, In<T> dy, bool of_batch, Acc<T> dx,
               Acc<T> dgain, Acc<T> dbias),
              (x, mean, variance, gain, epsilon, dy, of_batch, dx, dgain, dbias))
  CLIP_REMOTE(void, fold_batch_norm, (In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y),
              (mean, variance, gain, bias, epsilon, y))
  CLIP_REMOTE(void, blend, (double keep, double share, In<T> x, Out<T> y), (keep, share, x, y))

  CLIP_REMOTE(void, layer_norm, (In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved),
              (x, gain, bias, epsilon, y, saved))
  CLIP_REMOTE(void, layer_norm_backward,
              (In<T> x, In<T> gain, In<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain, Acc<T> dbias),
              (x, gain, saved, dy, dx, dgain, dbias))
  CLIP_REMOTE(void, normalize, (In<T> x, Out<T> y, Saved<T> saved), (x, y, saved))
  CLIP_REMOTE(void, normalize_backward, (In<T> x, In<T> saved, In<T> dy, Acc<T> dx), (x, saved, dy, dx))

  CLIP_REMOTE(void, gather, (In<T> table, Ids ids, Acc<T> y), (table, ids, y))
  CLIP_REMOTE(void, scatter_add, (In<T> x, Ids ids, Acc<T> table), (x, ids, table))
  CLIP_REMOTE(void, patches, (In<T> images, Index channels, Index edge, Index patch, Out<T> y),
              (images, channels, edge, patch, y))
  CLIP_REMOTE(void, patches_backward, (In<T> dy, Index channels, Index edge, Index patch, Acc<T> dimages),
              (dy, channels, edge, patch, dimages))
  CLIP_REMOTE(void, tokens, (In<T> first, In<T> positions, In<T> x, Out<T> y), (first, positions, x, y))
  CLIP_REMOTE(void, tokens_backward, (In<T> dy, Index length, Acc<T> dfirst, Acc<T> dpositions, Acc<T> dx),
              (dy, length, dfirst, dpositions, dx))
  CLIP_REMOTE(void, mean_token, (In<T> x, In<T> positions, Out<T> y), (x, positions, y))
  CLIP_REMOTE(void, mean_token_backward, (In<T> dy, Index length, Acc<T> dpositions, Acc<T> dx),
              (dy, length, dpositions, dx))

  CLIP_REMOTE(void, attention,
              (In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, Out<T> y,
               Saved<T> saved),
              (q, k, v, sequences, pattern, y, saved))
  CLIP_REMOTE(void, attention_backward,
              (In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, In<T> y, In<T> saved,
               In<T> dy, Acc<T> dq, Acc<T> dk, Acc<T> dv),
              (q, k, v, sequences, pattern, y, saved, dy, dq, dk, dv))
  CLIP_REMOTE(void, query_attention, (In<T> q, In<T> x, Weights<T> w, Index heads, Out<T> y), (q, x, w, heads, y))
  CLIP_REMOTE(void, cross_entropy,
              (In<T> logits, Ids rows, Ids cols, Axis axis, double weight, Acc<T> loss, Saved<T> saved),
              (logits, rows, cols, axis, weight, loss, saved))
  CLIP_REMOTE(void, cross_entropy_backward,
              (In<T> logits, Ids rows, Ids cols, Axis axis, double weight, In<T> saved, In<T> dloss, Acc<T> dlogits),
              (logits, rows, cols, axis, weight, saved, dloss, dlogits))

  CLIP_REMOTE(double, sum_of_squares, (In<T> x), (x))
  CLIP_REMOTE(bool, all_finite, (In<T> x), (x))
  CLIP_REMOTE(void, clamp, (Out<T> x, double low, double high), (x, low, high))
  CLIP_REMOTE(void, scale, (Out<T> x, double factor), (x, factor))
  CLIP_REMOTE(void, adamw, (Out<T> p, In<T> g, Out<T> m, Out<T> v, const AdamwStep& step), (p, g, m, v, step))
  CLIP_REMOTE(void, sgd, (Out<T> p, In<T> g, Out<T> velocity, const SgdStep& step), (p, g, velocity, step))
#undef CLIP_REMOTE_OF
#undef CLIP_REMOTE

 private:
  Naive<T> naive_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
};

static_assert(Backend<Remote<float>> && Backend<Remote<double>>);

}  // namespace clip::testing
