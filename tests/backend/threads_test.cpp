#include <clip/backend/threads.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace {
using namespace clip;

/// How often each of `count` numbers was visited.
std::vector<int> visits(ThreadPool& pool, Index count) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
  pool.parallel(count, [&](Index i) { ++seen[static_cast<std::size_t>(i)]; });
  return {seen.begin(), seen.end()};
}

/// What a child of fork() returns from f(), or -1 where it hangs or dies.
template <class F>
int in_child(F f) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    ::_exit(f());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The identifier of the error that f() throws; empty if it throws none.
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const Error& error) { return std::string(error.id()); }
  return {};
}

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
constexpr bool may_fork = false;  // the sanitizer allows a child no threads of its own
#else
constexpr bool may_fork = true;
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
constexpr bool may_limit = false;  // the sanitizer maps terabytes, and ends a program that has no memory for it
#else
constexpr bool may_limit = may_fork;
#endif
}  // namespace

TEST_CASE("every number of a loop is visited once, on any number of threads") {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool{threads};
    for (const Index count : {Index{0}, Index{1}, Index{2}, Index{3}, Index{8}, Index{1000}})
      CHECK(visits(pool, count) == std::vector<int>(static_cast<std::size_t>(count), 1));
  }
}

TEST_CASE("thousands of short regions follow one another") {
  ThreadPool pool{2};
  Index sum = 0;
  for (Index region = 0; region < 5000; ++region) {
    std::vector<Index> parts(4);
    pool.parallel(4, [&](Index i) { parts[static_cast<std::size_t>(i)] = i * region; });
    for (Index part : parts) sum += part;
  }
  CHECK(sum == 6 * 4999 * 5000 / 2);
}

TEST_CASE("several host threads may use one pool at once") {
  ThreadPool pool{3};
  std::atomic<int> wrong{0};
  std::vector<std::thread> users;
  for (int u = 0; u < 4; ++u)
    users.emplace_back([&] {
      for (int turn = 0; turn < 200; ++turn)
        if (visits(pool, 37) != std::vector<int>(37, 1)) ++wrong;
    });
  for (std::thread& user : users) user.join();
  CHECK(wrong == 0);
}

TEST_CASE("a loop inside a loop runs on the thread of the outer one") {
  ThreadPool pool{2};
  std::vector<std::atomic<int>> seen(100);
  pool.parallel(10,
                [&](Index i) { pool.parallel(10, [&](Index j) { ++seen[static_cast<std::size_t>(10 * i + j)]; }); });
  CHECK(std::vector<int>(seen.begin(), seen.end()) == std::vector<int>(100, 1));
}

