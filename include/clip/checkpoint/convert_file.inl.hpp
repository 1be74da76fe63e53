// clip/checkpoint/convert_file.inl.hpp: definitions of clip/checkpoint/convert_file.hpp.
#pragma once

#include <clip/checkpoint/assumed_preprocessing.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/fit.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/name_list.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/checkpoint/save.hpp>
#include <clip/core/stop.hpp>
#include <clip/formats/rewrite.hpp>
#include <clip/io/bytes.hpp>
#include <clip/model/similarity.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// A tensor to write with the bytes of the file, whose pages are released once they are written.
inline TensorToWrite copy_of(std::shared_ptr<const TensorFile> file, const FileTensor& tensor) {
  TensorToWrite copy{tensor.name, tensor.dtype, tensor.shape, {}, {}};
  if (is_similarity_tensor(tensor.name) && tensor.count() == 1) copy.shape.clear();
  copy.produce = [file = std::move(file), tensor](const ByteSink& sink) -> Result<void> {
    constexpr std::size_t piece = std::size_t{1} << 22;  // small enough to stop between two
    for (const StoredTensor& part : tensor.parts) {
      if (tensor.transposed) {
        if (stop_requested()) return stopped_error(file->place());
        const Index cols = tensor.shape[1];
        TensorToWrite columns{tensor.name, tensor.dtype, {cols, cols > 0 ? part.count() / cols : 0}, part.bytes, {}};
        if (auto done = try_produce(transposed(std::move(columns)), sink); !done) return done;
        continue;
      }
      for (std::size_t at = 0; at < part.bytes.size(); at += piece) {
        if (stop_requested()) return stopped_error(file->place());
        sink(part.bytes.subspan(at, std::min(piece, part.bytes.size() - at)));
      }
    }
    file->release(tensor);
    return {};
  };
  return copy;
}

/// The configuration of the model in a file. Required for a folder, optional for a single file. A given one is compared
/// with the statements of the file and its folder, as for a model that is loaded.
template <class F>
Result<std::optional<AnyConfigOf<F>>> try_describe(const TensorFile& file, const std::string& out,
                                                   const ConvertOptionsOf<F>& options) {
  if (const auto& c = options.config) {
    const LoadTarget<F> target{{}, nullptr, c, state(c->image), state(c->text), c->input()};
    if (auto same = try_check_statements(target, file, true); !same) return same.error();
    return c;
  }
  const auto found = try_inspect<F>(file, options.assumed);
  if (found && found->activation_known) {
    notice_assumed_preprocessing(file, found->preprocessing_known, found->config.input());
    return std::optional{found->config};
  }
  if (!needs_config(out, options.dialect) && !options.kept && options.patch_size == 0)
    return std::optional<AnyConfigOf<F>>{};
  if (!found) return found.error();
  return LoadError{
      file.place(),
      "does not state its activation, and what is written must (ConvertOptions::assumed, or the whole configuration)"}
      .with_id("clip.load.activation");
}

/// The file with one table of positions or two, as a text tower is stated to have.
inline Result<TensorFile> try_divided_as(const TensorFile& file, const TowerStatement& text,
                                         const std::vector<NameTable>& tables) {
  const auto found = std::ranges::find_if(tables, [](const NameTable& table) { return !table.divided.first.empty(); });
  if (!text.two_tables || found == tables.end()) return file;
  return try_divide(file, found->divided, *text.two_tables);
}

/// Reduces the token table among tensors in OpenAI's names, and the vocabulary of their configuration.
template <class F>
Result<void> try_keep_rows(std::vector<TensorToWrite>& tensors, AnyConfigOf<F>& config, const KeptIds& kept,
                           const std::string& place) {
  if (auto possible = try_check_kept(config.text_input(), kept); !possible) return possible;
  const std::string_view table = std::visit(
      [](const auto& text) { return Description<std::remove_cvref_t<decltype(text)>>::token_table; }, config.text);
  const auto found = std::ranges::find(tensors, table, &TensorToWrite::name);
  if (found == tensors.end() || found->shape.empty() || found->shape[0] != kept.whole())
    return LoadError{place, std::string(table), std::to_string(kept.whole()) + " rows, one per id of the vocabulary",
                     found == tensors.end() || found->shape.empty() ? Index{0} : found->shape[0]};
  *found = rows_of(std::move(*found), kept.ids());
  std::visit([&](auto& text) { text.vocabulary = kept.size(); }, config.text);
  return {};
}

