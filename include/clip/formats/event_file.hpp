// clip/formats/event_file.hpp: TensorBoard's event files: scalars by step.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// CRC-32C (Castagnoli), as in iSCSI.
CLIP_HOST std::uint32_t crc32c(std::span<const std::byte> bytes);

/// Scalars of one step: an event with a summary. A record that says the version of the format has no values.
struct ScalarEvent {
  Index step = 0;
  double seconds = 0;  // since 1970
  std::map<std::string, float> values{};
};

/// The first record of an event file: its version.
CLIP_HOST std::string event_file_start(double seconds);

/// The record of an event, to be appended to an event file: length, masked CRC-32C of the length, the event as protocol
/// buffer, masked CRC-32C of it.
CLIP_HOST std::string event_record(const ScalarEvent& event);

/// The events of a file; the version has none. LoadError: truncated, a checksum that differs, no event.
[[nodiscard]] CLIP_HOST Result<std::vector<ScalarEvent>> try_parse_event_file(std::span<const std::byte> file,
                                                                              const std::string& place);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/event_file.inl.hpp>
#endif
