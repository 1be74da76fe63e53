// clip/formats/event_file.inl.hpp: definitions of clip/formats/event_file.hpp.
#pragma once

#include <clip/formats/event_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/proto_fields.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

constexpr std::array<std::uint32_t, 256> crc32c_remainders() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t r = b;
    for (int bit = 0; bit < 8; ++bit) r = (r >> 1) ^ ((r & 1) ? 0x82F63B78U : 0U);
    table[b] = r;
  }
  return table;
}
inline constexpr auto crc32c_table = crc32c_remainders();

/// TFRecord's mask: a checksum of bytes that hold checksums would be weak.
inline std::uint32_t masked_crc32c(std::string_view bytes) {
  return std::rotr(crc32c(as_byte_span(bytes)), 15) + 0xA282EAD8U;
}

template <std::unsigned_integral T>
void append_little(std::string& out, T value) {
  std::array<std::byte, sizeof(T)> bytes{};
  store_little(bytes.data(), value);
  out += as_text(bytes);
}

// Protocol buffers: a field is its number and wire type, then its value. Types: 0 varint, 1 eight bytes, 2 length and
// bytes, 5 four bytes.
inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value > 0x7F; value >>= 7) out += static_cast<char>(0x80U | (value & 0x7FU));
  out += static_cast<char>(value);
}
inline void append_key(std::string& out, unsigned field, unsigned type) { append_varint(out, field << 3 | type); }
inline void append_bytes(std::string& out, unsigned field, std::string_view bytes) {
  append_key(out, field, 2);
  append_varint(out, bytes.size());
  out += bytes;
}

inline std::string tf_record(std::string_view content) {
  std::string record;
  append_little(record, std::uint64_t{content.size()});
  append_little(record, masked_crc32c(record));
  record += content;
  append_little(record, masked_crc32c(content));
  return record;
}

inline std::string event_with_time(double seconds) {
  std::string event;
  append_key(event, 1, 1);
  append_little(event, std::bit_cast<std::uint64_t>(seconds));
  return event;
}

/// Calls use(field) for each field of a message.
inline Result<void> try_each_field(std::string_view message, const std::string& place, auto&& use) {
  ProtoFields fields{message, place, 0};
  while (fields.more()) {
    const auto field = fields.try_next();
    if (!field) return field.error();
    if (auto done = use(*field); !done) return done;
  }
  return {};
}

inline Result<void> try_parse_scalar(std::string_view message, const std::string& place, ScalarEvent& event) {
  std::string tag;
  float number = 0;
  auto done = try_each_field(message, place, [&](const ProtoField& field) -> Result<void> {
    if (field.key == 1) tag = field.text;
    if (field.key == 2) number = field.real();
    return {};
  });
  event.values[tag] = number;
  return done;
}

inline Result<void> try_parse_event(std::string_view message, const std::string& place, ScalarEvent& event) {
  return try_each_field(message, place, [&](const ProtoField& field) -> Result<void> {
    if (field.key == 1) event.seconds = std::bit_cast<double>(field.number);
    if (field.key == 2) event.step = static_cast<Index>(field.number);
    if (field.key != 5) return {};
    return try_each_field(field.text, place,
                          [&](const ProtoField& value) { return try_parse_scalar(value.text, place, event); });
  });
}

}  // namespace detail

CLIP_HOST std::uint32_t crc32c(std::span<const std::byte> bytes) {
  std::uint32_t r = ~std::uint32_t{0};
  for (const std::byte b : bytes) r = (r >> 8) ^ detail::crc32c_table[(r ^ static_cast<std::uint32_t>(b)) & 0xFF];
  return ~r;
}

CLIP_HOST std::string event_file_start(double seconds) {
  std::string event = detail::event_with_time(seconds);
  detail::append_bytes(event, 3, "brain.Event:2");
  return detail::tf_record(event);
}

CLIP_HOST std::string event_record(const ScalarEvent& event) {
  std::string summary;
  for (const auto& [tag, number] : event.values) {
    std::string value;
    detail::append_bytes(value, 1, tag);
    detail::append_key(value, 2, 5);
    detail::append_little(value, std::bit_cast<std::uint32_t>(number));
    detail::append_bytes(summary, 1, value);
  }
  std::string message = detail::event_with_time(event.seconds);
  detail::append_key(message, 2, 0);
  detail::append_varint(message, static_cast<std::uint64_t>(event.step));
  detail::append_bytes(message, 5, summary);
  return detail::tf_record(message);
}

CLIP_HOST Result<std::vector<ScalarEvent>> try_parse_event_file(std::span<const std::byte> file,
                                                                const std::string& place) {
  constexpr std::size_t header = 12, trailer = 4;
  std::vector<ScalarEvent> events;
  while (!file.empty()) {
    if (file.size() < header) return LoadError{place, "event file: truncated: bytes of a record", header, file.size()};
    const std::string_view text = as_text(file);
    const auto length = load_little<std::uint64_t>(file.data());
    if (load_little<std::uint32_t>(file.data() + 8) != detail::masked_crc32c(text.substr(0, 8)))
      return LoadError{place, "event file: damaged: the checksum of a length differs"};
    if (file.size() - header < trailer || length > file.size() - header - trailer)
      return LoadError{place, "event file: truncated: bytes of an event", length, file.size() - header};
    const std::string_view content = text.substr(header, static_cast<std::size_t>(length));
    if (load_little<std::uint32_t>(file.data() + header + content.size()) != detail::masked_crc32c(content))
      return LoadError{place, "event file: damaged: the checksum of an event differs"};
    ScalarEvent event;
    if (auto done = detail::try_parse_event(content, place, event); !done) return done.error();
    if (!event.values.empty()) events.push_back(std::move(event));
    file = file.subspan(header + content.size() + trailer);
  }
  return events;
}

}  // namespace clip::inline CLIP_ABI