TEST_CASE("a pool that was never used, or has slept, ends") {
  { ThreadPool pool{4}; }
  ThreadPool pool{2};
  CHECK(visits(pool, 5) == std::vector<int>(5, 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  CHECK(visits(pool, 5) == std::vector<int>(5, 1));
}

TEST_CASE("the cores a process may use are at least one and at most the machine's") {
  CHECK(available_cores() >= 1);
  CHECK(available_cores() <= static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
}

TEST_CASE("an exception ends its loop and reaches the caller, and the pool works on") {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool{threads};
    const auto caller = std::this_thread::get_id();
    for (const bool by_caller : {true, false}) {
      if (threads == 1 && !by_caller) continue;
      std::atomic<bool> over{false}, thrown{false};
      std::atomic<int> late{0};
      int caught = 0;
      try {
        pool.parallel(3000, [&](Index i) {
          if (over) ++late;
          std::this_thread::sleep_for(std::chrono::microseconds(20));
          if ((std::this_thread::get_id() == caller) == by_caller) {
            thrown = true;
            throw static_cast<int>(i) + 1;
          }
        });
      } catch (int number) { caught = number; }
      over = true;
      CHECK((caught > 0) == thrown);  // the workers may all come too late
      if (by_caller) CHECK(thrown);
      CHECK(visits(pool, 1000) == std::vector<int>(1000, 1));
      CHECK(late == 0);
    }
  }
}

TEST_CASE("where every call throws, one of the exceptions arrives, once") {
  ThreadPool pool{4};
  for (int turn = 0; turn < 200; ++turn) {
    CHECK_THROWS_AS(pool.parallel(64, [](Index) { throw std::bad_alloc{}; }), std::bad_alloc);
    CHECK(visits(pool, 10) == std::vector<int>(10, 1));
  }
}

TEST_CASE("an exception of a loop inside a loop reaches the outer caller") {
  ThreadPool pool{3};
  const auto inner = [&](Index i) {
    pool.parallel(10, [&](Index j) {
      if (i == 7 && j == 3) throw i * 10 + j;
    });
  };
  CHECK_THROWS_AS(pool.parallel(10, inner), Index);
  CHECK(visits(pool, 100) == std::vector<int>(100, 1));
}

TEST_CASE("more threads than a pool can have, or than the system starts, are an error that says so") {
  CHECK(error_of([] { ThreadPool pool{32769}; }) == "clip.option");
  if (!may_limit) return;
  // In a child, whose limit on processes binds nobody else; root has no such limit, so memory for the stacks is
  // limited.
  const int status = in_child([] {
    ThreadPool pool{4000};
    rlimit limit{};
    ::getrlimit(RLIMIT_AS, &limit);
    const rlimit low{rlim_t{1} << 30, limit.rlim_max};
    if (::setrlimit(RLIMIT_AS, &low) != 0) return 77;
    for (int turn = 0; turn < 2; ++turn) {
      try {
        pool.parallel(10, [](Index) {});
        return 77;  // stacks that small
      } catch (const Error& error) {
        if (error.id() != "clip.system.threads") return 1;
        const std::string what = error.what();
        if (what.find("thread pool: 4000 threads were asked for, the system runs ") != 0) return 2;
      } catch (const std::bad_alloc&) { return 77; }
    }
    ThreadPool alone{1};
    return visits(alone, 5) == std::vector<int>(5, 1) ? 0 : 3;
  });
  if (status == 77) MESSAGE("the system started all threads, or had no memory for a smaller thing");
  else CHECK(status == 0);
}

TEST_CASE("a child of fork() cannot use the pool of its parent, and neither hangs nor dies") {
  if (!may_fork) return;
  ThreadPool used{3}, unused{3}, alone{1};
  CHECK(visits(used, 100) == std::vector<int>(100, 1));
  CHECK(visits(alone, 100) == std::vector<int>(100, 1));
  for (const int milliseconds : {0, 3}) {  // while the workers spin, and while they sleep
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    const int status = in_child([&] {
      for (int turn = 0; turn < 2; ++turn)
        if (error_of([&] { visits(used, 100); }) != "clip.system.fork") return 1;
      if (visits(unused, 100) != std::vector<int>(100, 1)) return 2;  // its workers start here
      if (visits(alone, 100) != std::vector<int>(100, 1)) return 3;
      ThreadPool own{3};
      if (visits(own, 100) != std::vector<int>(100, 1)) return 4;
      return 0;
    });
    CHECK(status == 0);
    CHECK(visits(used, 100) == std::vector<int>(100, 1));
  }
}

TEST_CASE("a child of fork() may end with a pool of its parent") {
  if (!may_fork) return;
  auto pool = std::make_unique<ThreadPool>(3);
  CHECK(visits(*pool, 100) == std::vector<int>(100, 1));
  CHECK(in_child([&] {
          pool.reset();
          return 0;
        }) == 0);
}

TEST_CASE("a fork() within a loop does not make the child wait for the parent's threads") {
  if (!may_fork) return;
  ThreadPool pool{3};
  const pid_t parent = ::getpid();
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> forked{false};
  pid_t child = -1;
  const auto loop = [&] {
    pool.parallel(300, [&](Index) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      if (std::this_thread::get_id() == caller && !forked.exchange(true)) {
        child = ::fork();
        if (child == 0) ::alarm(20);
      }
    });
  };
  if (const std::string error = error_of(loop); ::getpid() != parent)
    ::_exit(error.empty() || error == "clip.system.fork" ? 0 : 1);  // no worker was inside, or it says so
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) continue;
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(visits(pool, 100) == std::vector<int>(100, 1));
}
