// clip/formats/torch_tensor.hpp: a tensor's record in a PyTorch pickle: its storage, type, shape and strides.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/formats/pickle.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Elements of one entry of the archive: "torch.FloatStorage", key "0".
struct TorchStorage {
  Dtype dtype = Dtype::f32;
  std::string_view key;
  Index count = 0;
};

/// Element (i, j, …) is element offset + i·strides[0] + j·strides[1] + … of the storage.
struct TorchTensor {
  TorchStorage storage;
  Dtype dtype = Dtype::f32;
  Index offset = 0;
  std::vector<Index> shape, strides;
};

namespace detail {

struct TorchTypeName {
  std::string_view storage, scalar;  // the name of the storage class, and of the dtype
  Dtype dtype;
};
inline constexpr std::array<TorchTypeName, 19> torch_types{{
    {"torch.FloatStorage", "torch.float32", Dtype::f32},
    {"torch.HalfStorage", "torch.float16", Dtype::f16},
    {"torch.BFloat16Storage", "torch.bfloat16", Dtype::bf16},
    {"torch.DoubleStorage", "torch.float64", Dtype::f64},
    {"torch.LongStorage", "torch.int64", Dtype::i64},
    {"torch.IntStorage", "torch.int32", Dtype::i32},
    {"torch.ShortStorage", "torch.int16", Dtype::i16},
    {"torch.CharStorage", "torch.int8", Dtype::i8},
    {"torch.ByteStorage", "torch.uint8", Dtype::u8},
    {"torch.BoolStorage", "torch.bool", Dtype::boolean},
    {"torch.ComplexFloatStorage", "torch.complex64", Dtype::c64},
    {"torch.storage.UntypedStorage", "", Dtype::u8},
    {"", "torch.uint16", Dtype::u16},
    {"", "torch.uint32", Dtype::u32},
    {"", "torch.uint64", Dtype::u64},
    {"", "torch.float8_e4m3fn", Dtype::f8_e4m3},
    {"", "torch.float8_e5m2", Dtype::f8_e5m2},
    {"", "torch.float8_e4m3fnuz", Dtype::f8_e4m3fnuz},
    {"", "torch.float8_e5m2fnuz", Dtype::f8_e5m2fnuz},
}};

inline bool is_dense_torch_tensor(std::string_view name) {
  return name.starts_with("torch._utils._rebuild_tensor") || name.starts_with("torch._utils._rebuild_parameter");
}

/// Sparse and quantised tensors are none: no weight of a model here is one.
inline bool is_torch_tensor(const PickleValue& v) {
  if (v.calls("torch._tensor._rebuild_from_type_v2")) {
    const auto& a = v.arguments->items;
    return a.size() >= 3 && a[0]->is(PickleValue::Kind::name) && is_dense_torch_tensor(a[0]->text);
  }
  return v.is(PickleValue::Kind::call) && is_dense_torch_tensor(v.callee->text);
}

inline std::optional<Dtype> torch_type(auto matches) {
  const auto found = std::find_if(torch_types.begin(), torch_types.end(), matches);
  return found == torch_types.end() ? std::nullopt : std::optional{found->dtype};
}

/// A tuple of integers of 0 or more, also in the form torch.Size((…)).
inline std::optional<std::vector<Index>> torch_extents(const PickleValue& value) {
  const PickleValue* v = &value;
  if (v->calls("torch.Size") && v->arguments->items.size() == 1) v = v->arguments->items[0];
  if ((!v->is(PickleValue::Kind::tuple) && !v->is(PickleValue::Kind::list)) || v->items.size() > 64)
    return std::nullopt;
  std::vector<Index> numbers;
  for (const PickleValue* const item : v->items) {
    if (!item->is(PickleValue::Kind::integer) || item->integer < 0) return std::nullopt;
    numbers.push_back(static_cast<Index>(item->integer));
  }
  return numbers;
}

/// The tensor of a record; nothing if the record is damaged.
inline std::optional<TorchTensor> read_torch_tensor(const PickleValue& value) {
  using Kind = PickleValue::Kind;
  const PickleValue* v = &value;
  if (v->calls("torch._utils._rebuild_parameter") || v->calls("torch._utils._rebuild_parameter_with_state")) {
    if (v->arguments->items.empty()) return std::nullopt;
    v = v->arguments->items[0];
  }
  std::string_view made_by = v->is(Kind::call) ? v->callee->text : std::string_view{};
  const PickleValue* arguments = v->arguments;
  if (v->calls("torch._tensor._rebuild_from_type_v2") && v->arguments->items.size() >= 3) {  // has attributes
    made_by = v->arguments->items[0]->text;
    arguments = v->arguments->items[2];
  }
  const bool typed = made_by == "torch._utils._rebuild_tensor_v3";
  if (arguments == nullptr || !arguments->is(Kind::tuple) ||
      (!typed && made_by != "torch._utils._rebuild_tensor" && made_by != "torch._utils._rebuild_tensor_v2"))
    return std::nullopt;
  const auto& a = arguments->items;
  if (a.size() < (typed ? 7U : 4U) || !a[0]->is(Kind::persistent) || !a[0]->arguments->is(Kind::tuple) ||
      !a[1]->is(Kind::integer) || a[1]->integer < 0)
    return std::nullopt;
  const auto& id = a[0]->arguments->items;
  if (id.size() < 5 || !id[0]->is(Kind::text) || id[0]->text != "storage" || !id[1]->is(Kind::name) ||
      !id[2]->is(Kind::text) || !id[4]->is(Kind::integer) || id[4]->integer < 0)
    return std::nullopt;
  TorchTensor tensor;
  const auto of_storage = torch_type([&](const auto& t) { return !t.storage.empty() && t.storage == id[1]->text; });
  const auto of_tensor =
      typed ? torch_type([&](const auto& t) { return a[6]->is(Kind::name) && t.scalar == a[6]->text; }) : of_storage;
  if (!of_storage || !of_tensor) return std::nullopt;
  tensor.storage = {*of_storage, id[2]->text, static_cast<Index>(id[4]->integer)};
  tensor.dtype = *of_tensor;
  tensor.offset = static_cast<Index>(a[1]->integer);
  const auto shape = torch_extents(*a[2]), strides = torch_extents(*a[3]);
  if (!shape || !strides || shape->size() != strides->size()) return std::nullopt;
  tensor.shape = *shape;
  tensor.strides = *strides;
  return tensor;
}

}  // namespace detail
}  // namespace clip::inline CLIP_ABI
