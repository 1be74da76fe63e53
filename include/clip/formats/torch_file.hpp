// clip/formats/torch_file.hpp: reader for files of torch.save and torch.jit.save: tensors by name.
//
// The file is a zip archive: NAME/data.pkl describes the tensors, NAME/data/KEY contains their values. A TorchScript
// archive (OpenAI's format) has a tree of module objects instead of a dictionary; its code is ignored.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/formats/torch_pickle.hpp>
#include <clip/io/file_budget.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/io/zip.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The tensors of a file. Each is a span of the file, or, if it was not row-major there, of memory that this object
/// owns. Valid as long as this object, across moves.
class TorchFile {
 public:
  TorchFile(TorchFile&&) noexcept = default;
  TorchFile& operator=(TorchFile&&) noexcept = default;

  /// In the order of the dictionary.
  std::span<const StoredTensor> tensors() const { return tensors_; }
  /// Null if there is no tensor with that name.
  const StoredTensor* find(std::string_view name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : &tensors_[at->second];
  }
  /// True for a TorchScript archive, false for a dictionary.
  bool torchscript() const { return torchscript_; }
  const std::string& place() const { return place_; }
  /// Keeps the mapped file of the tensors alive.
  void keep(MappedFile file) { file_ = std::move(file); }
  const MappedFile& file() const { return file_; }

 private:
  TorchFile() = default;
  template <class>
  friend class TorchReader;

  std::string place_;
  MappedFile file_;
  std::vector<std::vector<std::byte>> own_;  // moves without allocating, unlike a deque
  std::vector<StoredTensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  bool torchscript_ = false;
};

/// Combines the tensor records of the pickle with the entries of the zip archive.
template <class Inflate>
class TorchReader {
 public:
  TorchReader(std::span<const std::byte> bytes, const std::string& place, std::string_view state_dict,
              TensorContent content)
      : file_size_{bytes.size()}, bytes_{bytes}, state_dict_{state_dict}, content_{content} {
    result_.place_ = place;
  }

  Result<TorchFile> run() {
    const std::string& place = result_.place_;
    auto zip = try_parse_zip(bytes_, place);
    if (!zip) return zip.error();
    zip_ = std::move(*zip);
    const ZipEntry* pickled = nullptr;
    for (const ZipEntry& entry : zip_.entries()) {
      if (entry.name != "data.pkl" && !entry.name.ends_with("/data.pkl")) continue;
      if (pickled != nullptr) return LoadError{place, "two entries of the archive end in data.pkl"};
      pickled = &entry;
    }
    if (pickled == nullptr)
      return LoadError{place, "entries of the archive", "data.pkl, as torch.save writes",
                       zip_.entries().empty() ? "none" : zip_.entries()[0].name};
    root_ = pickled->name.substr(0, pickled->name.size() - std::string_view("data.pkl").size());
    if (const ZipEntry* const order = zip_.find(root_ + "byteorder");
        order != nullptr && !order->deflated && as_text(order->bytes) != "little")
      return LoadError{place, "byte order", "little", std::string(as_text(order->bytes).substr(0, 20))};

    if (pickled->size > PickleLimits{}.bytes)
      return LoadError{place, "data.pkl: bytes", "at most " + std::to_string(PickleLimits{}.bytes), pickled->size};
    if (auto fits = spend(*pickled); !fits) return fits.error();
    const auto content = try_read_entry<Inflate>(*pickled, place);
    if (!content) return content.error();
    const auto pickle = try_unpickle(content->bytes, place, allowed_in_torch_files, {.memory = budget_});
    if (!pickle) return pickle.error();
    auto found = try_find_torch_tensors(*pickle, place, budget_ / 512, state_dict_);  // bytes of a record with its name
    if (!found) return found.error();
    result_.torchscript_ = found->torchscript;
    for (auto& [name, tensor] : found->tensors)
      if (auto done = add(name, tensor); !done) return done.error();
    return std::move(result_);
  }

 private:
  Error fail(const std::string& name, const std::string& what) const {
    return LoadError{result_.place_, name + ": " + what};
  }

  /// The content of a storage: its size in bytes, and the bytes. No bytes: they are deflated, and only shapes are
  /// wanted.
  struct Storage {
    std::size_t size;
    std::span<const std::byte> bytes;
  };
  Result<Storage> storage(const std::string& name, const TorchStorage& s) {
    const std::string key = root_ + "data/" + std::string(s.key);
    const ZipEntry* const entry = zip_.find(key);
    if (entry == nullptr) return fail(name, "the archive has no entry " + key.substr(0, 200));
    if (const auto size = stored_size(s.dtype, std::vector<Index>{s.count}); size != entry->size)
      return LoadError{result_.place_, name + ": bytes of " + key,
                       size ? std::to_string(*size) : "a size that fits memory", entry->size};
    if (!entry->deflated) return Storage{entry->size, entry->bytes};
    if (content_ == TensorContent::shapes) return Storage{entry->size, {}};
    const auto known = inflated_.find(key);
    if (known != inflated_.end()) return Storage{entry->size, known->second};
    if (auto fits = spend(*entry); !fits) return fits.error();
    auto content = try_read_entry<Inflate>(*entry, result_.place_);
    if (!content) return content.error();
    result_.own_.push_back(std::move(content->inflated));
    return Storage{entry->size, inflated_[key] = result_.own_.back()};
  }

