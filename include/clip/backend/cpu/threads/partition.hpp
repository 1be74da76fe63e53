// clip/backend/cpu/threads/partition.hpp: integer arithmetic that divides loops into blocks.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI::cpu {

/// ⌈a / b⌉
constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
/// The least multiple of b that is not below a.
constexpr Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }
/// The block size that divides n into the fewest blocks of at most `limit`, all about equal.
constexpr Index balanced_block(Index n, Index limit) { return ceil_div(n, std::max<Index>(1, ceil_div(n, limit))); }

/// Rows per block of a reduction over rows whose partial sums are added in order. A function of `rows` alone, so the
/// bits of the sum do not depend on the number of threads.
inline Index block_rows(Index rows) { return std::max<Index>(16, (rows + 63) / 64); }

}  // namespace clip::inline CLIP_ABI::cpu
