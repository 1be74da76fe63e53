// clip/checkpoint/model_file.hpp: weights of a model from files of every format and dialect, and to safetensors.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/backend/concept.hpp>
#include <clip/checkpoint/dialect.hpp>
#include <clip/checkpoint/fit.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/safetensors_write.hpp>
#include <clip/model/pack.hpp>
#include <clip/tensor/parameter.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What a partial load left alone.
struct LoadReport {
  std::vector<std::string> missing;  // parameters of the model the file does not have
  std::vector<std::string> unused;   // tensors of the file the model does not have
};

namespace detail {

/// A scalar may be stored as one value of any rank; everything else has exactly its shape.
inline bool same_shape(const Shape& expected, const std::vector<Index>& found) {
  if (expected.rank == 0) return std::all_of(found.begin(), found.end(), [](Index n) { return n == 1; });
  if (static_cast<std::size_t>(expected.rank) != found.size()) return false;
  for (int i = 0; i < expected.rank; ++i)
    if (expected[i] != found[static_cast<std::size_t>(i)]) return false;
  return true;
}

inline std::string shape_in_words(const std::vector<Index>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

/// "3 missing (a, b, c)", at most eight names.
inline void add_names(std::string& text, const char* what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  text += (text.empty() ? "" : "; ") + std::to_string(names.size()) + " " + what + " (";
  for (std::size_t i = 0; i < names.size() && i < 8; ++i) text += (i ? ", " : "") + names[i];
  text += names.size() > 8 ? ", …)" : ")";
}

/// A model beside a file.
struct Comparison {
  std::vector<std::string> missing, extra, misfit;
};

template <class M>
Comparison compare(const M& model, const TensorFile& file, std::string_view ignored_prefix) {
  Comparison c;
  std::set<std::string, std::less<>> known;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    known.emplace(name);
    const FileTensor* stored = file.find(name);
    if (!stored) return c.missing.emplace_back(name), void();
    if (!same_shape(p.shape, stored->shape))
      c.misfit.push_back(std::string(name) + ": shape " + p.shape.in_words() + " expected, " + shape_in_words(stored->shape) + " found");
    else if (stored->dtype != Dtype::f16 && stored->dtype != Dtype::bf16 && stored->dtype != Dtype::f32 && stored->dtype != Dtype::f64)
      c.misfit.push_back(std::string(name) + ": F16, BF16, F32 or F64 expected, " + std::string(traits(stored->dtype).name) + " found");
  });
  for (const FileTensor& t : file.tensors())
    if (!known.contains(t.name) && !is_note(t.name) && (ignored_prefix.empty() || !t.name.starts_with(ignored_prefix))) c.extra.push_back(t.name);
  return c;
}

/// Copies what the file has; everything was compared before. A packed model goes back to rows.
template <class M>
void fill(M& model, const TensorFile& file) {
  if constexpr (requires { model.unpack(); }) model.unpack();
  visit_parameters(model, [&](std::string_view name, auto& p) {
    using T = typename std::remove_cvref_t<decltype(p)>::T;
    const FileTensor* stored = file.find(name);
    if (!stored) return;
    std::vector<T> values(static_cast<std::size_t>(p.count()));
    convert(*stored, std::span<T>(values));
    model.backend().upload(std::span<const T>(values), p.view());
  });
}
}  // namespace detail

