#include "journal.hpp"

#include "terminal.hpp"

#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/list_files.hpp>
#include <clip/model/config_json.hpp>
#include <clip/version.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace tool {
namespace {

/// FNV-1a, 64 bits.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    value_ = (value_ ^ 0xFF) * 0x100000001B3;  // no byte of UTF-8: a boundary
  }
  std::string words() const { return std::to_string(value_); }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325;
};

/// Path, size and time of the last change of a file, or of all files in a folder.
void add_file(Hash& hash, const std::string& path) {
  hash.add(path);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return;  // the job itself reports it
  if (S_ISDIR(status.st_mode)) {
    const auto inside =
        clip::try_list_files(path, clip::Below::folder, [](const std::string&) { return true; }).value();
    for (const std::string& file : inside) add_file(hash, file);
    return;
  }
  hash.add(std::to_string(status.st_size));
#ifdef __APPLE__
  const timespec time = status.st_mtimespec;
#else
  const timespec time = status.st_mtim;
#endif
  hash.add(std::to_string(time.tv_sec) + '.' + std::to_string(time.tv_nsec));
}

std::string hash_of_file(const std::string& path) {
  Hash hash;
  if (!path.empty()) add_file(hash, path);
  return hash.words();
}

constexpr std::size_t head = 10;  // of a record: kind, cut, bytes that follow (4), their checksum (4)

std::string record(const Done& done) {
  const std::string_view content =
      done.failure.empty() ? clip::as_text(std::as_bytes(std::span{done.row})) : std::string_view{done.failure};
  std::string bytes(head, '\0');
  bytes[0] = done.failure.empty() ? 'r' : 'f';
  bytes[1] = done.cut ? 'c' : '-';
  auto* const to = reinterpret_cast<std::byte*>(bytes.data());
  clip::store_little(to + 2, static_cast<std::uint32_t>(content.size()));
  clip::store_little(to + 6, clip::crc32(clip::as_byte_span(content), static_cast<std::uint32_t>(bytes[0])));
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
  std::size_t good = 0;
  if (end != text.npos) {
    const clip::Json found = clip::try_parse_json(text.substr(0, end), path_).value();
    for (const auto& [key, value] : job.items())
      if (!found.contains(key) || found[key] != value)
        clip::raise(clip::LoadError{
            path_, "is of another job (" + key + " differs): repeat its command, or remove it to begin anew"});
    for (good = end + 1; text.size() - good >= head;) {
      const std::byte* const from = bytes.data() + good;
      const std::size_t size = clip::load_little<std::uint32_t>(from + 2);
      const char kind = text[good];
      const bool row = kind == 'r';
      if (size > text.size() - good - head || (row && size != static_cast<std::size_t>(width) * sizeof(float))) break;
      const std::string_view content = text.substr(good + head, size);
      if (clip::crc32(clip::as_byte_span(content), static_cast<std::uint32_t>(kind)) !=
          clip::load_little<std::uint32_t>(from + 6))
        break;
      Done done{{}, row ? "" : std::string(content), text[good + 1] == 'c'};
      if (row) {
        done.row.resize(static_cast<std::size_t>(width));
        std::memcpy(done.row.data(), content.data(), size);
      }
      done_.push_back(std::move(done));
      good += head + size;
    }
  }
  if (::ftruncate(file_.number(), static_cast<off_t>(good)) != 0 || ::lseek(file_.number(), 0, SEEK_END) < 0)
    clip::raise(clip::detail::system_error(path_, "cannot be written", errno));
  if (good == 0) write(clip::json_text(job) + '\n');
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

clip::Json job_of(const EmbedOptions& options, const std::vector<std::string>& inputs, bool files) {
  Hash all;
  for (const std::string& input : inputs) files ? add_file(all, input) : all.add(input);
  return {{"version", CLIP_STRING(CLIP_VERSION_MAJOR) "." CLIP_STRING(CLIP_VERSION_MINOR)},
          {"model", clip::json_text(clip::to_json(*options.model.config))},
          {"weights", hash_of_file(options.model.weights)},
          {"state_dict", options.model.state_dict},
          {"dtype", name_of(options.model.dtype)},
          {"vocabulary", files ? "" : hash_of_file(options.vocabulary)},
          {"cleaning", options.cleaning ? std::string(clip::name_of(*options.cleaning)) : "of the vocabulary"},
          {"strict images", options.images.strict_images},
          {"truncate", options.truncate},
          {"normalize", options.normalize},
          {"inputs", std::to_string(inputs.size()) + (files ? " files " : " texts ") + all.words()}};
}

}  // namespace tool
