// clip/io/zip.inl.hpp: definitions of clip/io/zip.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/zip.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST const ZipEntry* ZipDirectory::find(std::string_view name) const {
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [&](std::size_t i, std::string_view n) { return entries_[i].name < n; });
  return at != by_name_.end() && entries_[*at].name == name ? &entries_[*at] : nullptr;
}

CLIP_HOST bool is_zip(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && load_little<std::uint32_t>(bytes.data()) == 0x04034B50U;
}

namespace detail {

/// A little-endian field of a record. The caller has checked the record's length.
template <std::unsigned_integral U>
std::uint64_t zip_field(std::span<const std::byte> record, std::size_t at) {
  return load_little<U>(record.data() + at);
}

/// Offset and size of the central directory, and its number of entries.
struct ZipEnd {
  std::uint64_t begin, size, count;
};

inline Result<ZipEnd> find_zip_end(std::span<const std::byte> file, const std::string& place) {
  const auto fail = [&](const std::string& what) -> Error { return LoadError{place, "zip: " + what}; };
  constexpr std::size_t length = 22;
  if (file.size() < length) return fail("truncated: no directory at the end");
  // A comment of at most 65535 bytes follows the record, which states the comment's length.
  const std::size_t lowest = file.size() - length - std::min<std::size_t>(file.size() - length, 65535);
  std::size_t at = file.size() - length;
  while (load_little<std::uint32_t>(file.data() + at) != 0x06054B50U ||
         load_little<std::uint16_t>(file.data() + at + 20) != file.size() - at - length)
    if (at-- == lowest) return fail("truncated: no directory at the end");
  const auto record = file.subspan(at);
  const ZipEnd end{zip_field<std::uint32_t>(record, 16), zip_field<std::uint32_t>(record, 12),
                   zip_field<std::uint16_t>(record, 10)};
  const bool wide = at >= 20 && load_little<std::uint32_t>(file.data() + at - 20) == 0x07064B50U;
  if (!wide) {
    if (zip_field<std::uint16_t>(record, 4) != 0 || zip_field<std::uint16_t>(record, 6) != 0 ||
        zip_field<std::uint16_t>(record, 8) != end.count)
      return fail("one part of a multi-part archive");
    if (end.begin > at || end.size != at - end.begin) return fail("the directory is not where its end says");
    return end;
  }
  const std::uint64_t far = zip_field<std::uint64_t>(file.subspan(at - 20), 8);
  if (far > at - 20 || at - 20 - far < 56 || load_little<std::uint32_t>(file.data() + far) != 0x06064B50U)
    return fail("the zip64 end of the directory is not where its locator says");
  const auto wide_record = file.subspan(static_cast<std::size_t>(far));
  const ZipEnd found{zip_field<std::uint64_t>(wide_record, 48), zip_field<std::uint64_t>(wide_record, 40),
                     zip_field<std::uint64_t>(wide_record, 32)};
  if (found.begin > far || found.size != far - found.begin) return fail("the directory is not where its end says");
  return found;
}

/// Replaces sizes and offset by the values in the zip64 field if the entry refers to it. False: the field is too short.
inline bool widen_zip_entry(std::span<const std::byte> extra, std::uint64_t& size, std::uint64_t& compressed,
                            std::uint64_t& offset) {
  constexpr std::uint64_t in_zip64 = 0xFFFFFFFFU;
  if (size != in_zip64 && compressed != in_zip64 && offset != in_zip64) return true;
  while (extra.size() >= 4) {
    const std::uint64_t id = zip_field<std::uint16_t>(extra, 0), length = zip_field<std::uint16_t>(extra, 2);
    if (length > extra.size() - 4) return false;
    auto field = extra.subspan(4, static_cast<std::size_t>(length));
    extra = extra.subspan(4 + field.size());
    if (id != 1) continue;
    for (std::uint64_t* const value : {&size, &compressed, &offset}) {
      if (*value != in_zip64) continue;
      if (field.size() < 8) return false;
      *value = zip_field<std::uint64_t>(field, 0);
      field = field.subspan(8);
    }
    return true;
  }
  return true;  // the size happens to equal this number
}

}  // namespace detail