/// Fills every parameter of a model (or of one encoder) from a file, by OpenAI's names or those of another dialect. Missing, extra
/// and misshaped names are one LoadError that lists them all and says which configuration would fit, and then nothing is
/// changed. So is an activation, a number of heads or an epsilon that the file's folder states otherwise.
/// Names that begin with `ignored_prefix` may be there besides.
template <class M>
Result<void> try_load(M& model, const TensorFile& in_any_dialect, std::string_view ignored_prefix = {}) {
  const TensorFile file = in_openai_names(in_any_dialect);
  const auto c = detail::compare(model, file, ignored_prefix);
  std::string wrong;
  detail::add_names(wrong, "missing", c.missing);
  detail::add_names(wrong, "not of this model", c.extra);
  detail::add_names(wrong, "that do not fit", c.misfit);
  if (!wrong.empty()) return LoadError{file.place(), "names: " + wrong + detail::what_fits(model, file)};
  if (auto same = detail::try_check_statements(model, file); !same) return same;
  detail::fill(model, file);
  return {};
}
template <class M>
Result<void> try_load(M& model, const Safetensors& file, std::string_view ignored_prefix = {}) {
  return try_load(model, TensorFile{file}, ignored_prefix);
}
/// From a path: safetensors, a file of torch.save or torch.jit.save, or a folder of Hugging Face's.
template <class M, class Inflate = detail::Inflate>
Result<void> try_load(M& model, const std::string& path) {
  const auto file = try_open_tensors<Inflate>(path);
  return file ? try_load(model, *file) : Result<void>{file.error()};
}
template <class M, class Inflate = detail::Inflate>
void load(M& model, const std::string& path) {
  try_load<M, Inflate>(model, path).value();
}

/// Fills the parameters whose names the file has, and says what was left alone. Tensors that do not fit are a LoadError, and
/// then nothing is changed.
template <class M, class Inflate = detail::Inflate>
Result<LoadReport> try_load_partial(M& model, const std::string& path) {
  const auto opened = try_open_tensors<Inflate>(path);
  if (!opened) return opened.error();
  const TensorFile file = in_openai_names(*opened);
  auto c = detail::compare(model, file, {});
  std::string wrong;
  detail::add_names(wrong, "that do not fit", c.misfit);
  if (!wrong.empty()) return LoadError{path, "names: " + wrong + detail::what_fits(model, file)};
  if (auto same = detail::try_check_statements(model, file); !same) return same.error();
  detail::fill(model, file);
  return LoadReport{std::move(c.missing), std::move(c.extra)};
}
template <class M, class Inflate = detail::Inflate>
LoadReport load_partial(M& model, const std::string& path) {
  return try_load_partial<M, Inflate>(model, path).value();
}

/// Values of a backend as a tensor to write; they are read when it is written.
template <Backend B>
TensorToWrite tensor_to_write(const B& backend, std::string name, const Shape& shape, In<typename B::Scalar> values) {
  using T = typename B::Scalar;
  TensorToWrite tensor{std::move(name), std::is_same_v<T, double> ? Dtype::f64 : Dtype::f32, {shape.extent.begin(), shape.extent.begin() + shape.rank}, {}, {}};
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
      if (p.layout == Layout::panels)
        tensors.back().produce = [packed = p](const ByteSink& sink) {
          std::vector<T> host(static_cast<std::size_t>(packed.count()));
          unpack<std::remove_cvref_t<decltype(model.backend())>>(packed, View<T>{host.data(), packed.shape.rows(), packed.shape.cols()});
          sink(std::as_bytes(std::span<const T>(host)));
        };
    }
  });
  return tensors;
}

/// Writes a model by OpenAI's names, whole or not at all: to a temporary name, synced, renamed. PyTorch and transformers read it.
template <class M>
Result<void> try_save(M& model, const std::string& path, std::map<std::string, std::string> metadata = {}) {
  metadata.emplace("format", "pt");
  return try_write_safetensors(path, tensors_of(model), metadata);
}
template <class M>
void save(M& model, const std::string& path, std::map<std::string, std::string> metadata = {}) {
  try_save(model, path, std::move(metadata)).value();
}

/// The same by the names of a dialect: what `load_state_dict(…, strict=True)` of the library of that dialect takes.
template <class M>
Result<void> try_save(M& model, const std::string& path, Dialect dialect, std::map<std::string, std::string> metadata = {}) {
  metadata.emplace("format", "pt");
  return try_write_safetensors(path, in_dialect(tensors_of(model), dialect), metadata);
}
template <class M>
void save(M& model, const std::string& path, Dialect dialect, std::map<std::string, std::string> metadata = {}) {
  try_save(model, path, dialect, std::move(metadata)).value();
}

}  // namespace clip::inline CLIP_ABI
