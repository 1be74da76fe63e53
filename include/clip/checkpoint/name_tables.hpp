// clip/checkpoint/name_tables.hpp: tensor-name tables of a list of tower families, and dialect translation with them.
#pragma once

#include <clip/names/rename.hpp>
#include <clip/tower/list.hpp>

#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The name tables of every family in every dialect.
template <class F = KnownFamilies>
const std::vector<NameTable>& name_tables() {
  static const std::vector<NameTable> tables = [] {
    std::vector<NameTable> all;
    const auto add = [&]<class Config>() {
      for (const Dialect dialect : dialects) all.push_back(Description<Config>::names(dialect));
    };
    F::Images::each(add);
    F::Texts::each(add);
    return all;
  }();
  return tables;
}

/// The dialect of a file by the families' name tables; see names/rename.hpp.
template <class F = KnownFamilies>
Dialect dialect_of(const TensorFile& file) {
  return dialect_of(file, name_tables<F>());
}
template <class F = KnownFamilies>
TensorFile in_openai_names(const TensorFile& file) {
  return in_openai_names(file, name_tables<F>());
}
template <class F = KnownFamilies>
[[nodiscard]] Result<std::vector<TensorToWrite>> try_in_dialect(std::vector<TensorToWrite> tensors, Dialect dialect) {
  return try_in_dialect(std::move(tensors), dialect, name_tables<F>());
}

}  // namespace clip::inline CLIP_ABI