CLIP_HOST Result<ZipDirectory> try_parse_zip(std::span<const std::byte> file, const std::string& place) {
  const auto end = detail::find_zip_end(file, place);
  if (!end) return end.error();
  const auto fail = [&](const std::string& what) -> Error { return LoadError{place, "zip: " + what}; };

  ZipDirectory result;
  result.place_ = place;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> taken;  // byte range of each entry in the file
  auto rest = file.subspan(static_cast<std::size_t>(end->begin), static_cast<std::size_t>(end->size));
  while (!rest.empty()) {
    const std::string number = "entry " + std::to_string(result.entries_.size());
    if (rest.size() < 46 || load_little<std::uint32_t>(rest.data()) != 0x02014B50U)
      return fail(number + " of the directory is damaged");
    const auto name_length = static_cast<std::size_t>(detail::zip_field<std::uint16_t>(rest, 28)),
               extra_length = static_cast<std::size_t>(detail::zip_field<std::uint16_t>(rest, 30)),
               comment_length = static_cast<std::size_t>(detail::zip_field<std::uint16_t>(rest, 32));
    if (rest.size() - 46 < name_length + extra_length + comment_length)
      return fail(number + " of the directory is damaged");
    ZipEntry entry;
    entry.name = as_text(rest.subspan(46, name_length));
    const auto about = [&](const std::string& what) { return fail(entry.name + ": " + what); };
    std::uint64_t compressed = detail::zip_field<std::uint32_t>(rest, 20),
                  size = detail::zip_field<std::uint32_t>(rest, 24), begin = detail::zip_field<std::uint32_t>(rest, 42);
    if (!detail::widen_zip_entry(rest.subspan(46 + name_length, extra_length), size, compressed, begin))
      return about("its zip64 field is damaged");
    const std::uint64_t flags = detail::zip_field<std::uint16_t>(rest, 8),
                        method = detail::zip_field<std::uint16_t>(rest, 10);
    if (flags & 1U) return about("encrypted");
    if (method != 0 && method != 8)
      return LoadError{place, "zip: " + entry.name + ": compression method", "0 (stored) or 8 (deflated)", method};
    entry.deflated = method == 8;
    entry.checksum = load_little<std::uint32_t>(rest.data() + 16);
    rest = rest.subspan(46 + name_length + extra_length + comment_length);

    // The local header has its own lengths of name and extra field; they determine the offset of the content.
    if (begin > end->begin || end->begin - begin < 30 || load_little<std::uint32_t>(file.data() + begin) != 0x04034B50U)
      return about("its header is not where the directory says");
    const auto header = file.subspan(static_cast<std::size_t>(begin));
    const std::uint64_t data =
        begin + 30 + detail::zip_field<std::uint16_t>(header, 26) + detail::zip_field<std::uint16_t>(header, 28);
    if (data > end->begin || compressed > end->begin - data) return about("truncated, or longer than the file");
    if (detail::zip_field<std::uint16_t>(header, 26) != name_length ||
        as_text(header.subspan(30, name_length)) != entry.name)
      return about("its header has another name");
    if (!entry.deflated && compressed != size) return about("stored, but its compressed and its full size differ");
    if (entry.deflated && size / 1032 > compressed)
      return about("inflates to more than any deflate stream can");  // 258 bytes from two bits: a ratio of at most 1032
    entry.size = static_cast<std::size_t>(size);
    entry.bytes = file.subspan(static_cast<std::size_t>(data), static_cast<std::size_t>(compressed));
    taken.emplace_back(begin, data + compressed);
    result.entries_.push_back(std::move(entry));
  }
  if (result.entries_.size() != end->count)
    return LoadError{place, "zip: entries in the directory", end->count, result.entries_.size()};

  std::sort(taken.begin(), taken.end());
  for (std::size_t i = 1; i < taken.size(); ++i)
    if (taken[i].first < taken[i - 1].second) return fail("two entries overlap");
  auto& names = result.by_name_;
  names.resize(result.entries_.size());
  std::iota(names.begin(), names.end(), std::size_t{0});
  std::sort(names.begin(), names.end(),
            [&](std::size_t a, std::size_t b) { return result.entries_[a].name < result.entries_[b].name; });
  for (std::size_t i = 1; i < names.size(); ++i)
    if (result.entries_[names[i]].name == result.entries_[names[i - 1]].name)
      return fail("two entries are named " + result.entries_[names[i]].name);
  return result;
}

template <class Inflate>
Result<ZipContent> try_read_entry(const ZipEntry& entry, const std::string& place) {
  if (!entry.deflated) return ZipContent{{}, entry.bytes};
  auto inflated = try_inflate<Inflate>(entry.bytes, entry.size, place + ": " + entry.name);
  if (!inflated) return inflated.error();
  if (crc32(*inflated) != entry.checksum)
    return LoadError{place, "zip: " + entry.name + ": damaged: its checksum differs"};
  ZipContent content{std::move(*inflated), {}};
  content.bytes = content.inflated;
  return content;
}

}  // namespace clip::inline CLIP_ABI
