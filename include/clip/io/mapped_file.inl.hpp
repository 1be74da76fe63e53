// clip/io/mapped_file.inl.hpp: definitions of clip/io/mapped_file.hpp.
#pragma once

#include <clip/io/mapped_file.hpp>
#include <clip/io/mapped_ranges.hpp>
#include <clip/io/posix.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

CLIP_HOST MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  detail::forget_mapped(bytes_);
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

CLIP_HOST bool MappedFile::holds(std::span<const std::byte> part) const {
  return !part.empty() && !std::less<>{}(part.data(), bytes_.data()) &&
         !std::less<>{}(bytes_.data() + bytes_.size(), part.data() + part.size());
}

CLIP_HOST void MappedFile::release(std::span<const std::byte> part) const {
  const auto address = [](const std::byte* p) { return reinterpret_cast<std::uintptr_t>(p); };
  const std::uintptr_t first = address(bytes_.data()), last = first + bytes_.size(), begin = address(part.data()),
                       end = begin + part.size();
  if (!holds(part)) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t from = (begin + page - 1) / page * page, to = (end == last ? end + page - 1 : end) / page * page;
  if (from < to) ::madvise(const_cast<std::byte*>(bytes_.data()) + (from - first), to - from, MADV_DONTNEED);
}

CLIP_HOST Result<MappedFile> try_map_file(const std::string& path) {
  const auto file = detail::try_open_regular(path);
  if (!file) return file.error();

  MappedFile mapped;
  mapped.path_ = path;
  const std::size_t size = file->size;
  if (size == 0) return mapped;
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file->descriptor.number(), 0);
  if (memory == MAP_FAILED) return detail::system_error(path, "cannot be mapped", errno);
  mapped.bytes_ = {static_cast<const std::byte*>(memory), size};
  detail::note_mapped(mapped.bytes_, path);
  return mapped;
}

CLIP_HOST MappedFile map_file(const std::string& path) { return try_map_file(path).value(); }

}  // namespace clip::inline CLIP_ABI
