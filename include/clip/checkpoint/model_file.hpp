// clip/checkpoint/model_file.hpp: loading and saving of a model's weights, in files of every format and dialect.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/backend/concept.hpp>
#include <clip/checkpoint/fit.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/load_options.hpp>
#include <clip/checkpoint/save.hpp>
#include <clip/formats/rewrite.hpp>
#include <clip/formats/safetensors.hpp>
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

namespace detail {

/// Points a weight into the mapped file, if it is stored as the model reads it.
template <class T>
bool use_in_place(Parameter<T>& p, const TensorFile& file, const FileTensor& stored) {
  const T* const values = p.owned != nullptr && is_weight(p.kind) ? file.values_of<T>(stored) : nullptr;
  if (values) p.data = const_cast<T*>(values);  // never written through: see Parameter::owned
  return values != nullptr;
}

/// Copies a file's tensors into the parameters, or points them there.
template <class B, class T>
void fill(const std::vector<NamedParameter<Parameter<T>>>& parameters, [[maybe_unused]] B& backend,
          const TensorFile& file, [[maybe_unused]] bool in_place) {
  for (const auto& [name, p] : parameters) {
    const FileTensor* const stored = file.find(name);
    if (!stored) continue;
    const auto count = static_cast<std::size_t>(p->count());
    if constexpr (B::host_memory) {
      if (in_place && use_in_place(*p, file, *stored)) continue;
      convert(*stored, std::span<T>{p->own_memory().data, count});
    } else {
      std::vector<T> values(count);
      convert(*stored, std::span<T>(values));
      backend.upload(std::span<const T>(values), p->view());
    }
    file.release(*stored);
  }
}

/// Copies a file's tensors into the model or points the weights there, after all comparisons. Unpacks a packed model.
/// Writes host memory directly, without a second copy. The new mapping is kept before the first weight points there,
/// and the old one until no weight does, so that every weight has valid memory even after an error half-way.
template <class M>
void fill(M& model, const TensorFile& file, [[maybe_unused]] bool in_place) {
  if constexpr (requires { model.unpack(); }) model.unpack();
  using B = std::remove_cvref_t<decltype(model.backend())>;
  constexpr bool keeps = B::host_memory && requires { model.keep(file.mapped()); };
  if constexpr (keeps)
    if (in_place) model.keep(file.mapped());
  fill(named_parameters<typename B::Scalar>(model), model.backend(), file, keeps && in_place);
  if constexpr (keeps) model.release_unused_files();
}
}  // namespace detail

/// Fills every parameter of a model (or of one encoder) from a file, in OpenAI's names or another dialect. One
/// LoadError lists all missing, extra and misshapen names and suggests the configuration that fits; the model is then
/// unchanged. An activation, a number of heads, an epsilon or a preprocessing that the file or its folder states
/// differently is also a LoadError.
template <class M>
Result<void> try_load(M& model, const TensorFile& in_any_dialect, const LoadOptions& options = {}) {
  const auto fitted = detail::try_fit(detail::load_target(model), in_any_dialect, options, false);
  if (!fitted) return fitted.error();
  detail::fill(model, fitted->file, options.in_place);
  return {};
}
template <class M>
Result<void> try_load(M& model, const Safetensors& file, std::string_view ignored_prefix = {}) {
  return try_load(model, TensorFile{file}, {.ignored_prefix = ignored_prefix});
}
/// From a path: safetensors, a file of torch.save or torch.jit.save, an index of shards, or a Hugging Face folder.
template <class M>
Result<void> try_load(M& model, const std::string& path, const LoadOptions& options = {}) {
  const auto file = try_open_tensors(path, options.state_dict);
  return file ? try_load(model, *file, options) : Result<void>{file.error()};
}
template <class M>
void load(M& model, const std::string& path, const LoadOptions& options = {}) {
  try_load(model, path, options).value();
}

