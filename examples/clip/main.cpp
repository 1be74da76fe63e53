// clip: command-line tool of the library. `clip --help` lists the commands, `clip COMMAND --help` describes one.
//
// Exit status: 0 success; 1 bad input or too little memory, and a line on standard error names it and the reason; 2
// wrong command line.
#include "command_line.hpp"
#include "terminal.hpp"

#include <clip/core/error.hpp>
#include <clip/io/mapped_ranges.hpp>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

namespace {

void report_no_memory() {
  tool::print_error("not enough memory: the system, or a limit such as that of ulimit -v, gives no more");
}

/// The message in the words of the command line.
std::string in_words(const clip::Error& error) {
  std::string message = error.message();
  const std::string_view function = "(set_file_budget)";
  if (const auto at = message.find(function); error.id() == "clip.load.budget" && at != message.npos)
    message.replace(at, function.size(), "(--max-memory-per-file)");
  return message;
}

/// Where an exception cannot be caught, as in a destructor of another library.
[[noreturn]] void terminated() {
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
  } catch (const std::bad_alloc&) {
    report_no_memory();
    std::_Exit(1);
  } catch (...) {}
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(terminated);
  tool::catch_interrupts();
  clip::guard_mapped_files();
  try {
    return tool::read_command_line(argc, argv)();
  } catch (const tool::UsageError& e) {
    tool::print_error(e.message);
    return 2;
  } catch (const tool::ClosedPipe&) { tool::end_by_signal(SIGPIPE); } catch (const clip::Error& e) {
    if (e.id() != "clip.system.stopped") tool::print_error(in_words(e));
  } catch (const std::system_error& e) {
    tool::print_error(e.code() == std::errc::resource_unavailable_try_again
                          ? "a thread cannot be started: " + e.code().message() + " (fewer --threads?)"
                          : std::string(e.what()));
  } catch (const std::bad_alloc&) { report_no_memory(); } catch (const std::exception& e) {
    tool::print_error(e.what());
  }
  if (tool::interrupted() != 0) tool::end_by_signal(tool::interrupted());
  return 1;
}
