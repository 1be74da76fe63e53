// clip/formats/torch_pickle.hpp: the named tensors of a PyTorch pickle: state dicts, training checkpoints, TorchScript.
#pragma once

#include <clip/formats/below.hpp>
#include <clip/formats/pickle.hpp>
#include <clip/formats/torch_names.hpp>
#include <clip/formats/torch_tensor.hpp>

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

/// The named tensors of a pickle, in its order.
struct TorchTensors {
  std::vector<std::pair<std::string, TorchTensor>> tensors;
  bool torchscript = false;
};

namespace detail {

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
      else if (is_torch_tensor(value)) add(name, value);
    }
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
      if (is_torch_tensor(value) || is_module(value) || (is_torch_key(*v.items[i]) && is_dictionary(value)))
        return true;
    }
    return false;
  }

  /// The values of the keys of weights in a dictionary; none if it has weights itself: tensors of compound names.
  static std::map<std::string_view, const PickleValue*> weights_in(const PickleValue& dictionary) {
    std::map<std::string_view, const PickleValue*> all, choices;
    for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2)
      if (const PickleValue& key = *dictionary.items[i]; key.is(PickleValue::Kind::text) &&
                                                         key.text.find('.') != key.text.npos &&
                                                         is_torch_tensor(*dictionary.items[i + 1]))
        return {};
      else if (is_torch_key(key)) all.emplace(key.text, dictionary.items[i + 1]);
    for (const auto& [key, value] : all)
      if (may_hold_tensors(*value)) choices.emplace(key, value);
    return choices;
  }

  void add(const std::string& name, const PickleValue& value) {
    auto tensor = read_torch_tensor(value);
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