  /// Counts the content of an entry, if it has to be inflated, against the budget of the file.
  Result<void> spend(const ZipEntry& entry) {
    if (!entry.deflated) return {};
    if (entry.size > budget_ - inflated_bytes_)
      return detail::budget_error(result_.place_, "the inflated content up to " + entry.name.substr(0, 200), budget_);
    inflated_bytes_ += entry.size;
    return {};
  }

  Result<void> add(const std::string& name, TorchTensor& t) {
    const auto held = storage(name, t.storage);
    if (!held) return held.error();
    const auto size = stored_size(t.dtype, t.shape);
    const std::size_t each = static_cast<std::size_t>(traits(t.dtype).bits) / 8, available = held->size / each;
    if (!size || *size / each > available) return fail(name, "more elements than its storage has");
    StoredTensor stored{name, t.dtype, t.shape, {}};
    if (*size > 0) {
      // The offset of the last element; if it is inside the storage, all are.
      std::size_t last = static_cast<std::size_t>(t.offset);
      bool inside = last < available;
      for (std::size_t d = 0; inside && d < t.shape.size(); ++d) {
        if (t.shape[d] == 1) t.strides[d] = 0;  // meaningless for an extent of 1, and may be any number
        const auto steps = static_cast<std::size_t>(t.shape[d] - 1), stride = static_cast<std::size_t>(t.strides[d]);
        inside = stride == 0 || steps <= (available - 1 - last) / stride;
        if (inside) last += steps * stride;
      }
      if (!inside) return fail(name, "reaches beyond its storage");
      if (row_major(t)) {
        if (!held->bytes.empty()) stored.bytes = held->bytes.subspan(static_cast<std::size_t>(t.offset) * each, *size);
      } else if (content_ == TensorContent::values) {
        // Many tensors may use one storage: limit the total size of the copies in proportion to the file size.
        copied_ += *size;
        if (copied_ / 4 > file_size_)
          return fail(name, "the tensors that are not row-major are together far larger than the file");
        result_.own_.push_back(rows_of(t, held->bytes, each, *size));
        stored.bytes = result_.own_.back();
      }
    }
    if (!result_.by_name_.emplace(name, result_.tensors_.size()).second) return fail(name, "occurs twice");
    result_.tensors_.push_back(std::move(stored));
    return {};
  }

  static bool row_major(const TorchTensor& t) {
    Index expected = 1;
    for (std::size_t d = t.shape.size(); d-- > 0; expected *= t.shape[d])
      if (t.shape[d] != 1 && t.strides[d] != expected) return false;
    return true;
  }

  static std::vector<std::byte> rows_of(const TorchTensor& t, std::span<const std::byte> from, std::size_t each,
                                        std::size_t size) {
    std::vector<std::byte> rows(size);
    std::vector<Index> index(t.shape.size());
    Index at = t.offset;
    for (std::size_t written = 0; written < size; written += each) {
      std::memcpy(rows.data() + written, from.data() + static_cast<std::size_t>(at) * each, each);
      for (std::size_t d = t.shape.size(); d-- > 0;) {
        at += t.strides[d];
        if (++index[d] < t.shape[d]) break;
        at -= t.strides[d] * t.shape[d];
        index[d] = 0;
      }
    }
    return rows;
  }

  std::size_t file_size_, copied_ = 0;
  std::size_t budget_ = file_budget().of(file_size_), inflated_bytes_ = 0;
  std::span<const std::byte> bytes_;
  std::string_view state_dict_;
  TensorContent content_;
  ZipDirectory zip_;
  std::string root_;
  std::map<std::string, std::span<const std::byte>> inflated_;
  TorchFile result_;
};

/// Files of PyTorch before 1.6 begin with this pickled number.
inline bool is_legacy_torch(std::span<const std::byte> bytes) {
  constexpr std::string_view magic("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
  return bytes.size() >= 14 && bytes[0] == std::byte{0x80} && as_text(bytes.subspan(2, 12)) == magic;
}

/// Parses a file in memory, which must outlive the result. Searches for the dictionary under the usual keys
/// (detail::torch_keys); removes the prefixes "module." and "_orig_mod." if every name has them. state_dict: the key of
/// the dictionary that is asked for, a path of keys ("ema.model"), or what stands before the names of its tensors.
/// LoadError: another format, a name that is not allowed, tensors that extend beyond their storage, dictionaries under
/// several keys of which none is asked for, no such state_dict.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<TorchFile> try_parse_torch(std::span<const std::byte> bytes, const std::string& place,
                                                std::string_view state_dict = {},
                                                TensorContent content = TensorContent::values) {
  if (is_legacy_torch(bytes))
    return LoadError{place,
                     "written in the format of PyTorch before 1.6, which is not supported: load it with torch.load and "
                     "save it again with torch.save"}
        .with_id("clip.load.format");
  return TorchReader<Inflate>{bytes, place, state_dict, content}.run();
}

/// Maps a file and parses it. Errors as try_map_file and try_parse_torch.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<TorchFile> try_open_torch(const std::string& path, std::string_view state_dict = {}) {
  auto file = try_map_file(path);
  if (!file) return file.error();
  auto result = try_parse_torch<Inflate>(file->bytes(), path, state_dict);
  if (result) result->keep(std::move(*file));
  return result;
}

template <class Inflate = detail::Inflate>
TorchFile open_torch(const std::string& path, std::string_view state_dict = {}) {
  return try_open_torch<Inflate>(path, state_dict).value();
}

}  // namespace clip::inline CLIP_ABI
