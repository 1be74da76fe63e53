// The command line: what may be said, checked where it is said.
#pragma once

#include <functional>
#include <string>

namespace tool {

/// What is to be done: the call of a command, or the printing of help. UsageError: the command line is wrong.
std::function<int()> read_command_line(int argc, const char* const* argv);

}  // namespace tool
