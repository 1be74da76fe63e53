// cuda/flash.cu: attention on tensor cores, for every size of heads that it has kernels for.
#include <clip/backend/cuda/kernels/flash_backward.cuh>

#include <type_traits>

namespace clip_cuda::kernels {
namespace {

/// f(D) with the size that a head is padded to, as a constant; whether there is one.
template <class F>
bool with_padded_size(int d, const F& f) {
  const auto in = [&]<int... D>(std::integer_sequence<int, D...>) {
    return ((d <= D && (f(std::integral_constant<int, D>{}), true)) || ...);
  };
  return in(std::integer_sequence<int, 16, 32, 64, 80, 96, 128>{});
}

dim3 grid_of(const EqualSequences& s) {
  return dim3(static_cast<unsigned>(s.count * s.blocks()), static_cast<unsigned>(s.heads));
}

}  // namespace

bool flash_attention(Work& work, const EqualSequences& s, In<float> q, In<float> k, In<float> v, Out<float> y,
                     Out<float> saved) {
  return with_padded_size(s.d, [&](auto D) {
    work.launch(flash_attention_kernel<D>, grid_of(s), dim3(flash_threads), s, q, k, v, y, saved);
  });
}

bool flash_attention_backward(Work& work, const EqualSequences& s, In<float> q, In<float> k, In<float> v,
                              In<float> saved, In<float> along, In<float> dy, Acc<float> dq, Acc<float> dk,
                              Acc<float> dv) {
  return with_padded_size(s.d, [&](auto D) {
    if (dq)
      work.launch(flash_gradient_kernel<D, false>, grid_of(s), dim3(flash_threads), s, q, dy, k, v, saved, along, dq,
                  Acc<float>{});
    if (dk || dv)
      work.launch(flash_gradient_kernel<D, true>, grid_of(s), dim3(flash_threads), s, k, v, q, dy, saved, along, dk,
                  dv);
  });
}

}  // namespace clip_cuda::kernels
