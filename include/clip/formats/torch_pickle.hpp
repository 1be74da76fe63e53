// clip/formats/torch_pickle.hpp: the allow-list of names in PyTorch pickles, and the tensors in such a pickle.
#pragma once

#include <clip/formats/below.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/formats/pickle.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

/// Names with a meaning for this reader, and names in training checkpoints apart from the weights, which are ignored.
/// Nothing is called: what a name stands for, does not run.
inline constexpr std::array<std::string_view, 82> torch_names{"collections.OrderedDict",
                                                              "torch._utils._rebuild_tensor",
                                                              "torch._utils._rebuild_tensor_v2",
                                                              "torch._utils._rebuild_tensor_v3",
                                                              "torch._utils._rebuild_parameter",
                                                              "torch._utils._rebuild_parameter_with_state",
                                                              "torch.jit._pickle.build_intlist",
                                                              "torch.jit._pickle.build_boollist",
                                                              "torch.jit._pickle.build_doublelist",
                                                              "torch.jit._pickle.build_tensorlist",
                                                              "torch.jit._pickle.restore_type_tag",
                                                              "collections.defaultdict",
                                                              "collections.Counter",
                                                              "argparse.Namespace",
                                                              "types.SimpleNamespace",
                                                              "torch.Size",
                                                              "torch.device",
                                                              "numpy.core.multiarray.scalar",
                                                              "numpy._core.multiarray.scalar",
                                                              "numpy.core.multiarray._reconstruct",
                                                              "numpy._core.multiarray._reconstruct",
                                                              "numpy.dtype",
                                                              "numpy.ndarray",
                                                              "_codecs.encode",
                                                              "builtins.set",
                                                              "builtins.frozenset",
                                                              "builtins.bytearray",
                                                              "builtins.complex",
                                                              "__builtin__.set",
                                                              "__builtin__.frozenset",
                                                              "__builtin__.bytearray",
                                                              "__builtin__.complex",
                                                              "__builtin__.long",
                                                              "builtins.int",
                                                              "torch._tensor._rebuild_from_type_v2",
                                                              "torch._utils._rebuild_sparse_tensor",
                                                              "torch._utils._rebuild_sparse_csr_tensor",
                                                              "torch._utils._rebuild_qtensor",
                                                              "torch._utils._rebuild_meta_tensor_no_storage",
                                                              "torch.serialization._get_layout",
                                                              "torch.Tensor",
                                                              "torch._tensor.Tensor",
                                                              "torch.nn.parameter.Parameter",
                                                              "torch.nn.parameter.Buffer",
                                                              "torch.QInt8Storage",
                                                              "torch.QUInt8Storage",
                                                              "torch.QInt32Storage",
                                                              "torch.qint8",
                                                              "torch.quint8",
                                                              "torch.qint32",
                                                              "torch.per_tensor_affine",
                                                              "torch.per_channel_affine",
                                                              "torch.per_channel_affine_float_qparams",
                                                              "torch.strided",
                                                              "torch.sparse_coo",
                                                              "torch.sparse_csr",
                                                              "pathlib.PosixPath",
                                                              "pathlib.WindowsPath",
                                                              "pathlib.PurePosixPath",
                                                              "pathlib.PureWindowsPath",
                                                              "pathlib.Path",
                                                              "pathlib._local.PosixPath",
                                                              "pathlib._local.WindowsPath",
                                                              "datetime.datetime",
                                                              "datetime.date",
                                                              "datetime.timedelta",
                                                              "collections.deque",
                                                              "builtins.list",
                                                              "builtins.dict",
                                                              "builtins.tuple",
                                                              "builtins.float",
                                                              "builtins.str",
                                                              "builtins.bool",
                                                              "builtins.slice",
                                                              "builtins.range",
                                                              "__builtin__.list",
                                                              "__builtin__.dict",
                                                              "__builtin__.tuple",
                                                              "__builtin__.float",
                                                              "__builtin__.int",
                                                              "__builtin__.str",
                                                              "__builtin__.bool"};

/// Keys of training checkpoints whose values are the weights, or dictionaries with one of these keys.
inline constexpr std::array<std::string_view, 10> torch_keys{
    "state_dict", "model_state_dict", "model",          "module",      "ema",
    "model_ema",  "ema_state_dict",   "state_dict_ema", "model_state", "net"};

inline bool is_dictionary(const PickleValue& v) {
  return v.is(PickleValue::Kind::dict) || v.calls("collections.OrderedDict") || v.calls("collections.defaultdict");
}

/// An object of a class that the TorchScript archive defines.
inline bool is_module(const PickleValue& v) {
  return v.is(PickleValue::Kind::call) && v.callee->text.starts_with("__torch__.") && v.state != nullptr &&
         is_dictionary(*v.state);
}

}  // namespace detail

