// clip/checkpoint/model_file.hpp: weights of a model from files of every format and dialect, and to files.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/backend/concept.hpp>
#include <clip/checkpoint/compare.hpp>
#include <clip/checkpoint/fit.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/checkpoint/save.hpp>
#include <clip/model/pack.hpp>
#include <clip/tensor/parameter.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct LoadOptions {
  /// How tables of positions are stretched where the model's image size or context is another than the file's; none: an error.
  Interpolate positions = Interpolate::none;
  /// Names that begin so may be in the file besides.
  std::string_view ignored_prefix{};
  /// Weights stay where the file is mapped, as far as they lie there as the model reads them: float32 (of a float model), one tensor
  /// each, not transposed, at a whole address. Nothing of theirs is read or copied before it is used, and processes share
  /// the pages; the rest is converted. The model keeps the mapping as long as weights lie there. pack() and a table of parameters
  /// take what they need into the model's memory. Until then the file must not be changed or shortened in place: results would
  /// change with it, and reading past its end is a SIGBUS. To replace it by another of its name (as save does) is harmless.
  bool in_place = false;
};

/// What a partial load left alone.
struct LoadReport {
  std::vector<std::string> missing;  // parameters of the model the file does not have
  std::vector<std::string> unused;   // tensors of the file the model does not have
};

namespace detail {

/// By OpenAI's names, and with the model's numbers of positions where the options say how.
template <class M>
Result<TensorFile> try_prepare(const M& model, const TensorFile& in_any_dialect, const LoadOptions& options) {
  TensorFile file = in_openai_names<NamingFamilies<M>>(in_any_dialect);
  if (options.positions == Interpolate::none) return file;
  return try_stretch_positions(model, file, options.positions);
}

/// A weight as it lies in the file, if it may.
template <class T>
bool use_in_place(Parameter<T>& p, const TensorFile& file, const FileTensor& stored) {
  const T* const values =
      p.owned != nullptr && p.kind == ParameterKind::parameter ? file.values_of<T>(stored) : nullptr;
  if (values) p.data = const_cast<T*>(values);  // only read from here on: see Parameter::owned
  return values != nullptr;
}

/// Copies what the file has, or points there; everything was compared before. A packed model goes back to rows. Host memory is
/// written in place, so that nothing is held twice. The file is kept before the first weight points there and the one before it
/// until the last has left it, so that an error half-way leaves none without its memory.
template <class M>
void fill(M& model, const TensorFile& file, [[maybe_unused]] bool in_place) {
  if constexpr (requires { model.unpack(); }) model.unpack();
  using B = std::remove_cvref_t<decltype(model.backend())>;
  constexpr bool keeps = B::host_memory && requires { model.keep(file.mapped()); };
  if constexpr (keeps)
    if (in_place) model.keep(file.mapped());
  visit_parameters(model, [&](std::string_view name, auto& p) {
    using T = typename std::remove_cvref_t<decltype(p)>::T;
    const FileTensor* stored = file.find(name);
    if (!stored) return;
    const auto count = static_cast<std::size_t>(p.count());
    if constexpr (B::host_memory) {
      if constexpr (keeps)
        if (in_place && use_in_place(p, file, *stored)) return;
      convert(*stored, std::span<T>{p.own_memory().data, count});
    } else {
      std::vector<T> values(count);
      convert(*stored, std::span<T>(values));
      model.backend().upload(std::span<const T>(values), p.view());
    }
    file.release(*stored);
  });
  if constexpr (keeps) model.release_unused_files();
}
}  // namespace detail

/// Fills every parameter of a model (or of one encoder) from a file, by OpenAI's names or those of another dialect. Missing, extra
/// and misshaped names are one LoadError that lists them all and says which configuration would fit, and then nothing is
/// changed. So is an activation, a number of heads or an epsilon that the file's folder states otherwise.
template <class M>
Result<void> try_load(M& model, const TensorFile& in_any_dialect, const LoadOptions& options = {}) {
  const auto file = detail::try_prepare(model, in_any_dialect, options);
  if (!file) return file.error();
  const auto c = detail::compare(model, *file, options.ignored_prefix);
  std::string wrong;
  detail::add_names(wrong, "missing", c.missing);
  detail::add_names(wrong, "not of this model", c.extra);
  detail::add_names(wrong, "that do not fit", c.misfit);
  if (!wrong.empty()) return LoadError{file->place(), "names: " + wrong + detail::what_fits(model, *file)};
  if (auto same = detail::try_check_statements(model, *file); !same) return same;
  detail::fill(model, *file, options.in_place);
  return {};
}
template <class M>
Result<void> try_load(M& model, const Safetensors& file, std::string_view ignored_prefix = {}) {
  return try_load(model, TensorFile{file}, {.ignored_prefix = ignored_prefix});
}
/// From a path: safetensors, a file of torch.save or torch.jit.save, or a folder of Hugging Face's.
template <class M, class Inflate = detail::Inflate>
Result<void> try_load(M& model, const std::string& path, const LoadOptions& options = {}) {
  const auto file = try_open_tensors<Inflate>(path);
  return file ? try_load(model, *file, options) : Result<void>{file.error()};
}
template <class M, class Inflate = detail::Inflate>
void load(M& model, const std::string& path, const LoadOptions& options = {}) {
  try_load<M, Inflate>(model, path, options).value();
}