/// Fills the parameters whose names the file has, and reports the others. LoadError: misshapen tensors; the model is
/// then unchanged.
template <class M>
Result<LoadReport> try_load_partial(M& model, const std::string& path, const LoadOptions& options = {}) {
  const auto file = try_open_tensors(path, options.state_dict);
  if (!file) return file.error();
  auto fitted = detail::try_fit(detail::load_target(model), *file, options, true);
  if (!fitted) return fitted.error();
  detail::fill(model, fitted->file, options.in_place);
  return std::move(fitted->report);
}
template <class M>
LoadReport load_partial(M& model, const std::string& path, const LoadOptions& options = {}) {
  return try_load_partial(model, path, options).value();
}

/// Loading into a const model, or into a temporary, does not compile.
template <class M>
void load(const M&, const std::string&, const LoadOptions& = {}) {
  static_assert(sizeof(M) == 0, "load: the model is const or a temporary: its weights cannot be filled");
}
template <class M>
Result<void> try_load(const M&, const std::string&, const LoadOptions& = {}) {
  static_assert(sizeof(M) == 0, "try_load: the model is const or a temporary: its weights cannot be filled");
  return {};
}
template <class M>
LoadReport load_partial(const M&, const std::string&, const LoadOptions& = {}) {
  static_assert(sizeof(M) == 0, "load_partial: the model is const or a temporary: its weights cannot be filled");
  return {};
}
template <class M>
Result<LoadReport> try_load_partial(const M&, const std::string&, const LoadOptions& = {}) {
  static_assert(sizeof(M) == 0, "try_load_partial: the model is const or a temporary: its weights cannot be filled");
  return LoadReport{};
}

/// Values in a backend's memory as a tensor to write, downloaded during writing.
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

namespace detail {
template <class B, class T>
std::vector<TensorToWrite> tensors_of(const std::vector<NamedParameter<const Parameter<T>>>& parameters,
                                      const B& backend) {
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, parameter] : parameters) {
    const Parameter<T>& p = *parameter;
    tensors.push_back(tensor_to_write(backend, name, p.shape, In<T>{p.view()}));
    if constexpr (PackingBackend<B>) {
      if (p.layout != Layout::rows)
        tensors.back().produce = [b = B(backend), packed = p](const ByteSink& sink) mutable {
          std::vector<T> host(static_cast<std::size_t>(packed.count()));
          download_rows(b, packed, std::span<T>(host));
          sink(std::as_bytes(std::span<const T>(host)));
        };
    }
    if (p.kind == ParameterKind::counter) tensors.back() = in_integers(std::move(tensors.back()));
  }
  return tensors;
}
}  // namespace detail

/// The parameters of a model as tensors to write, in its arithmetic type; weights are read during writing.
template <class M>
std::vector<TensorToWrite> tensors_of(M& model) {
  return detail::tensors_of(named_parameters<detail::ScalarOf<M>>(std::as_const(model)), model.backend());
}

/// Writes a model atomically: to a temporary name, synced, renamed. In OpenAI's names the result is one file that
/// PyTorch and OpenCLIP read. Another dialect, {.dialect = Dialect::huggingface}, writes a folder with the model's
/// description, for from_pretrained, or a single file if the path ends in .safetensors; big_vision's is an .npz file.
/// OptionError: a tower or setting that the dialect cannot express. NumericError: a weight too large for the element
/// type. SystemError: the disk.
template <class M>
Result<void> try_save(M& model, const std::string& path, const SaveOptions& options = {}) {
  using F = detail::NamingFamilies<M>;
  static_assert(detail::needs_families<F>());
  std::optional<AnyConfigOf<F>> config;
  if constexpr (detail::DescribesItself<M>) config = AnyConfigOf<F>{model.config()};
  return detail::try_write_model<F>(tensors_of(model), path, options, config);
}
template <class M>
void save(M& model, const std::string& path, const SaveOptions& options = {}) {
  try_save(model, path, options).value();
}

}  // namespace clip::inline CLIP_ABI
