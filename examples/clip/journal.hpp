// The rows of `embed --resume` that are done, in a file beside the output, so that the same command can go on.
#pragma once

#include <clip/core/size.hpp>
#include <clip/io/json.hpp>
#include <clip/io/posix.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// What one input became: a row (a text of several chunks: several), or a failure.
struct Done {
  std::vector<float> row;
  std::string failure;  // empty: a row
  bool cut = false;     // a text that was truncated
};

/// An append-only file: a line of JSON that says of which job it is, then a record with a checksum for every input, in
/// order. A record that was written in part, when the program was killed, is dropped.
class Journal {
 public:
  /// Opens or creates OUTPUT.resume. LoadError: it is of another job; the message says what differs. Or damaged where
  /// it says of which.
  /// SystemError: another program is writing it. width: the values of a row.
  Journal(const std::string& output, const clip::Json& job, clip::Index width);

  /// The inputs that earlier runs finished.
  const std::vector<Done>& done() const { return done_; }
  /// Appends; the records are in the file when the call returns.
  void add(std::span<const Done> more);
  /// Removes the file: the output is complete.
  void remove();

 private:
  void write(std::string_view bytes);

  std::string path_;
  clip::detail::Descriptor file_;
  std::vector<Done> done_;
};

}  // namespace tool
