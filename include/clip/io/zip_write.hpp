// clip/io/zip_write.hpp: writes zip archives of stored entries, with zip64 records where sizes need them.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/atomic_file.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Writes one entry after another, then the directory. The file appears atomically at commit. All entries have the same
/// time, so that equal contents give equal files.
class ZipFileWriter {
 public:
  /// SystemError: as AtomicFile.
  [[nodiscard]] static CLIP_HOST Result<ZipFileWriter> try_create(const std::string& path);

  /// Begins an entry of so many bytes, with their CRC-32. InputError: the previous entry is incomplete, or the name is
  /// longer than 65535 bytes.
  [[nodiscard]] CLIP_HOST Result<void> try_begin(const std::string& name, std::size_t size, std::uint32_t checksum);
  /// Appends to the entry. InputError: more bytes than its size, or others than its checksum is of.
  [[nodiscard]] CLIP_HOST Result<void> try_write(std::span<const std::byte> bytes);
  /// InputError: the last entry is incomplete. SystemError: disk.
  [[nodiscard]] CLIP_HOST Result<void> try_commit();

 private:
  explicit ZipFileWriter(AtomicFile file) : file_{std::move(file)} {}
  CLIP_HOST Result<void> put(const std::string& bytes);
  CLIP_HOST Result<void> finish_entry() const;

  AtomicFile file_;
  std::string directory_, name_;
  std::uint64_t at_ = 0, entries_ = 0, left_ = 0;
  std::uint32_t expected_ = 0, checksum_ = 0;  // of the current entry
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/zip_write.inl.hpp>
#endif
