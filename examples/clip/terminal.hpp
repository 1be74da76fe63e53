// Terminal output of the commands: results on standard output, everything else on standard error.
#pragma once

#include <clip/core/size.hpp>
#include <clip/io/json.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace tool {

/// The reader of standard output has closed the pipe; the program ends silently.
struct ClosedPipe {};

/// The command line is valid in form but not in meaning: exit status 2.
struct UsageError {
  std::string message;
};

/// Buffered standard output; unbuffered on a terminal.
/// SystemError: it cannot be written (a full disk). ClosedPipe: the reader has closed the pipe.
class Output {
 public:
  void line(std::string_view text);
  void flush();
  /// Prints one value and flushes.
  void json(const clip::Json& value);

 private:
  std::string buffer_;
};

/// Prints an error line to standard error, with control characters escaped.
void print_error(std::string_view message);

/// Progress of a long job: one line on standard error that is overwritten, if standard error is a terminal.
class Progress {
 public:
  explicit Progress(std::string_view what) : what_{what} {}
  ~Progress() { clear(); }
  void show(clip::Index done, clip::Index total);
  void clear();

 private:
  std::string what_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now(), shown_{};
  bool visible_ = false;
};

/// Makes SIGINT (Ctrl-C), SIGTERM and SIGHUP a request to stop: waiting for input ends, and long calls of the library
/// and end_if_interrupted() raise clip.system.stopped. Work that has reached no safe place after half a second, or
/// until a second signal, ends where it is: its partial files are removed, and the program ends by the signal.
void catch_interrupts();
/// From now on the first signal waits for a safe place however long that takes, as that of a training step may; a second
/// one ends the work where it is.
void wait_for_safe_place();
/// The signal that was received, or 0.
int interrupted();
/// The place of a command where it may end: call it before an output file becomes complete.
void end_if_interrupted();
/// Ends the program as if by that signal.
[[noreturn]] void end_by_signal(int signal);

}  // namespace tool
