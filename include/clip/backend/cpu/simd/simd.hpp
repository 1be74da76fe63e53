// clip/backend/cpu/simd/simd.hpp: a packet of the machine's width as a number, after Eigen's packet functions.
#pragma once

#include <clip/core/size.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Wignored-attributes"  // vector types as template arguments lose an alignment nobody asks for
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12 says so of its own intrinsics wherever they are inlined
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <Eigen/Core>

#include <cmath>
#include <concepts>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// A whole packet, or only its first n lanes: what loops over a row hand to load and store.
struct Full {};
struct Part {
  Index n;
};

/// `size` values computed side by side. Functors of core/pointwise.hpp run on it as on a float.
template <class T>
struct Pack {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  using Traits = Eigen::internal::unpacket_traits<Packet>;
  static constexpr Index size = Traits::size;

  Packet v;

  Pack() = default;
  template <class S>
    requires std::is_arithmetic_v<S>
  explicit Pack(S x) : v{Eigen::internal::pset1<Packet>(static_cast<T>(x))} {}

  static Pack of(Packet packet) {
    Pack x;
    x.v = packet;
    return x;
  }

  static Pack load(const T* p, Full = {}) { return of(Eigen::internal::ploadu<Packet>(p)); }
  static Pack load(const T* p, Part part) {
    if constexpr (Traits::masked_load_available) {
      return of(Eigen::internal::ploadu<Packet>(p, static_cast<typename Traits::mask_t>((1u << part.n) - 1)));
    } else {
      alignas(64) T lane[size] = {};
      for (Index i = 0; i < part.n; ++i) lane[i] = p[i];
      return of(Eigen::internal::pload<Packet>(lane));
    }
  }
  /// With `fill` past the end.
  static Pack load(const T* p, Full, T) { return load(p); }
  static Pack load(const T* p, Part part, T fill) { return load(p, part).keep(part, fill); }

  void store(T* p, Full = {}) const { Eigen::internal::pstoreu(p, v); }
  void store(T* p, Part part) const {
    if constexpr (Traits::masked_store_available) {
      Eigen::internal::pstoreu(p, v, static_cast<typename Traits::mask_t>((1u << part.n) - 1));
    } else {
      alignas(64) T lane[size];
      Eigen::internal::pstore(lane, v);
      for (Index i = 0; i < part.n; ++i) p[i] = lane[i];
    }
  }

  /// The first lanes, `fill` in the others.
  Pack keep(Full, T) const { return *this; }
  Pack keep(Part part, T fill) const {
    return choose_less(of(Eigen::internal::plset<Packet>(T(0))), Pack(part.n), *this, Pack(fill));
  }

