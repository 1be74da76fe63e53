// Includes clip.hpp in a project that contains clip's sources.
#include <clip/clip.hpp>

#include <cstdio>

int main() {
  const double drawn = clip::Rng{1}.fork("consumer").uniform();
  std::printf("%s %g\n", clip::abi_name, drawn);
  return drawn >= 0 && drawn < 1 ? 0 : 1;
}
