// What every command says to its user: results on standard output, everything else on standard error.
#pragma once

#include <clip/core/size.hpp>
#include <clip/io/json.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace tool {

/// The reader of standard output has gone: there is nothing left to do, and nobody to tell.
struct ClosedPipe {};

/// The command line was understood, but makes no sense: exit status 2.
struct UsageError {
  std::string message;
};

/// Standard output. A line is kept until there are some, or shown at once on a terminal.
/// SystemError where it cannot be written (a full disk); ClosedPipe where nobody reads.
class Output {
 public:
  void line(std::string_view text);
  void flush();
  /// One value, and nothing after it.
  void json(const clip::Json& value);

 private:
  std::string kept_;
};

/// A line about something that went wrong.
void complain(std::string_view message);

/// How far a long job is: one line on standard error that is written over, where that is a terminal; otherwise nothing.
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

/// From now on Ctrl-C and SIGTERM are asked for with interrupted(), once; the second ends the program.
void watch_for_interrupts();
/// The signal that came, or 0.
int interrupted();
/// Ends the program as that signal would have.
[[noreturn]] void die_of(int signal);

}  // namespace tool
