#include <clip/core/stop.hpp>

#include <doctest/doctest.h>

#include <csignal>

using namespace clip;

TEST_CASE("a stop is requested from a handler of a signal, lasts until it is withdrawn, and is an error of its own") {
  CHECK_FALSE(stop_requested());
  check_stop("here");
  const auto before = std::signal(SIGUSR1, [](int) { request_stop(); });
  std::raise(SIGUSR1);
  std::signal(SIGUSR1, before);
  CHECK(stop_requested());
  bool raised = false;
  try {
    check_stop("here");
  } catch (const SystemError& e) {
    raised = true;
    CHECK(e.id() == "clip.system.stopped");
    CHECK(e.message() == "here: stopped as requested");
  }
  CHECK(raised);
  withdraw_stop();
  CHECK_FALSE(stop_requested());
  check_stop("here");
}
