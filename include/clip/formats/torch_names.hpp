// clip/formats/torch_names.hpp: the names that a PyTorch pickle may contain.
#pragma once

#include <clip/formats/torch_tensor.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace clip::inline CLIP_ABI {
namespace detail {

/// Names with a meaning for this reader, and names in training checkpoints apart from the weights, which are ignored.
/// Nothing is called: what a name stands for, does not run.
// clang-format off
inline constexpr auto torch_names = std::to_array<std::string_view>({
    // tensors and parameters
    "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.Size", "torch.device",
    "torch._tensor._rebuild_from_type_v2", "torch._utils._rebuild_sparse_tensor",
    "torch._utils._rebuild_sparse_csr_tensor", "torch._utils._rebuild_qtensor",
    "torch._utils._rebuild_meta_tensor_no_storage", "torch.serialization._get_layout", "torch.Tensor",
    "torch._tensor.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer", "torch.QInt8Storage",
    "torch.QUInt8Storage", "torch.QInt32Storage", "torch.qint8", "torch.quint8", "torch.qint32",
    "torch.per_tensor_affine", "torch.per_channel_affine", "torch.per_channel_affine_float_qparams", "torch.strided",
    "torch.sparse_coo", "torch.sparse_csr",
    // TorchScript
    "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_boollist", "torch.jit._pickle.build_doublelist",
    "torch.jit._pickle.build_tensorlist", "torch.jit._pickle.restore_type_tag",
    // collections
    "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "collections.deque",
    // numpy
    "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct", "numpy.dtype", "numpy.ndarray", "_codecs.encode",
    // builtins of Python 3 and 2
    "builtins.set", "builtins.frozenset", "builtins.bytearray", "builtins.complex", "__builtin__.set",
    "__builtin__.frozenset", "__builtin__.bytearray", "__builtin__.complex", "__builtin__.long", "builtins.int",
    "builtins.list", "builtins.dict", "builtins.tuple", "builtins.float", "builtins.str", "builtins.bool",
    "builtins.slice", "builtins.range", "__builtin__.list", "__builtin__.dict", "__builtin__.tuple",
    "__builtin__.float", "__builtin__.int", "__builtin__.str", "__builtin__.bool",
    // what training programs store beside the weights
    "argparse.Namespace", "types.SimpleNamespace", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath",
    "pathlib.PureWindowsPath", "pathlib.Path", "pathlib._local.PosixPath", "pathlib._local.WindowsPath",
    "datetime.datetime", "datetime.date", "datetime.timedelta",
});
// clang-format on

}  // namespace detail

/// The allow-list. Classes of a TorchScript archive have names "__torch__.…".
inline bool allowed_in_torch_files(std::string_view name) {
  return std::find(detail::torch_names.begin(), detail::torch_names.end(), name) != detail::torch_names.end() ||
         name.starts_with("__torch__.") ||
         std::any_of(detail::torch_types.begin(), detail::torch_types.end(),
                     [&](const auto& t) { return name == t.storage || name == t.scalar; });
}

}  // namespace clip::inline CLIP_ABI
