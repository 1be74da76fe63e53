// tests/support/npy.hpp: NumPy arrays of .npy files and stored .npz files.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/io/npy.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace clip::testing {

/// An array, row-major; every value as a double.
using NumpyArray = NpyArray<double>;

inline NumpyArray read_npy(const std::string& path) { return clip::read_npy<double>(path); }

/// The arrays of a .npz without compression, by name: the zip's central directory says where each begins.
inline std::map<std::string, NumpyArray> read_npz(const std::string& path) {
  const MappedFile file = map_file(path);
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
    const std::size_t method = u16(entry + 10), size = u32(entry + 24), name_size = u16(entry + 28),
                      local = u32(entry + 42);
    need(method == 0, "compressed");
    need(entry + 46 + name_size <= bytes.size() && local + 30 <= bytes.size() && u32(local) == 0x04034B50,
         "damaged directory");
    std::string name{as_text(bytes.subspan(entry + 46, name_size))};
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    const std::size_t data = local + 30 + u16(local + 26) + u16(local + 28);
    need(data + size <= bytes.size(), "truncated");
    arrays.emplace(name, try_parse_npy<double>(bytes.subspan(data, size), path + ": " + name).value());
    entry += 46 + name_size + u16(entry + 30) + u16(entry + 32);
  }
  return arrays;
}

}  // namespace clip::testing
