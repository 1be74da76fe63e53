// clip/io/replace_together.inl.hpp: definitions of clip/io/replace_together.hpp.
#pragma once

#include <clip/core/notice.hpp>
#include <clip/core/printable.hpp>
#include <clip/core/stop.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/files.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/replace_together.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

namespace clip::inline CLIP_ABI::detail {

/// What a list says: names in the folder. The temporary files are named after them.
struct Replacement {
  std::vector<std::string> removed, put;  // put: in this order, the weights last

  static constexpr std::string_view first_line = "clip: files to remove and to put in place";

  std::string text() const {
    std::string lines = std::string(first_line) + "\n";
    for (const std::string& name : removed) lines += "remove " + name + "\n";
    for (const std::string& name : put) lines += "put " + name + "\n";
    return lines;
  }

  /// LoadError: another text; a name outside the folder or of a hidden file, which no list written here has.
  static Result<Replacement> try_parse(std::string_view text, const std::string& path) {
    Replacement result;
    for (bool first = true; !text.empty(); first = false) {
      const std::string_view line = text.substr(0, text.find('\n'));
      const bool removes = line.starts_with("remove "), puts = line.starts_with("put ");
      const std::string_view name = line.substr(removes ? 7 : puts ? 4 : 0);
      const bool inside = !name.empty() && name.front() != '.' && name.find('/') == name.npos;
      if (text.size() == line.size() || (first ? line != first_line : !inside || !(removes || puts)))
        return LoadError{path, "not a list of files to replace: " + printable(std::string(line))};
      if (!first) (removes ? result.removed : result.put).emplace_back(name);
      text.remove_prefix(line.size() + 1);
    }
    if (result.put.empty()) return LoadError{path, "not a list of files to replace: it names none"};
    return result;
  }
};

/// One process at a time renames in a folder. Waits for another one, whose renames are short.
/// SystemError: it does not end. A file system without locks is used without.
inline Result<Descriptor> try_lock_folder(const std::string& folder) {
  Descriptor held{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!held) return system_error(folder, "cannot be opened", errno);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (::flock(held.number(), LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
    if (stop_requested()) return stopped_error(folder);
    if (std::chrono::steady_clock::now() > end)
      return SystemError{folder, "another process is replacing files in it"}.with_id("clip.system.locked");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return held;
}

/// Does what the list says, as far as it is not done, and removes the list. The folder is locked.
inline Result<void> try_follow(const std::string& folder, const Replacement& list, const Descriptor& held) {
  const auto temporary = [&](const std::string& name) { return folder + "/" + partial_name(name); };
  if (const std::string& last = list.put.back(); may_be_there(temporary(last)))
    if (auto done = try_remove_file(folder + "/" + last); !done) return done;
  for (const std::string& name : list.removed)
    if (auto done = try_remove_file(folder + "/" + name); !done) return done;
  for (const std::string& name : list.put)
    if (::rename(temporary(name).c_str(), (folder + "/" + name).c_str()) != 0 && errno != ENOENT)  // ENOENT: done
      return system_error(folder + "/" + name, "replacing failed", errno).with_id("clip.system.write");
  ::fsync(held.number());
  return try_remove_file(folder + "/" + replacement_list);
}

CLIP_HOST Result<void> try_replace_together(const std::string& folder, std::span<AtomicFile> files,
                                            const std::vector<std::string>& removed) {
  Replacement list;
  list.removed = removed;
  for (AtomicFile& file : files) {
    list.put.push_back(file.path().substr(file.path().rfind('/') + 1));
    if (auto done = file.try_sync(); !done) return done;
  }
  auto written = AtomicFile::try_create(folder + "/" + replacement_list);
  if (!written) return written.error();
  if (auto done = written->try_write(as_byte_span(list.text())); !done) return done;
  if (auto done = written->try_sync(); !done) return done;
  const auto held = try_lock_folder(folder);
  if (!held) return held.error();
  // From here on a handler of a signal leaves the temporary files alone: the list, whose rename is next, needs them.
  for (AtomicFile& file : files) file.leave();
  if (auto done = written->try_commit(); !done) {
    if (!is_there(written->path()))
      for (const std::string& name : list.put) ::unlink((folder + "/" + partial_name(name)).c_str());
    return done;
  }
  return try_follow(folder, list, *held);
}

CLIP_HOST Result<void> try_finish_replacement(const std::string& folder) {
  const std::string path = folder + "/" + replacement_list;
  if (!is_there(path)) return {};
  const auto held = try_lock_folder(folder);
  if (!held) return held.error();
  if (!is_there(path)) return {};  // its writer has finished
  auto file = try_open_regular(path);
  if (!file) return file.error();
  std::string text(std::min(file->size, std::size_t{1} << 16), '\0');  // names of a dozen files
  const ssize_t n = ::read(file->descriptor.number(), text.data(), text.size());
  if (n < 0) return system_error(path, "reading failed", errno);
  text.resize(static_cast<std::size_t>(n));
  const auto list = Replacement::try_parse(text, path);
  if (!list) return list.error();
  if (auto done = try_follow(folder, *list, *held); !done)
    return SystemError{folder, "a save into it was interrupted, and cannot be finished: " + done.error().message()}
        .with_id("clip.system.write");
  say_once(Topic::finished_replacement,
           (printable(folder) + ": a save into this folder was interrupted; finished it").c_str());
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