/// A tensor of these values, stored as the elements of another.
inline TensorToWrite of_values(const FileTensor& like, std::vector<Index> shape, std::vector<double> values) {
  TensorToWrite tensor{like.name, Dtype::f64, std::move(shape), {}, {}};
  tensor.produce = [values = std::move(values)](const ByteSink& sink) {
    std::vector<std::byte> bytes(values.size() * sizeof(double));
    for (std::size_t i = 0; i < values.size(); ++i)
      store_little(bytes.data() + i * sizeof(double), std::bit_cast<std::uint64_t>(values[i]));
    sink(bytes);
  };
  return in_dtype(std::move(tensor), like.dtype);
}

/// One of the tensors that depend on the patch size, for another patch size and grid.
inline Result<TensorToWrite> try_for_patches(const FileTensor& stored, const PatchTensors& names, Index patch_size,
                                             Index rows, const PatchOptions& how, const std::string& place) {
  const bool kernel = stored.name == names.kernel;
  const auto& shape = stored.shape;
  if (shape.size() != (kernel ? 4 : 2) || stored.count() == 0 || (kernel && shape[2] != shape[3]))
    return LoadError{place, stored.name + (kernel ? ": a kernel of square patches expected" : ": a matrix expected")};
  std::vector<double> values(static_cast<std::size_t>(stored.count()));
  if (auto good = try_convert(stored, std::span<double>(values)); !good) return good.error();
  auto resized = kernel ? try_resize_patches(values, shape[2], patch_size, how.patches)
                        : try_interpolate_grid(values, shape[1], rows, how.positions, names.class_rows);
  if (!resized) return LoadError{place, stored.name + ": " + resized.error().message()};
  return of_values(
      stored,
      kernel ? std::vector<Index>{shape[0], shape[1], patch_size, patch_size} : std::vector<Index>{rows, shape[1]},
      std::move(*resized));
}

/// Changes the patch size of tensors in OpenAI's names, and of their configuration.
template <class F>
Result<void> try_change_patches(std::vector<TensorToWrite>& tensors, const TensorFile& file, AnyConfigOf<F>& config,
                                const ConvertOptionsOf<F>& options) {
  const auto change = [&]<class Image>(Image& image) -> Result<void> {
    constexpr PatchTensors names = Description<Image>::patches;
    if constexpr (names.kernel.empty()) {
      return OptionError{file.place(), "patch size", "a vision transformer with a kernel of patches",
                         std::string(Description<Image>::words)};
    } else {
      image.patch_size = options.patch_size;
      if (auto possible = check(config); !possible) return possible;
      for (TensorToWrite& tensor : tensors) {
        if (tensor.name != names.kernel && tensor.name != names.positions) continue;
        const FileTensor& stored = *file.find(tensor.name);
        if (tensor.name == names.positions && !stored.shape.empty() && stored.shape[0] == image.tokens()) continue;
        auto changed = try_for_patches(stored, names, image.patch_size, image.tokens(), options.patches, file.place());
        if (!changed) return changed.error();
        tensor = std::move(*changed);
      }
      return {};
    }
  };
  return std::visit(change, config.image);
}

}  // namespace detail

template <class F>
Result<void> try_convert_file(const std::string& in, const std::string& out,
                              const std::type_identity_t<ConvertOptionsOf<F>>& options) {
  const auto opened = try_open_tensors(in, options.state_dict);
  if (!opened) return opened.error();
  auto config = detail::try_describe<F>(*opened, out, options);
  if (!config) return config.error();
  auto named = try_in_openai_names<F>(*opened);
  if (!named) return named.error();
  if (options.config) {
    auto divided = detail::try_divided_as(*named, detail::state(options.config->text), name_tables<F>());
    if (!divided) return divided.error();
    *named = std::move(*divided);
  }
  const auto file = std::make_shared<const TensorFile>(std::move(*named));
  std::vector<std::string> unknown = unknown_names<F>(*file);
  std::erase_if(unknown, [](const std::string& name) { return detail::is_note(name); });
  if (!unknown.empty()) {
    std::string wrong;
    detail::add_names(wrong, "that no rule translates", unknown);
    return LoadError{file->place(), "names: " + wrong}.with_id("clip.load.names");
  }
  std::vector<TensorToWrite> tensors;
  for (const FileTensor& tensor : file->tensors())
    if (!detail::is_note(tensor.name) && !detail::is_dropped(tensor.name, name_tables<F>()))
      tensors.push_back(detail::copy_of(file, tensor));
  if (options.patch_size > 0)
    if (auto done = detail::try_change_patches<F>(tensors, *file, **config, options); !done) return done;
  if (options.kept)
    if (auto done = detail::try_keep_rows<F>(tensors, **config, *options.kept, file->place()); !done) return done;
  return detail::try_write_model<F>(
      std::move(tensors), out,
      {.dialect = options.dialect, .dtype = options.dtype, .metadata = options.metadata, .files = options.files},
      *config);
}

}  // namespace clip::inline CLIP_ABI