/// The allow-list. Classes of a TorchScript archive have names "__torch__.…".
inline bool allowed_in_torch_files(std::string_view name) {
  return std::find(detail::torch_names.begin(), detail::torch_names.end(), name) != detail::torch_names.end() ||
         name.starts_with("__torch__.") ||
         std::any_of(detail::torch_types.begin(), detail::torch_types.end(),
                     [&](const auto& t) { return name == t.storage || name == t.scalar; });
}

/// The named tensors of a pickle, in its order.
struct TorchTensors {
  std::vector<std::pair<std::string, TorchTensor>> tensors;
  bool torchscript = false;
};

namespace detail {

/// Walks the pickled graph. Cycles and shared nodes are safe: depth and number of visits are limited.
class TorchWalk {
 public:
  TorchWalk(const Pickle& pickle, const std::string& place, std::size_t most_tensors, std::string_view wanted)
      : pickle_{pickle}, most_{4 * pickle.size()}, most_tensors_{most_tensors}, place_{place}, wanted_{wanted} {}

  Result<TorchTensors> run() {
    const PickleValue* from = &pickle_.root();
    for (int level = 0; level < 8 && is_dictionary(*from); ++level) {
      if (const PickleValue* const named = take_wanted(*from)) {
        from = named;
        continue;
      }
      const auto choices = weights_in(*from);
      if (choices.empty()) break;
      const PickleValue* const inner = choices.begin()->second;
      std::string keys;
      bool same = true;
      for (const auto& [key, value] : choices) {
        keys += (keys.empty() ? "" : ", ") + std::string(key);
        same = same && value == inner;
      }
      if (!same)
        return LoadError{place_, "weights of several models: " + keys +
                                     "; choose one by its key, as state_dict (--state-dict of the program clip)"}
            .with_id("clip.load.ambiguous");
      from = inner;
    }
    result_.torchscript = is_module(*from);
    if (result_.torchscript) modules(*from, "", 0);
    else if (is_dictionary(*from)) entries(*from, "", 0);
    else problem_ = "expected a dictionary of tensors or a TorchScript module";
    if (problem_.empty() && result_.tensors.empty()) problem_ = "no tensors in it" + keys_of(*from);
    if (!problem_.empty()) return LoadError{place_, problem_};
    strip();
    if (!wanted_.empty() && !keep_below(result_.tensors, wanted_, &std::pair<std::string, TorchTensor>::first))
      return LoadError{place_, "no state dict \"" + std::string(wanted_.substr(0, 60)) + '"' + keys_of(*from)}.with_id(
          "clip.load.state_dict");
    strip();
    return std::move(result_);
  }

 private:
  /// The value of the key that is asked for, or of the first part of a path of keys ("ema.model"), which is then no
  /// longer asked for; null if the dictionary has neither.
  const PickleValue* take_wanted(const PickleValue& dictionary) {
    for (std::string_view key = wanted_; !key.empty();) {
      for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
        const PickleValue& value = *dictionary.items[i + 1];
        if (!dictionary.items[i]->is(PickleValue::Kind::text) || dictionary.items[i]->text != key) continue;
        if (!is_dictionary(value) && !is_module(value)) continue;
        wanted_.remove_prefix(std::min(key.size() + 1, wanted_.size()));
        return &value;
      }
      const std::size_t dot = key.rfind('.');
      key = dot == key.npos ? std::string_view{} : key.substr(0, dot);
    }
    return nullptr;
  }

  void modules(const PickleValue& module, const std::string& prefix, int depth) {
    if (depth == 64) problem_ = "modules nested more than 64 deep";
    if (problem_.empty()) entries(*module.state, prefix, depth);
  }

  void entries(const PickleValue& dictionary, const std::string& prefix, int depth) {
    for (std::size_t i = 0; i + 1 < dictionary.items.size() && problem_.empty(); i += 2) {
      if (++visits_ > most_) {
        problem_ = "its modules contain each other, or are shared too often";
        return;
      }
      const PickleValue &key = *dictionary.items[i], &value = *dictionary.items[i + 1];
      if (!key.is(PickleValue::Kind::text)) continue;
      if (prefix.size() + key.text.size() > 1024) {
        problem_ = "a name of more than 1024 characters";
        return;
      }
      const std::string name = prefix + std::string(key.text);
      if (is_module(value)) modules(value, name + ".", depth + 1);
      else if (is_tensor(value)) add(name, value);
    }
  }

  /// Sparse and quantised tensors are none: no weight of a model here is one.
  static bool is_tensor(const PickleValue& v) {
    if (v.calls("torch._tensor._rebuild_from_type_v2")) {
      const auto& a = v.arguments->items;
      return a.size() >= 3 && a[0]->is(PickleValue::Kind::name) && is_dense(a[0]->text);
    }
    return v.is(PickleValue::Kind::call) && is_dense(v.callee->text);
  }
  static bool is_dense(std::string_view name) {
    return name.starts_with("torch._utils._rebuild_tensor") || name.starts_with("torch._utils._rebuild_parameter");
  }

