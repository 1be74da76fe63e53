// tests/support/signal_of.hpp: the signal that ends a child process.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace clip::testing {

/// The signal that ends a child doing this, 0 if none does.
template <class F>
int signal_of(F&& f) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int expected : {SIGSEGV, SIGABRT})
      std::signal(expected, SIG_DFL);  // the test framework's handler would report the fault it is here to see
    f();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace clip::testing
