// A program without exceptions and without run-time type information: what is wrong comes back as an error value.
#include <clip/backend/naive.hpp>
#include <clip/io/map.hpp>
#include <clip/model/model.hpp>

#include <cstdio>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "expected -fno-exceptions -fno-rtti"
#endif
static_assert(CLIP_EXCEPTIONS == 0);

namespace {

int failures = 0;

void check(bool right, const char* what) {
  if (right) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

/// The call failed with this kind of error, and its message begins with these words.
template <class T>
void check_error(const clip::Result<T>& result, clip::ErrorKind kind, std::string_view words) {
  check(!result, "an error value is expected");
  if (result) return;
  check(result.error().kind() == kind, "the kind of error");
  check(std::string_view(result.error().what()).starts_with(words), result.error().what());
}

}  // namespace

int main() {
  check_error(clip::try_map("/nowhere/at.all"), clip::ErrorKind::load, "/nowhere/at.all: no such file");
  if (failures == 0) std::puts("no exceptions: all checks pass");
  return failures == 0 ? 0 : 1;
}
