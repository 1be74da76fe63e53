// clip/backend/cpu/simd/simd.hpp: portable SIMD type: a packet of the machine's width with arithmetic operators.
//
// A thin wrapper of Eigen's packet functions, which cover SSE, AVX2, AVX-512, NEON and plain scalars.
#pragma once

#include <clip/core/size.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// Vector types as template arguments lose an alignment attribute that nothing here depends on. GCC 12 reports its own
// intrinsics as uninitialised wherever they are inlined.
#pragma GCC diagnostic ignored "-Wignored-attributes"
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <Eigen/Core>

#include <cmath>
#include <type_traits>

namespace clip::inline CLIP_ABI::cpu {

/// Masks of load and store: all lanes of a packet, or its first n.
struct AllLanes {};
struct FirstLanes {
  Index n;
};

/// A packet of `size` lanes. The functors of core/pointwise.hpp accept it in place of a float.
template <class T>
struct Simd {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  using Traits = Eigen::internal::unpacket_traits<Packet>;
  static constexpr Index size = Traits::size;

  Packet v;

  Simd() = default;
  template <class S>
    requires std::is_arithmetic_v<S>
  explicit Simd(S x) : v{Eigen::internal::pset1<Packet>(static_cast<T>(x))} {}

  static Simd of(Packet packet) {
    Simd x;
    x.v = packet;
    return x;
  }

  static Simd load(const T* p, AllLanes = {}) { return of(Eigen::internal::ploadu<Packet>(p)); }
  static Simd load(const T* p, FirstLanes mask) {
    if constexpr (Traits::masked_load_available) {
      return of(Eigen::internal::ploadu<Packet>(p, static_cast<typename Traits::mask_t>((1u << mask.n) - 1)));
    } else {
      alignas(64) T lane[size] = {};
      for (Index i = 0; i < mask.n; ++i) lane[i] = p[i];
      return of(Eigen::internal::pload<Packet>(lane));
    }
  }
  /// Lanes outside the mask are set to `fill`.
  static Simd load(const T* p, AllLanes, T) { return load(p); }
  static Simd load(const T* p, FirstLanes mask, T fill) { return load(p, mask).keep(mask, fill); }

  void store(T* p, AllLanes = {}) const { Eigen::internal::pstoreu(p, v); }
  void store(T* p, FirstLanes mask) const {
    if constexpr (Traits::masked_store_available) {
      Eigen::internal::pstoreu(p, v, static_cast<typename Traits::mask_t>((1u << mask.n) - 1));
    } else {
      alignas(64) T lane[size];
      Eigen::internal::pstore(lane, v);
      for (Index i = 0; i < mask.n; ++i) p[i] = lane[i];
    }
  }

  /// The masked lanes; `fill` in the others.
  Simd keep(AllLanes, T) const { return *this; }
  Simd keep(FirstLanes mask, T fill) const {
    return choose_less(of(Eigen::internal::plset<Packet>(T(0))), Simd(mask.n), *this, Simd(fill));
  }

  friend Simd operator+(Simd a, Simd b) { return of(Eigen::internal::padd(a.v, b.v)); }
  friend Simd operator-(Simd a, Simd b) { return of(Eigen::internal::psub(a.v, b.v)); }
  friend Simd operator/(Simd a, Simd b) { return of(Eigen::internal::pdiv(a.v, b.v)); }
  friend Simd operator-(Simd a) { return of(Eigen::internal::pnegate(a.v)); }
  /// Never contracted into an FMA with a neighbouring addition: GCC contracts in some instantiations and not in others,
  /// which would change bits.
  friend Simd operator*(Simd a, Simd b) {
    Packet product = Eigen::internal::pmul(a.v, b.v);
#if defined(__GNUC__) && !defined(__clang__)
#if defined(__AVX512F__)
    asm("" : "+v"(product));
#elif defined(__FMA__)
    asm("" : "+x"(product));
#elif defined(__aarch64__)
    asm("" : "+w"(product));
#endif
#endif
    return of(product);
  }

  /// a b + c, rounded once on machines with FMA.
  friend Simd fma(Simd a, Simd b, Simd c) { return of(Eigen::internal::pmadd(a.v, b.v, c.v)); }
  friend Simd max(Simd a, Simd b) { return of(Eigen::internal::pmax(a.v, b.v)); }
  friend Simd min(Simd a, Simd b) { return of(Eigen::internal::pmin(a.v, b.v)); }
  friend Simd abs(Simd a) { return of(Eigen::internal::pabs(a.v)); }

  friend Simd sqrt(Simd x) {
    if constexpr (size > 1 && Eigen::internal::packet_traits<T>::HasSqrt) return of(Eigen::internal::psqrt(x.v));
    else return per_lane(x, [](T lane) { return std::sqrt(lane); });
  }
  friend Simd exp(Simd x) {
    if constexpr (size > 1 && Eigen::internal::packet_traits<T>::HasExp) return of(Eigen::internal::pexp(x.v));
    else return per_lane(x, [](T lane) { return std::exp(lane); });
  }
  /// a < b ? x : y, lane by lane
  friend Simd choose_less(Simd a, Simd b, Simd x, Simd y) {
    return of(Eigen::internal::pselect(Eigen::internal::pcmp_lt(a.v, b.v), x.v, y.v));
  }

  /// f applied to every lane.
  template <class F>
  static Simd per_lane(Simd x, F f) {
    alignas(64) T lane[size];
    Eigen::internal::pstore(lane, x.v);
    for (Index i = 0; i < size; ++i) lane[i] = f(lane[i]);
    return of(Eigen::internal::pload<Packet>(lane));
  }

  T sum() const { return Eigen::internal::predux(v); }
  T largest() const { return Eigen::internal::predux_max(v); }
};

}  // namespace clip::inline CLIP_ABI::cpu

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
