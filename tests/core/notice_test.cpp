#include <clip/core/notice.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace {
std::atomic<int> received{0};
std::atomic<const char*> last{nullptr};
}  // namespace

TEST_CASE("a topic is reported to the hook once per process, whichever thread is first") {
  clip::set_notice([](const char* sentence) {
    ++received;
    last = sentence;
  });
  constexpr auto topic = static_cast<clip::Topic>(31);  // not used elsewhere
  std::vector<std::thread> speakers;
  for (int i = 0; i < 4; ++i) speakers.emplace_back([] { clip::say_once(topic, "a sentence"); });
  for (std::thread& speaker : speakers) speaker.join();
  CHECK(received == 1);
  CHECK(std::strcmp(last, "a sentence") == 0);
  clip::say_once(topic, "another");
  CHECK(received == 1);
  clip::say_once(static_cast<clip::Topic>(30), "of something else");
  CHECK(received == 2);
  clip::set_notice(nullptr);
}
