#include <clip/core/stop.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

using namespace clip;

TEST_CASE("the bytes of a file are all its bytes, also of an empty one and of one without a size") {
  const TemporaryFolder folder;
  const std::string text(200'000, 'x');
  put(folder / "a", text);
  put(folder / "empty", "");
  CHECK(as_text(try_read_bytes(folder / "a").value()) == text);
  CHECK(as_text(try_read_input(folder / "a").value()) == text);
  CHECK(try_read_bytes(folder / "empty")->empty());
  CHECK_FALSE(try_read_bytes("/proc/self/status")->empty());  // its size is given as 0
}

TEST_CASE("missing files, folders and pipes are errors of try_read_bytes, which does not wait") {
  const TemporaryFolder folder;
  CHECK(try_read_bytes(folder / "none").error().id() == "clip.load.no_file");
  CHECK(try_read_input(folder / "none").error().id() == "clip.load.no_file");
  CHECK(try_read_bytes(folder.path).error().message() == folder.path + ": expected a file, found a folder");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(try_read_bytes(folder / "pipe").error().message() == (folder / "pipe") + ": not a regular file");
}

TEST_CASE("a pipe is read to its end") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const std::string text(300'000, 'y');
  std::thread writer{[&] { put(folder / "pipe", text); }};
  CHECK(as_text(try_read_input(folder / "pipe").value()) == text);
  writer.join();
}

TEST_CASE("a signal that requests a stop ends the waiting for a pipe") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const int end = ::open((folder / "pipe").c_str(), O_RDWR | O_CLOEXEC);  // a writer that never writes
  REQUIRE(end >= 0);
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) { request_stop(); };
  REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);
  const pthread_t reader = ::pthread_self();
  std::atomic<bool> over{false};
  std::thread sender{[&] {  // again and again: the first may arrive before the reader waits
    while (!over) {
      ::pthread_kill(reader, SIGUSR1);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }};
  const auto read = try_read_input(folder / "pipe");
  over = true;
  sender.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  withdraw_stop();
  ::close(end);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().id() == "clip.system.stopped");
}
