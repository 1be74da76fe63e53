// clip/plot/stroke_font.hpp: letters as lines, for drawings that become pixels.
#pragma once

#include <clip/core/abi.hpp>

#include <array>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// The lines of the characters from space to ~. A point is its column, a digit, and its height, a letter: d is the
/// baseline, j the height of an x, m that of an H, a the lowest point of a g. Spaces separate lines.
inline constexpr std::array<std::string_view, 95> stroke_font{
    "",                                  // space
    "0m0g 0d0e",                         // !
    "0m0k 2m2k",                         // "
    "1d2m 4d5m 0g6g 0j6j",               // #
    "5k4l1l0k0j5g5f4e1e0f 3c3m",         // $
    "0d6m 0j0m2m2j0j 4d4g6g6d4d",        // %
    "6d1j1l2m3m4l4k0f0e1d3d6h",          // &
    "0m0k",                              // '
    "2m0j0f2c",                          // (
    "0m2j2f0c",                          // )
    "2h2l 0i4k 0k4i",                    // *
    "3e3k 0h6h",                         // +
    "1e0b",                              // ,
    "0h4h",                              // -
    "0d0e",                              // .
    "0c4m",                              // /
    "0f0k1m4m5k5f4d1d0f",                // 0
    "0k2m2d",                            // 1
    "0k1m4m5k5j0d5d",                    // 2
    "0l1m4m5k5j4i2i 4i5h5f4d1d0e",       // 3
    "4d4m0g5g",                          // 4
    "5m0m0i3j5h5f4d1d0e",                // 5
    "5l4m2m0k0f1d4d5f5h4i1i0h",          // 6
    "0m5m2d",                            // 7
    "1i0k0l1m4m5l5k4i1i0g0f1d4d5f5g4i",  // 8
    "0e1d3d5f5k4m1m0k0j1h4h5i",          // 9
    "0d0e 0i0j",                         // :
    "1i1j 1e0b",                         // ;
    "5k0h5e",                            // <
    "0g5g 0j5j",                         // =
    "0k5h0e",                            // >
    "0k1m4m5k5j2h2g 2d2e",               // ?
    "6e2d0f0k2m6m8k8h6h6j4j3i3h5g6h",    // @
    "0d3m6d 1g5g",                       // A
    "4i0i0m4m5l5j4i6g6f4d0d0i",          // B
    "6k4m2m0k0f2d4d6f",                  // C
    "0d0m3m6j6g3d0d",                    // D
    "5m0m0d5d 0i4i",                     // E
    "5m0m0d 0i4i",                       // F
    "6k4m2m0k0f2d4d6f6h3h",              // G
    "0m0d 6m6d 0i6i",                    // H
    "0m0d",                              // I
    "4m4f3d1d0f",                        // J
    "0m0d 5m0g 2i6d",                    // K
    "0m0d5d",                            // L
    "0d0m4g8m8d",                        // M
    "0d0m6d6m",                          // N
    "0f0k2m4m6k6f4d2d0f",                // O
    "0d0m4m6k6j4h0h",                    // P
    "0f0k2m4m6k6f4d2d0f 4f6d",           // Q
    "0d0m4m6k6j4h0h 3h6d",               // R
    "5k4m1m0k0j5g5f4d1d0f",              // S
    "0m6m 3m3d",                         // T
    "0m0f2d4d6f6m",                      // U
    "0m3d6m",                            // V
    "0m2d4k6d8m",                        // W
    "0m6d 6m0d",                         // X
    "0m3h6m 3h3d",                       // Y
    "0m6m0d6d",                          // Z
    "2m0m0c2c",                          // [
    "0m4c",                              // backslash
    "0m2m2c0c",                          // ]
    "0j2m4j",                            // ^
    "0c6c",                              // _
    "0m1k",                              // `
    "5j5d 5h3j2j0h0f2d3d5f",             // a
    "0m0d 0h2j3j5h5f3d2d0f",             // b
    "5i3j2j0h0f2d3d5e",                  // c
    "5m5d 5h3j2j0h0f2d3d5f",             // d
    "0g5g5h3j2j0h0f2d3d5e",              // e
    "4m3m2l2d 0j4j",                     // f
    "5j5c3a2a0b 5h3j2j0h0f2d3d5f",       // g
    "0m0d 0h2j3j5h5d",                   // h
    "0j0d 0l0m",                         // i
    "2j2b1a0a 2l2m",                     // j
    "0m0d 4j0f 1g4d",                    // k
    "0m0d",                              // l
    "0j0d 0h2j3j4h4d 4h6j7j8h8d",        // m
    "0j0d 0h2j3j5h5d",                   // n
    "0f0h2j3j5h5f3d2d0f",                // o
    "0j0a 0h2j3j5h5f3d2d0f",             // p
    "5j5a 5h3j2j0h0f2d3d5f",             // q
    "0j0d 0h2j4j",                       // r
    "4i3j1j0i0h4f4e3d1d0e",              // s
    "1m1e2d4d 0j3j",                     // t
    "0j0f2d3d5f 5j5d",                   // u
    "0j2d4j",                            // v
    "0j2d4i6d8j",                        // w
    "0j4d 4j0d",                         // x
    "0j2d 4j1a0a",                       // y
    "0j4j0d4d",                          // z
    "3m2m1l1j0h1f1d2c3c",                // {
    "0m0b",                              // |
    "0m1m2l2j3h2f2d1c0c",                // }
    "0h1i2i4g5g6h",                      // ~
};

/// The lines of a character; a box for one that is not in the font.
constexpr std::string_view strokes_of(char32_t c) {
  if (c >= U' ' && c <= U'~') return stroke_font[static_cast<std::size_t>(c - U' ')];
  switch (c) {
    case U'±': return "3g3m 0j6j 0d6d";
    case U'×': return "0e5j 5e0j";
    case U'–':
    case U'—': return "0h6h";
    case U'·': return "0g0h";
    default: return "0d0m5m5d0d";
  }
}

}  // namespace clip::inline CLIP_ABI::detail
