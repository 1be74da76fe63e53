// clip/io/proto_fields.hpp: the fields of a protocol buffer message, every length checked.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/bytes.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// One field: a number (of a varint or of fixed width) or bytes, whichever the file says.
struct ProtoField {
  std::uint64_t key = 0;     // the field's number in the message
  bool holds_bytes = false;  // text is set; otherwise number
  std::uint64_t number = 0;
  std::string_view text;

  bool flag() const { return number != 0; }
  std::int32_t integer() const { return static_cast<std::int32_t>(static_cast<std::uint32_t>(number)); }
  float real() const { return std::bit_cast<float>(static_cast<std::uint32_t>(number)); }
};

/// Reads a message field by field:
///   ProtoFields fields{bytes, place, 0};
///   while (fields.more()) { const auto field = fields.try_next(); … }
/// LoadError: a field that ends outside the message, a number of more than ten bytes, a kind of field (groups) that is
/// long out of use. Each names its byte in the file.
class ProtoFields {
 public:
  /// `offset`: where the message begins in the file. `id`: the identifier of the errors, a literal.
  ProtoFields(std::string_view message, const std::string& place, std::size_t offset, const char* id = "clip.load")
      : message_{message}, place_{&place}, offset_{offset}, id_{id} {}

  bool more() const { return at_ < message_.size(); }
  /// Where the bytes of a field begin in the file.
  std::size_t offset_of(std::string_view text) const {
    return offset_ + static_cast<std::size_t>(text.data() - message_.data());
  }

  Result<ProtoField> try_next() {
    const std::size_t begin = at_;
    std::uint64_t tag = 0, length = 0;
    if (auto done = read(tag); !done) return done.error();
    ProtoField field;
    field.key = tag >> 3;
    if (field.key == 0) return wrong(begin, "a field's number", "1 or more", 0);
    switch (tag & 7) {
      case 0:
        if (auto done = read(field.number); !done) return done.error();
        return field;
      case 1: return fixed<std::uint64_t>(field);
      case 5: return fixed<std::uint32_t>(field);
      case 2:
        if (auto done = read(length); !done) return done.error();
        if (length > message_.size() - at_) return cut(length);
        field.holds_bytes = true;
        field.text = message_.substr(at_, static_cast<std::size_t>(length));
        at_ += static_cast<std::size_t>(length);
        return field;
      default: return wrong(begin, "kind of field " + std::to_string(field.key), "0, 1, 2 or 5", tag & 7);
    }
  }

 private:
  template <class Expected>
  Error wrong(std::size_t at, const std::string& what, const Expected& expected, std::uint64_t found) const {
    return LoadError{*place_, "byte " + std::to_string(offset_ + at) + ": " + what, expected, found}.with_id(id_);
  }
  Error cut(std::uint64_t wanted) const {
    return wrong(at_, "bytes of a field", "at most " + std::to_string(message_.size() - at_) + ", which are left",
                 wanted);
  }

  Result<void> read(std::uint64_t& number) {
    const std::size_t begin = at_;
    number = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (!more()) return cut(1);
      const auto byte = static_cast<unsigned char>(message_[at_++]);
      if (shift < 64) number |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return {};
    }
    return wrong(begin, "bytes of a number", "at most 10", 11);
  }

  template <class T>
  Result<ProtoField> fixed(ProtoField field) {
    if (message_.size() - at_ < sizeof(T)) return cut(sizeof(T));
    field.number = load_little<T>(as_byte_span(message_).data() + at_);
    at_ += sizeof(T);
    return field;
  }

  std::string_view message_;
  const std::string* place_;
  std::size_t offset_;
  const char* id_;
  std::size_t at_ = 0;
};

}  // namespace clip::inline CLIP_ABI::detail
