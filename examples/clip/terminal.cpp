#include "terminal.hpp"

#include <clip/core/printable.hpp>
#include <clip/io/posix.hpp>

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace tool {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void note_signal(int signal) {
  caught = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void Output::line(std::string_view text) {
  buffer_.append(text).push_back('\n');
  if (buffer_.size() > 32768 || ::isatty(STDOUT_FILENO) != 0) flush();
}

void Output::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) throw ClosedPipe{};
    if (n < 0) clip::raise(clip::detail::system_error("standard output", "cannot be written", errno));
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
}

void Output::json(const clip::Json& value) {
  line(clip::json_text(value, 1));
  flush();
}

void print_error(std::string_view message) { std::fprintf(stderr, "clip: %s\n", clip::printable(message).c_str()); }

void Progress::show(clip::Index done, clip::Index total) {
  static const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const auto now = std::chrono::steady_clock::now();
  if (!terminal || (visible_ && done < total && now - shown_ < std::chrono::milliseconds(100))) return;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  std::fprintf(stderr, "\r%s: %lld of %lld, %.0f a second\x1b[K", what_.c_str(), static_cast<long long>(done),
               static_cast<long long>(total), seconds > 0 ? static_cast<double>(done) / seconds : 0.0);
  visible_ = true;
  shown_ = now;
}

void Progress::clear() {
  if (visible_) std::fputs("\r\x1b[K", stderr);
  visible_ = false;
}

void catch_interrupts() {
  // Writes to a closed pipe or beyond the file size limit then fail with an error, and partial files are removed.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  for (const int signal : {SIGINT, SIGTERM})
    if (std::signal(signal, note_signal) == SIG_IGN) std::signal(signal, SIG_IGN);
}

int interrupted() { return caught; }

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  ::_exit(128 + signal);
}

}  // namespace tool