  friend Pack operator+(Pack a, Pack b) { return of(Eigen::internal::padd(a.v, b.v)); }
  friend Pack operator-(Pack a, Pack b) { return of(Eigen::internal::psub(a.v, b.v)); }
  friend Pack operator/(Pack a, Pack b) { return of(Eigen::internal::pdiv(a.v, b.v)); }
  friend Pack operator-(Pack a) { return of(Eigen::internal::pnegate(a.v)); }
  /// Never fused with a neighbouring addition: GCC would do so in some places and not in others.
  friend Pack operator*(Pack a, Pack b) {
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

  /// a b + c, rounded once where the machine can.
  friend Pack fma(Pack a, Pack b, Pack c) { return of(Eigen::internal::pmadd(a.v, b.v, c.v)); }
  friend Pack max(Pack a, Pack b) { return of(Eigen::internal::pmax(a.v, b.v)); }
  friend Pack min(Pack a, Pack b) { return of(Eigen::internal::pmin(a.v, b.v)); }
  friend Pack abs(Pack a) { return of(Eigen::internal::pabs(a.v)); }

  friend Pack sqrt(Pack x) {
    if constexpr (size > 1 && Eigen::internal::packet_traits<T>::HasSqrt) return of(Eigen::internal::psqrt(x.v));
    else return lanes(x, [](T lane) { return std::sqrt(lane); });
  }
  friend Pack exp(Pack x) {
    if constexpr (size > 1 && Eigen::internal::packet_traits<T>::HasExp) return of(Eigen::internal::pexp(x.v));
    else return lanes(x, [](T lane) { return std::exp(lane); });
  }
  /// a < b ? x : y, lane by lane
  friend Pack choose_less(Pack a, Pack b, Pack x, Pack y) {
    return of(Eigen::internal::pselect(Eigen::internal::pcmp_lt(a.v, b.v), x.v, y.v));
  }

  /// f applied to every lane.
  template <class F>
  static Pack lanes(Pack x, F f) {
    alignas(64) T lane[size];
    Eigen::internal::pstore(lane, x.v);
    for (Index i = 0; i < size; ++i) lane[i] = f(lane[i]);
    return of(Eigen::internal::pload<Packet>(lane));
  }

  T sum() const { return Eigen::internal::predux(v); }
  T largest() const { return Eigen::internal::predux_max(v); }
};

/// The error function by Cody's rational approximations (Math. Comp. 23, 1969): x P(x²) / Q(x²) near zero, 1 - exp(-x²) R(x) / S(x)
/// beyond, where little is left to err in. Within two units in the last place of std::erf.
template <class T>
Pack<T> erf(Pack<T> x) {
  using P = Pack<T>;
  const auto along = [](P at, auto first, auto... rest) {
    P sum(first);
    ((sum = fma(sum, at, P(rest))), ...);
    return sum;
  };
  const P z = min(abs(x), P(6)), square = x * x;
  const P near =
      x *
      along(square, 1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
            3.20937758913846947e3) /
      along(square, 1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3);
  const P tail =
      exp(-(z * z)) *
      along(z, 2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
            2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
            1.23033935479799725e3) /
      along(z, 1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
            3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3);
  const P far = P(1) - tail;
  return choose_less(z, P(0.46875), near, choose_less(x, P(0), -far, far));
}

/// f(x), lane by lane where f takes plain numbers only.
template <class F, class T>
Pack<T> apply(const F& f, Pack<T> x) {
  if constexpr (requires {
                  { f(x) } -> std::same_as<Pack<T>>;
                })
    return f(x);
  else return Pack<T>::lanes(x, [&](T lane) { return static_cast<T>(f(lane)); });
}
template <class F, class T>
Pack<T> apply_slope(const F& f, Pack<T> x) {
  if constexpr (requires {
                  { f.slope(x) } -> std::same_as<Pack<T>>;
                })
    return f.slope(x);
  else return Pack<T>::lanes(x, [&](T lane) { return static_cast<T>(f.slope(lane)); });
}

/// f(j, part) for the packets of a row of n values: full ones, then what is left.
template <class T, class F>
[[gnu::always_inline]] inline void along(Index n, F&& f) {
  Index j = 0;
  for (; j + Pack<T>::size <= n; j += Pack<T>::size) f(j, Full{});
  if (j < n) f(j, Part{n - j});
}

/// Σ of the packets f(j, part); f leaves zeros past the end. Four running sums, so the order depends on n alone.
template <class T, class F>
[[gnu::always_inline]] inline T sum_along(Index n, F&& f) {
  constexpr Index size = Pack<T>::size;
  Pack<T> s0{0}, s1{0}, s2{0}, s3{0};
  Index j = 0;
  for (; j + 4 * size <= n; j += 4 * size) {
    s0 = s0 + f(j, Full{});
    s1 = s1 + f(j + size, Full{});
    s2 = s2 + f(j + 2 * size, Full{});
    s3 = s3 + f(j + 3 * size, Full{});
  }
  for (; j + size <= n; j += size) s0 = s0 + f(j, Full{});
  if (j < n) s1 = s1 + f(j, Part{n - j});
  return ((s0 + s1) + (s2 + s3)).sum();
}

}  // namespace clip::inline CLIP_ABI

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
