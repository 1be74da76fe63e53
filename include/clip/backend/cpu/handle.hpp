// clip/backend/cpu/handle.hpp: what the processor backend is made of: its crew, and how it computes.
#pragma once

#include <clip/backend/cpu/threads/workers.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// What products of rows with weights in rows are computed in. In bfloat16 both sides are rounded to it and summed in float, where
/// the machine has dot products of that type; otherwise, and for double, nothing changes.
enum class Arithmetic : unsigned char { full, bfloat16 };

struct CpuOptions {
  int threads = 0;                           // 0: the cores this process may use
  Arithmetic arithmetic = Arithmetic::full;  // of products with weights in rows, as in training
};

/// Copies share threads and scratch.
class CpuHandle {
 public:
  explicit CpuHandle(CpuOptions options)
      : crew_{std::make_shared<Crew>(options.threads > 0 ? options.threads : available_cores())},
        arithmetic_{options.arithmetic} {}

  int threads() const { return crew_->threads(); }
  Arithmetic arithmetic() const { return arithmetic_; }
  Crew& crew() { return *crew_; }

 protected:
  void compute_in(Arithmetic arithmetic) { arithmetic_ = arithmetic; }

  /// "float32", or "float32, products in bfloat16" where it is asked for and kernels `can`.
  std::string numbers(std::string_view scalar, bool can) const {
    return std::string(scalar) + (can && arithmetic_ == Arithmetic::bfloat16 ? ", products in bfloat16" : "");
  }
  /// "cpu float32, avx512, 2 threads"
  std::string describe(const std::string& numbers, std::string_view set) const {
    return "cpu " + numbers + ", " + std::string(set) + ", " + std::to_string(threads()) +
           (threads() == 1 ? " thread" : " threads");
  }

 private:
  std::shared_ptr<Crew> crew_;
  Arithmetic arithmetic_ = Arithmetic::full;
};

}  // namespace clip::inline CLIP_ABI