/// Fills the parameters whose names the file has, and says what was left alone. Tensors that do not fit are a LoadError, and
/// then nothing is changed.
template <class M, class Inflate = detail::Inflate>
Result<LoadReport> try_load_partial(M& model, const std::string& path, const LoadOptions& options = {}) {
  const auto opened = try_open_tensors<Inflate>(path);
  if (!opened) return opened.error();
  const auto file = detail::try_prepare(model, *opened, options);
  if (!file) return file.error();
  auto c = detail::compare(model, *file, options.ignored_prefix);
  std::string wrong;
  detail::add_names(wrong, "that do not fit", c.misfit);
  if (!wrong.empty()) return LoadError{path, "names: " + wrong + detail::what_fits(model, *file)};
  if (auto same = detail::try_check_statements(model, *file); !same) return same.error();
  detail::fill(model, *file, options.in_place);
  return LoadReport{std::move(c.missing), std::move(c.extra)};
}
template <class M, class Inflate = detail::Inflate>
LoadReport load_partial(M& model, const std::string& path, const LoadOptions& options = {}) {
  return try_load_partial<M, Inflate>(model, path, options).value();
}

/// Values of a backend as a tensor to write; they are read when it is written.
template <Backend B>
TensorToWrite tensor_to_write(const B& backend, std::string name, const Shape& shape, In<typename B::Scalar> values) {
  using T = typename B::Scalar;
  TensorToWrite tensor{std::move(name),
                       std::is_same_v<T, double> ? Dtype::f64 : Dtype::f32,
                       {shape.extent.begin(), shape.extent.begin() + shape.rank},
                       {},
                       {}};
  tensor.produce = [b = B(backend), values](const ByteSink& sink) mutable {
    std::vector<T> host(static_cast<std::size_t>(values.count()));
    b.download(values, std::span<T>(host));
    sink(std::as_bytes(std::span<const T>(host)));
  };
  return tensor;
}

/// The parameters of a model as tensors to write, in its own arithmetic type; they read the weights while writing.
template <class M>
std::vector<TensorToWrite> tensors_of(M& model) {
  std::vector<TensorToWrite> tensors;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    using T = typename std::remove_cvref_t<decltype(p)>::T;
    tensors.push_back(tensor_to_write(model.backend(), std::string(name), p.shape, In<T>{p.view()}));
    if constexpr (PackingBackend<std::remove_cvref_t<decltype(model.backend())>>) {
      if (p.layout != Layout::rows)
        tensors.back().produce = [b = model.backend(), packed = p](const ByteSink& sink) mutable {
          std::vector<T> host(static_cast<std::size_t>(packed.count()));
          unpack(b, packed, View<T>{host.data(), packed.shape.rows(), packed.shape.cols()});
          sink(std::as_bytes(std::span<const T>(host)));
        };
    }
    if (p.kind == ParameterKind::counter) tensors.back() = in_integers(std::move(tensors.back()));
  });
  return tensors;
}

/// Writes a model whole or not at all: to a temporary name, synced, renamed. By OpenAI's names it is one file, which PyTorch and
/// OpenCLIP read; {.dialect = Dialect::huggingface} or openclip make it a folder with the model's description, as from_pretrained
/// takes it, or a file alone where the path ends in .safetensors.
/// OptionError: what the dialect has no words for. NumericError: a weight too large for the element type. SystemError: the disk.
template <class M>
Result<void> try_save(M& model, const std::string& path, const SaveOptions& options = {}) {
  using F = detail::NamingFamilies<M>;
  std::optional<AnyConfigOf<F>> config;
  if constexpr (detail::DescribesItself<M>) config = AnyConfigOf<F>{model.config()};
  return detail::try_write_model<F>(tensors_of(model), path, options, config);
}
template <class M>
void save(M& model, const std::string& path, const SaveOptions& options = {}) {
  try_save(model, path, options).value();
}

}  // namespace clip::inline CLIP_ABI
