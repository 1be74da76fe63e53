// tests/support/kill_at_calls.hpp: SIGKILL at every system call of a function.
#pragma once

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

/// Runs `work` in one child process after another: the n-th is killed when it enters or leaves its n-th system call.
/// `before` runs before each, `after` after each kill. Ends with the first child that ends by itself, with status 0.
/// Returns the number of kills; -1 where a process may not trace its children, or a child failed.
template <class Before, class Work, class After>
int kill_at_every_call(Before&& before, Work&& work, After&& after) {
  for (int kills = 0;; ++kills) {
    before();
    const pid_t child = ::fork();
    if (child == 0) {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
      ::raise(SIGSTOP);
      work();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    for (int stops = 0; WIFSTOPPED(status) && stops <= kills; ++stops) {
      const int passed = stops > 0 && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
      if (::ptrace(PTRACE_SYSCALL, child, nullptr, passed) != 0) break;
      ::waitpid(child, &status, 0);
    }
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? kills : -1;
    if (WIFSIGNALED(status)) return -1;
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    after();
  }
}
