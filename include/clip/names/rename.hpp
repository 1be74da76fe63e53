// clip/names/rename.hpp: translation of a file's tensor names between dialects.
#pragma once

#include <clip/formats/rewrite.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/names/dialect.hpp>
#include <clip/names/divided_table.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// Whether the prefix of a table begins one of the file's names.
inline bool is_of(const TensorFile& file, const NameTable& table) {
  return !table.prefix.empty() && std::any_of(file.tensors().begin(), file.tensors().end(),
                                              [&](const FileTensor& t) { return t.name.starts_with(table.prefix); });
}
}  // namespace detail

/// The dialect of a file: that of the first table whose prefix begins one of the file's names; otherwise openai.
inline Dialect dialect_of(const TensorFile& file, std::span<const NameTable> tables) {
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const NameTable& table) { return detail::is_of(file, table); });
  return found == tables.end() ? Dialect::openai : found->dialect;
}

namespace detail {

/// What some checkpoints keep with the weights: buffers (masks and position ids), and the parameters by which TinyCLIP
/// learns what to prune (l0_module), whatever stands before their names.
inline bool is_buffer(std::string_view name) {
  if (name.starts_with("l0_module.") || name.find(".l0_module.") != name.npos) return true;
  const std::size_t dot = name.rfind('.');
  const std::string_view last = dot == name.npos ? name : name.substr(dot + 1);
  return last == "attn_mask" || last == "causal_attention_mask" || last == "position_ids";
}

/// True for tensors that hold no weights, such as tables of position ids.
inline bool is_dropped(std::string_view name, std::span<const NameTable> tables) {
  return is_buffer(name) || std::any_of(tables.begin(), tables.end(), [&](const NameTable& table) {
           return !table.dropped.empty() && name.ends_with(table.dropped);
         });
}

/// The tables of a dialect that hold for a model, those with signs first. `has(rule)`: whether it has the rule's
/// tensor.
template <class Has>
std::vector<const NameTable*> tables_for(std::span<const NameTable> tables, Dialect dialect, Has has) {
  std::vector<const NameTable*> all;
  for (const bool with_signs : {true, false})
    for (const NameTable& table : tables)
      if (table.dialect == dialect && table.signs.empty() != with_signs &&
          (!with_signs || std::any_of(table.signs.begin(), table.signs.end(), has)))
        all.push_back(&table);
  return all;
}

/// A tensor of a file under its OpenAI name. Empty for a k or v part: the q part yields the joined tensor.
inline std::vector<FileTensor> by_rule(const TensorFile& file, const FileTensor& tensor, const NameRule& rule,
                                       Captured captured) {
  FileTensor renamed{tensor};
  renamed.name = fill_in(rule.openai, captured);
  if (renamed.name != tensor.name && file.find(renamed.name) != nullptr) return {tensor};  // the file has both names
  if (rule.transposed) {
    if (renamed.shape.size() != 2) return {tensor};
    std::swap(renamed.shape[0], renamed.shape[1]);
    renamed.transposed = !renamed.transposed;
  }
  const auto leading = static_cast<std::ptrdiff_t>(rule.leading);
  if (renamed.shape.size() < rule.leading ||
      std::any_of(renamed.shape.begin(), renamed.shape.begin() + leading, [](Index n) { return n != 1; }))
    return {tensor};
  renamed.shape.erase(renamed.shape.begin(), renamed.shape.begin() + leading);
  const std::size_t count = parts_of(rule);
  if (count == 1) return {renamed};
  std::array<const FileTensor*, 3> parts{};
  for (std::size_t i = 0; i < count; ++i) {
    captured.part = i;
    parts[i] = file.find(other_name(rule, captured));
    if (parts[i] == nullptr || parts[i]->shape.empty() || parts[i]->count() == 0 || parts[i]->dtype != tensor.dtype ||
        parts[i]->transposed != tensor.transposed)
      return {tensor};
    std::vector<Index> expected = parts[0]->shape;
    expected[0] *= static_cast<Index>(thirds_of(rule, i).count);
    if (parts[i]->shape != expected) return {tensor};
  }
  if (parts[0] != &tensor) return {};
  renamed.shape[0] *= 3;
  renamed.parts.clear();
  for (std::size_t i = 0; i < count; ++i) renamed.parts.push_back(parts[i]->parts[0]);
  return {renamed};
}

/// A tensor of zeros in the memory that `zeros` receives, if a file has the tensor that gives the number of rows.
inline std::optional<FileTensor> zeros_for(const ZeroTensor& zero, const std::vector<FileTensor>& tensors,
                                           std::vector<std::byte>& zeros) {
  const auto named = [&](std::string_view name) {
    return std::find_if(tensors.begin(), tensors.end(), [&](const FileTensor& t) { return t.name == name; });
  };
  const auto rows_of = named(zero.rows_of);
  if (rows_of == tensors.end() || named(zero.openai) != tensors.end() || rows_of->shape.empty() ||
      rows_of->count() == 0 || !is_floating(rows_of->dtype))
    return {};
  const std::vector<Index> shape{rows_of->shape[0]};
  zeros.resize(stored_size(rows_of->dtype, shape).value_or(0));
  return FileTensor{StoredTensor{std::string(zero.openai), rows_of->dtype, shape, zeros}};
}

/// Whether all bytes of a tensor to write are zero.
inline Result<bool> try_is_zero(const TensorToWrite& tensor) {
  bool zero = true;
  const auto look = [&](std::span<const std::byte> bytes) {
    zero = zero && std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  };
  if (auto done = try_produce(tensor, look); !done) return done.error();
  return zero;
}

/// Whether a rule applies to a tensor to write: three equal parts along the first axis, or a matrix to transpose.
inline bool applies(const NameRule& rule, const TensorToWrite& tensor) {
  if (rule.transposed && tensor.shape.size() != 2) return false;
  return parts_of(rule) == 1 || (!tensor.shape.empty() && tensor.shape[0] % 3 == 0);
}

}  // namespace detail

