// tests/support/npy.hpp: numpy's arrays, alone (.npy) or together in a stored zip (.npz).
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/map.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::testing {

/// An array, row-major; every value as a double.
struct NumpyArray {
  std::vector<Index> shape;
  std::vector<double> values;
};

/// Version 1 of the format, C order, of the types '<f4', '<f8', '<i4', '|i1' and '|u1'.
inline NumpyArray parse_npy(std::span<const std::byte> bytes, const std::string& place) {
  const auto need = [&](bool good, const char* what) {
    if (!good) raise(LoadError{place, std::string("npy: ") + what});
  };
  need(bytes.size() >= 10 && as_text(bytes.first(8)) == std::string_view("\x93NUMPY\x01\x00", 8), "not version 1 of the format");
  const std::size_t header_size = load_little<std::uint16_t>(bytes.data() + 8);
  need(bytes.size() >= 10 + header_size, "truncated header");
  const std::string header{as_text(bytes.subspan(10, header_size))};
  need(header.find("'fortran_order': False") != std::string::npos, "not in C order");

  NumpyArray array;
  std::size_t count = 1, at = header.find("'shape': (");
  need(at != std::string::npos, "no shape");
  for (at += 10; at < header.size() && header[at] != ')';) {
    std::size_t used = 0;
    const unsigned long extent = std::stoul(header.substr(at), &used);
    array.shape.push_back(static_cast<Index>(extent));
    count *= extent;
    at = header.find_first_not_of(", ", at + used);
  }
  at = header.find("'descr': '");
  need(at != std::string::npos, "no type");
  const std::string type = header.substr(at + 10, 3);
  const std::size_t size = type == "|i1" || type == "|u1" ? 1 : type == "<f8" ? 8 : 4;
  need(size != 4 || type == "<f4" || type == "<i4", "unknown type");
  need(bytes.size() == 10 + header_size + count * size, "bytes of values");
  array.values.reserve(count);
  for (const std::byte* p = bytes.data() + 10 + header_size; array.values.size() < count; p += size) {
    if (type == "|u1") array.values.push_back(std::to_integer<std::uint8_t>(*p));
    else if (type == "|i1") array.values.push_back(static_cast<std::int8_t>(std::to_integer<std::uint8_t>(*p)));
    else if (type == "<i4") array.values.push_back(static_cast<std::int32_t>(load_little<std::uint32_t>(p)));
    else if (type == "<f4") array.values.push_back(static_cast<double>(std::bit_cast<float>(load_little<std::uint32_t>(p))));
    else array.values.push_back(std::bit_cast<double>(load_little<std::uint64_t>(p)));
  }
  return array;
}

inline NumpyArray read_npy(const std::string& path) {
  const MappedFile file = map(path);
  return parse_npy(file.bytes(), path);
}

/// The arrays of a .npz without compression, by name: the zip's central directory says where each begins.
inline std::map<std::string, NumpyArray> read_npz(const std::string& path) {
  const MappedFile file = map(path);
  const std::span<const std::byte> bytes = file.bytes();
  const auto need = [&](bool good, const char* what) {
    if (!good) raise(LoadError{path, std::string("npz: ") + what});
  };
  const auto u16 = [&](std::size_t i) { return std::size_t{load_little<std::uint16_t>(bytes.data() + i)}; };
  const auto u32 = [&](std::size_t i) { return std::size_t{load_little<std::uint32_t>(bytes.data() + i)}; };
  need(bytes.size() >= 22 && u32(bytes.size() - 22) == 0x06054B50, "no end of a zip without comment");
  const std::size_t count = u16(bytes.size() - 12);
  std::map<std::string, NumpyArray> arrays;
  for (std::size_t entry = u32(bytes.size() - 6), i = 0; i < count; ++i) {
    need(entry + 46 <= bytes.size() && u32(entry) == 0x02014B50, "damaged directory");
    const std::size_t method = u16(entry + 10), size = u32(entry + 24), name_size = u16(entry + 28), local = u32(entry + 42);
    need(method == 0, "compressed");
    need(entry + 46 + name_size <= bytes.size() && local + 30 <= bytes.size() && u32(local) == 0x04034B50, "damaged directory");
    std::string name{as_text(bytes.subspan(entry + 46, name_size))};
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    const std::size_t data = local + 30 + u16(local + 26) + u16(local + 28);
    need(data + size <= bytes.size(), "truncated");
    arrays.emplace(name, parse_npy(bytes.subspan(data, size), path + ": " + name));
    entry += 46 + name_size + u16(entry + 30) + u16(entry + 32);
  }
  return arrays;
}

}  // namespace clip::testing
