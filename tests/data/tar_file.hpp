// Makes tar archives.
#pragma once

#include <cstdio>
#include <string>

/// A header (ustar) and the content, padded to blocks of 512 bytes.
inline std::string tar_entry(const std::string& name, const std::string& content, char type = '0',
                             const std::string& prefix = "") {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
  char digits[16];
  put(0, name);
  put(100, "0000644");
  std::snprintf(digits, sizeof digits, "%011zo", content.size());
  put(124, digits);
  put(148, "        ");
  header[156] = type;
  put(257, std::string("ustar\0", 6) + "00");
  put(345, prefix);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(digits, sizeof digits, "%06o", sum);
  put(148, std::string(digits) + '\0');
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}
inline std::string tar_end() { return std::string(1024, '\0'); }
