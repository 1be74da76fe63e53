#include <clip/backend/threads.hpp>

#include <doctest/doctest.h>

#include <atomic>
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