  static bool is_torch_key(const PickleValue& key) {
    return key.is(PickleValue::Kind::text) &&
           std::find(torch_keys.begin(), torch_keys.end(), key.text) != torch_keys.end();
  }

  /// Whether a value is a module, or a dictionary with a tensor or with a dictionary that may have some.
  static bool may_hold_tensors(const PickleValue& v) {
    if (!is_dictionary(v)) return is_module(v);
    for (std::size_t i = 0; i + 1 < v.items.size(); i += 2) {
      const PickleValue& value = *v.items[i + 1];
      if (is_tensor(value) || is_module(value) || (is_torch_key(*v.items[i]) && is_dictionary(value))) return true;
    }
    return false;
  }

  /// The values of the keys of weights in a dictionary; none if it has weights itself: tensors of compound names.
  static std::map<std::string_view, const PickleValue*> weights_in(const PickleValue& dictionary) {
    std::map<std::string_view, const PickleValue*> all, choices;
    for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2)
      if (const PickleValue& key = *dictionary.items[i];
          key.is(PickleValue::Kind::text) && key.text.find('.') != key.text.npos && is_tensor(*dictionary.items[i + 1]))
        return {};
      else if (is_torch_key(key)) all.emplace(key.text, dictionary.items[i + 1]);
    for (const auto& [key, value] : all)
      if (may_hold_tensors(*value)) choices.emplace(key, value);
    return choices;
  }

  void add(const std::string& name, const PickleValue& value) {
    auto tensor = read(value);
    if (!tensor) {
      problem_ = name + ": a damaged record of a tensor";
      return;
    }
    if (result_.tensors.size() == most_tensors_) {
      problem_ = "more than " + std::to_string(most_tensors_) + " tensors, too many for a file of this size";
      return;
    }
    result_.tensors.emplace_back(name, std::move(*tensor));
  }

  static std::optional<TorchTensor> read(const PickleValue& value) {
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
    const auto of_storage = type([&](const auto& t) { return !t.storage.empty() && t.storage == id[1]->text; });
    const auto of_tensor =
        typed ? type([&](const auto& t) { return a[6]->is(Kind::name) && t.scalar == a[6]->text; }) : of_storage;
    if (!of_storage || !of_tensor) return std::nullopt;
    tensor.storage = {*of_storage, id[2]->text, static_cast<Index>(id[4]->integer)};
    tensor.dtype = *of_tensor;
    tensor.offset = static_cast<Index>(a[1]->integer);
    const auto shape = extents(*a[2]), strides = extents(*a[3]);
    if (!shape || !strides || shape->size() != strides->size()) return std::nullopt;
    tensor.shape = *shape;
    tensor.strides = *strides;
    return tensor;
  }

  static std::optional<Dtype> type(auto matches) {
    const auto found = std::find_if(torch_types.begin(), torch_types.end(), matches);
    return found == torch_types.end() ? std::nullopt : std::optional{found->dtype};
  }

  /// A tuple of integers of 0 or more, also in the form torch.Size((…)).
  static std::optional<std::vector<Index>> extents(const PickleValue& value) {
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

  /// Removes the prefixes that module wrappers put before every name.
  void strip() {
    auto& tensors = result_.tensors;
    for (bool again = true; again;) {
      again = false;
      for (const std::string_view prefix : {"module.", "_orig_mod."}) {
        if (!std::all_of(tensors.begin(), tensors.end(),
                         [&](const auto& t) { return t.first.size() > prefix.size() && t.first.starts_with(prefix); }))
          continue;
        for (auto& t : tensors) t.first.erase(0, prefix.size());
        again = true;
      }
    }
  }

  static std::string keys_of(const PickleValue& v) {
    std::string text;
    for (std::size_t i = 0; i < v.items.size() && i < 16; i += 2)
      if (v.items[i]->is(PickleValue::Kind::text))
        text += (text.empty() ? "; keys: " : ", ") + std::string(v.items[i]->text.substr(0, 60));
    return text;
  }

  const Pickle& pickle_;
  std::size_t most_, most_tensors_, visits_ = 0;
  std::string place_, problem_;
  std::string_view wanted_;
  TorchTensors result_;
};

}  // namespace detail

/// The tensors of an unpickled file, at most `most`. See try_parse_torch for the choice of the dictionary and the
/// removal of prefixes.
[[nodiscard]] inline Result<TorchTensors> try_find_torch_tensors(const Pickle& pickle, const std::string& place,
                                                                 std::size_t most = std::size_t{1} << 22,
                                                                 std::string_view state_dict = {}) {
  return detail::TorchWalk{pickle, place, most, state_dict}.run();
}

}  // namespace clip::inline CLIP_ABI
