// clip: the library from the shell. `clip --help` lists the commands, `clip COMMAND --help` says everything about one.
//
// Exit status: 0; 1 the input was bad, and a line on standard error says which and why; 2 the command line was wrong.
#include "command_line.hpp"
#include "terminal.hpp"

#include <clip/core/error.hpp>

#include <csignal>
#include <exception>
#include <new>

int main(int argc, char** argv) {
  tool::watch_for_interrupts();
  int status = 1;
  try {
    status = tool::read_command_line(argc, argv)();
  } catch (const tool::UsageError& e) {
    tool::complain(e.message);
    return 2;
  } catch (const tool::ClosedPipe&) { tool::die_of(SIGPIPE); } catch (const clip::Error& e) {
    tool::complain(e.message());
  } catch (const std::bad_alloc&) { tool::complain("not enough memory"); } catch (const std::exception& e) {
    tool::complain(e.what());
  }
  if (tool::interrupted() != 0) tool::die_of(tool::interrupted());
  return status;
}
