#include "terminal.hpp"

#include <clip/core/printable.hpp>
#include <clip/core/stop.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/unfinished.hpp>

#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>

namespace tool {
namespace {

std::atomic<int> caught{0};
std::atomic<bool> patient{false};
bool keyboard_ignored = false;

/// A safe place was not reached in time. Renaming makes output files complete, so partial files are all there is to
/// remove.
extern "C" void end_now(int) {
  clip::remove_unfinished();
  end_by_signal(caught);
}

extern "C" void note_signal(int signal, siginfo_t* info, void*) {
  // A job in the background ignores Ctrl-C, but not a SIGINT that was sent to it.
  if (signal == SIGINT && keyboard_ignored && info->si_code != SI_USER) return;
  if (caught != 0) end_now(signal);
  caught = signal;
  clip::request_stop();
  if (patient) return;
  const itimerval half_a_second{{0, 0}, {0, 500'000}};
  ::setitimer(ITIMER_REAL, &half_a_second, nullptr);
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;  // without SA_RESTART: a read or write that waits ends
  ::sigaction(signal, &action, nullptr);
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
    if (n < 0 && errno == EINTR) {
      end_if_interrupted();
      continue;
    }
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
  std::signal(SIGALRM, end_now);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    const bool ignored = before.sa_handler == SIG_IGN;
    if (signal == SIGINT) keyboard_ignored = ignored;
    if (!ignored || signal == SIGINT) handle(signal, note_signal);
  }
}

void wait_for_safe_place() { patient = true; }

int interrupted() { return caught; }

void end_if_interrupted() {
  if (caught != 0) clip::raise(clip::stopped_error("clip"));
}

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t these{};
  ::sigemptyset(&these);
  ::sigaddset(&these, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &these, nullptr);  // blocked while its own handler runs
  std::raise(signal);
  ::_exit(128 + signal);
}

}  // namespace tool