/// The same file under OpenAI's names, from any dialect. Copies no bytes; tensors that the dialect omits because they
/// are zero are added, and those of heads that served the training are left out. A tensor that no rule matches keeps
/// its name, and so do q, k and v unless they are three tensors of one shape.
inline TensorFile in_openai_names(const TensorFile& file, std::span<const NameTable> tables) {
  const Dialect dialect = dialect_of(file, tables);
  std::vector<std::string_view> heads;
  bool stays = dialect == Dialect::openai;
  for (const NameTable& table : tables) {
    if (!detail::is_of(file, table)) continue;
    heads.insert(heads.end(), table.heads.begin(), table.heads.end());
    stays = stays && (table.dialect != Dialect::openai || table.rules.empty());
  }
  if (stays) return file;
  const auto is_of_head = [&](const std::string& name) {
    return std::any_of(heads.begin(), heads.end(), [&](std::string_view head) { return name.starts_with(head); });
  };
  const auto in_use =
      detail::tables_for(tables, dialect, [&](const NameRule& sign) { return file.find(sign.other) != nullptr; });
  std::vector<FileTensor> renamed;
  for (const FileTensor& tensor : file.tensors()) {
    bool matched = false;
    for (const NameTable* const table : in_use) {
      if (matched) break;
      for (const NameRule& rule : table->rules) {
        const auto captured = detail::match_other(rule, tensor.name);
        if (!captured) continue;
        for (FileTensor& made : detail::by_rule(file, tensor, rule, *captured)) renamed.push_back(std::move(made));
        matched = true;
        break;
      }
    }
    if (!matched && !detail::is_dropped(tensor.name, tables) && !is_of_head(tensor.name)) renamed.push_back(tensor);
  }
  std::vector<std::vector<std::byte>> memory;
  for (const NameTable* const table : in_use) {
    std::vector<std::byte> zeros;
    if (auto added = detail::zeros_for(table->zero, renamed, zeros)) {
      renamed.push_back(std::move(*added));
      memory.push_back(std::move(zeros));
    }
  }
  TensorFile result = file.with(std::move(renamed));
  for (std::vector<std::byte>& zeros : memory) result.keep(std::move(zeros));
  return result;
}

namespace detail {

/// Whether an OpenAI name is one of a table's, or of the similarity's.
inline bool is_known(std::string_view name, std::span<const NameTable> tables) {
  if (name == "logit_scale" || name == "logit_bias") return true;
  const auto matches = [&](std::string_view pattern) { return match(pattern, name).has_value(); };
  return std::any_of(tables.begin(), tables.end(), [&](const NameTable& table) {
    return std::any_of(table.own.begin(), table.own.end(), matches) ||
           std::any_of(table.rules.begin(), table.rules.end(), [&](const NameRule& r) { return matches(r.openai); });
  });
}

/// The models for which a closed dialect has no names.
constexpr std::string_view others_of(Dialect dialect) {
  return dialect == Dialect::apple         ? "none of Apple's MobileCLIP"
         : dialect == Dialect::tinyclip    ? "no TinyCLIP"
         : dialect == Dialect::torchvision ? "no ResNet of torchvision alone"
                                           : "no SigLIP";
}

/// The tensor without which a dialect has no such model; empty: none.
inline std::string_view lacking_tensor(const std::vector<TensorToWrite>& tensors,
                                       const std::vector<const NameTable*>& tables) {
  const auto has = [&](std::string_view name) {
    return std::any_of(tensors.begin(), tensors.end(), [&](const TensorToWrite& t) { return t.name == name; });
  };
  for (const NameTable* const table : tables)
    if (!table->needed.of.empty() && has(table->needed.of) && !has(table->needed.tensor)) return table->needed.tensor;
  return {};
}

}  // namespace detail

