#include "journal.hpp"

#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace tool {
namespace {

constexpr std::size_t head = 10;  // of a record: kind, cut, bytes that follow (4), checksum of all but itself (4)

/// CRC-32 of the first six bytes of a record and of its content.
std::uint32_t checksum(std::string_view start, std::string_view content) {
  return clip::crc32(clip::as_byte_span(content), clip::crc32(clip::as_byte_span(start)));
}

std::string record(const Done& done) {
  const std::string_view content =
      done.failure.empty() ? clip::as_text(std::as_bytes(std::span{done.row})) : std::string_view{done.failure};
  std::string bytes(head, '\0');
  bytes[0] = done.failure.empty() ? 'r' : 'f';
  bytes[1] = done.cut ? 'c' : '-';
  auto* const to = reinterpret_cast<std::byte*>(bytes.data());
  clip::store_little(to + 2, static_cast<std::uint32_t>(content.size()));
  clip::store_little(to + 6, checksum(std::string_view{bytes}.substr(0, 6), content));
  return bytes.append(content);
}

}  // namespace

Journal::Journal(const std::string& output, const clip::Json& job, clip::Index width) : path_{output + ".resume"} {
  file_ = clip::detail::Descriptor{::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666)};
  if (!file_) clip::raise(clip::detail::system_error(path_, "cannot be opened", errno));
  if (::flock(file_.number(), LOCK_EX | LOCK_NB) != 0)
    clip::raise(clip::SystemError{path_, "another program is at work on this job"});
  const auto bytes = clip::try_read_descriptor(file_.number(), path_).value();
  const std::string_view text = clip::as_text(bytes);
  const std::size_t end = text.find('\n');
  const std::string line = clip::json_text(job) + '\n';
  const std::size_t row_bytes = static_cast<std::size_t>(width) * sizeof(float);
  std::size_t good = 0;
  if (!line.starts_with(text)) {  // else the program was killed while it wrote the line
    const auto parsed = clip::try_parse_json(text.substr(0, end), path_);
    if (end == text.npos || !parsed || !parsed->is_object())
      clip::raise(clip::LoadError{path_, "is damaged, or no journal of this program: remove it to begin anew"});
    for (const auto& [key, value] : job.items())
      if (const auto found = parsed->find(key); found == parsed->end() || *found != value)
        clip::raise(clip::LoadError{
            path_, "is of another job (" + key + " differs): repeat its command, or remove it to begin anew"});
    for (good = end + 1; text.size() - good >= head;) {
      const std::byte* const from = bytes.data() + good;
      const std::size_t size = clip::load_little<std::uint32_t>(from + 2);
      const bool row = text[good] == 'r';
      if (size > text.size() - good - head || (row && (size == 0 || size % row_bytes != 0))) break;
      const std::string_view content = text.substr(good + head, size);
      if (checksum(text.substr(good, 6), content) != clip::load_little<std::uint32_t>(from + 6)) break;
      Done done{{}, row ? "" : std::string(content), text[good + 1] == 'c'};
      if (row) {
        done.row.resize(size / sizeof(float));
        std::memcpy(done.row.data(), content.data(), size);
      }
      done_.push_back(std::move(done));
      good += head + size;
    }
  }
  if (::ftruncate(file_.number(), static_cast<off_t>(good)) != 0 || ::lseek(file_.number(), 0, SEEK_END) < 0)
    clip::raise(clip::detail::system_error(path_, "cannot be written", errno));
  if (good == 0) write(line);
}

void Journal::add(std::span<const Done> more) {
  std::string bytes;
  for (const Done& done : more) bytes += record(done);
  write(bytes);
}

void Journal::write(std::string_view left) {
  while (!left.empty()) {
    const ssize_t n = ::write(file_.number(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) clip::raise(clip::detail::system_error(path_, "cannot be written", errno));
    left.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Journal::remove() { ::unlink(path_.c_str()); }

}  // namespace tool
