// clip/io/zip.hpp: zip archive reader: directory, and entries, in place if stored, decompressed if deflated.
//
// Sizes and offsets come from the central directory at the end of the file: streaming writers such as PyTorch leave
// them out of the local headers. Every offset is checked against the file size, and entries must not overlap.
#pragma once

#include <clip/io/inflate.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

struct ZipEntry {
  std::string name;
  std::span<const std::byte> bytes;  // stored bytes in the file: the content, or its deflate stream
  std::size_t size = 0;              // of the content
  std::uint32_t checksum = 0;
  bool deflated = false;
};

/// The content of an entry: a span of the file, or owned memory. Stays valid when moved.
struct ZipContent {
  std::vector<std::byte> inflated;
  std::span<const std::byte> bytes;
};

/// The entries of a zip file in memory. Does not own the bytes.
class ZipDirectory {
 public:
  /// In directory order.
  std::span<const ZipEntry> entries() const { return entries_; }
  /// Null if there is no entry with that name.
  CLIP_HOST const ZipEntry* find(std::string_view name) const;
  const std::string& place() const { return place_; }

 private:
  friend Result<ZipDirectory> try_parse_zip(std::span<const std::byte>, const std::string&);
  std::string place_;
  std::vector<ZipEntry> entries_;
  std::vector<std::size_t> by_name_;
};

CLIP_HOST bool is_zip(std::span<const std::byte> bytes);

/// Parses the directory of a zip file in memory, which must outlive the result. LoadError: truncated, out of bounds,
/// overlapping, encrypted, a compression method other than stored and deflated, duplicate names.
[[nodiscard]] CLIP_HOST Result<ZipDirectory> try_parse_zip(std::span<const std::byte> file, const std::string& place);

/// The content of an entry. Compares checksums for deflated entries only: PyTorch can be configured to write none.
/// LoadError: a damaged deflate stream; a size or checksum that differs from the directory.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<ZipContent> try_read_entry(const ZipEntry& entry, const std::string& place);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/zip.inl.hpp>
#endif
