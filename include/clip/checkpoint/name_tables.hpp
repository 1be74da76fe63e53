// clip/checkpoint/name_tables.hpp: tensor-name tables of a list of tower families, and dialect translation with them.
#pragma once

#include <clip/names/prefix.hpp>
#include <clip/names/rename.hpp>
#include <clip/tower/list.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The name tables of every family in every dialect, one after the other; then those of families that have several in
/// one dialect.
template <class F = KnownFamilies>
const std::vector<NameTable>& name_tables() {
  static const std::vector<NameTable> tables = [] {
    std::vector<NameTable> all;
    const auto add = [&]<class Config>() {
      for (const Dialect dialect : dialects) all.push_back(Description<Config>::names(dialect));
    };
    F::Images::each(add);
    F::Texts::each(add);
    const auto add_more = [&]<class Config>() {
      for (const NameTable& table : Description<Config>::more_names()) all.push_back(table);
    };
    F::Images::each(add_more);
    F::Texts::each(add_more);
    return all;
  }();
  return tables;
}

/// The file without a prefix before its names; see names/prefix.hpp.
template <class F = KnownFamilies>
[[nodiscard]] Result<Unprefixed> try_without_prefix(const TensorFile& file) {
  return try_without_prefix(file, name_tables<F>());
}
/// The dialect of a file by the families' name tables, whatever stands before its names; see names/rename.hpp.
template <class F = KnownFamilies>
Dialect dialect_of(const TensorFile& file) {
  const auto plain = try_without_prefix<F>(file);
  return dialect_of(plain ? plain->file : file, name_tables<F>());
}
/// The file in OpenAI's names. LoadError: as try_without_prefix.
template <class F = KnownFamilies>
[[nodiscard]] Result<TensorFile> try_in_openai_names(const TensorFile& file) {
  const auto plain = try_without_prefix<F>(file);
  return plain ? Result<TensorFile>{in_openai_names(plain->file, name_tables<F>())} : plain.error();
}
template <class F = KnownFamilies>
TensorFile in_openai_names(const TensorFile& file) {
  return try_in_openai_names<F>(file).value();
}
/// The names of a file in OpenAI's names that no table has; buffers are none of them. Empty if a family has no tables.
template <class F = KnownFamilies>
std::vector<std::string> unknown_names(const TensorFile& file) {
  const std::vector<NameTable>& tables = name_tables<F>();
  const auto says = [](const NameTable& table) { return !table.rules.empty() || !table.own.empty(); };
  constexpr std::size_t families =
      std::variant_size_v<typename F::Images::Variant> + std::variant_size_v<typename F::Texts::Variant>;
  for (std::size_t i = 0; i < families * dialects.size(); i += dialects.size())
    if (std::none_of(tables.data() + i, tables.data() + i + dialects.size(), says)) return {};
  std::vector<std::string> names;
  for (const FileTensor& t : file.tensors())
    if (!detail::is_known(t.name, tables) && !detail::is_dropped(t.name, tables)) names.push_back(t.name);
  return names;
}
template <class F = KnownFamilies>
[[nodiscard]] Result<std::vector<TensorToWrite>> try_in_dialect(std::vector<TensorToWrite> tensors, Dialect dialect) {
  return try_in_dialect(std::move(tensors), dialect, name_tables<F>());
}

}  // namespace clip::inline CLIP_ABI
