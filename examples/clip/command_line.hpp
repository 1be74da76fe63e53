// Command-line parser of the tool.
#pragma once

#include <functional>
#include <string>

namespace tool {

/// Parses the command line into a call of a command, or of the function that
/// prints help. UsageError: invalid command line.
std::function<int()> read_command_line(int argc, const char* const* argv);

}  // namespace tool