/// Translates tensors to write from OpenAI's names into a dialect. A name that no rule matches stays as it is, except
/// in a closed dialect. Two tables that the dialect has as one are folded. OptionError: a tensor of a tower that the
/// dialect has no names for, or that would be omitted and is not zero; a tower that lacks a tensor which the dialect
/// needs; two tables that do not fit together.
[[nodiscard]] inline Result<std::vector<TensorToWrite>> try_in_dialect(std::vector<TensorToWrite> tensors,
                                                                       Dialect dialect,
                                                                       std::span<const NameTable> tables) {
  auto in_use = detail::tables_for(tables, dialect, [&](const NameRule& sign) {
    return std::any_of(tensors.begin(), tensors.end(), [&](const TensorToWrite& t) { return t.name == sign.openai; });
  });
  std::erase_if(in_use, [&](const NameTable* table) {
    return std::none_of(tensors.begin(), tensors.end(),
                        [&](const TensorToWrite& t) { return t.name.starts_with(table->beside); });
  });
  if (dialect != Dialect::openai)
    for (const NameTable* const table : in_use)
      if (auto folded = detail::try_fold(tensors, table->divided); !folded) return folded.error();
  const auto lacking = detail::lacking_tensor(tensors, in_use);
  std::vector<TensorToWrite> renamed;
  for (TensorToWrite& tensor : tensors) {
    const NameRule* rule = nullptr;
    std::optional<detail::Captured> captured;
    bool omitted = false;
    for (const NameTable* const table : in_use) {
      if (!table->written) continue;
      for (const std::string_view prefix : table->refused)
        if (tensor.name.starts_with(prefix))
          return OptionError{"dialect", "for " + std::string(table->tower), std::string(table->instead),
                             std::string(name_of(dialect)) + ": " +
                                 (dialect == Dialect::openclip ? "OpenCLIP" : "transformers") + " has no such CLIP (" +
                                 tensor.name + ")"};
      if (tensor.name == table->zero.openai) {
        const auto zero = detail::try_is_zero(tensor);
        if (!zero) return zero.error();
        if (!*zero)
          return OptionError{"dialect", "for a model whose " + tensor.name + " is not zero", "another",
                             std::string(name_of(dialect)) + ", which has no such tensor"};
        omitted = true;
      }
      for (std::size_t i = 0; i < table->rules.size() && rule == nullptr; ++i) {
        captured = detail::match_openai(table->rules[i], tensor.name);
        if (captured) rule = &table->rules[i];
      }
    }
    if (omitted) continue;
    if (rule == nullptr && is_closed(dialect) && tensor.name != "logit_scale")
      return OptionError{"dialect", "for a model that is " + std::string(detail::others_of(dialect)), "another",
                         std::string(name_of(dialect)) + ", which has no name for " + tensor.name};
    if (rule == nullptr || !detail::applies(*rule, tensor)) {
      renamed.push_back(std::move(tensor));
      continue;
    }
    const std::size_t parts = detail::parts_of(*rule);
    for (std::size_t part = 0; part < parts; ++part) {
      captured->part = part;
      const auto [first, count] = detail::thirds_of(*rule, part);
      renamed.push_back(parts > 1          ? detail::thirds(tensor, first, count)
                        : rule->transposed ? detail::transposed(tensor)
                                           : tensor);
      renamed.back().shape.insert(renamed.back().shape.begin(), rule->leading, 1);
      renamed.back().name = detail::other_name(*rule, *captured);
    }
  }
  if (!lacking.empty())
    return OptionError{"dialect", "for a model without " + std::string(lacking), "openai or openclip",
                       std::string(name_of(dialect)) + ": transformers has no such CLIP"};
  return renamed;
}

}  // namespace clip::inline CLIP_ABI
