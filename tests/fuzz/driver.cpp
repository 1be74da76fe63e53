// Runs a fuzz target on mutants of the files in folders, where libFuzzer does not: its own code is not instrumented, so
// that MemorySanitizer reports it. Blind mutation: start from a corpus that libFuzzer made.
//   CLIP_FUZZ_TARGET=NAME fuzz_all -runs=N [-seed=N] [-artifact_prefix=PREFIX] FOLDER…
#include <sanitizer/common_interface_defs.h>

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::size_t largest = 65536;

Bytes input;        // of the run in progress
std::string found;  // where an input that fails is stored

/// Stores the input. The process is about to end.
void store() {
  if (std::FILE* const file = std::fopen(found.c_str(), "wb")) {
    std::fwrite(input.data(), 1, input.size(), file);
    std::fclose(file);
  }
  std::fprintf(stderr, "the input is stored in %s\n", found.c_str());
}
extern "C" void on_signal(int signal) {
  std::fprintf(stderr, "ERROR: signal %d\n", signal);
  store();
  std::_Exit(1);
}

void read_folder(const std::string& folder, std::vector<Bytes>& seeds) {
  DIR* const files = ::opendir(folder.c_str());
  if (files == nullptr) return;
  while (const dirent* const entry = ::readdir(files)) {
    std::FILE* const file =
        entry->d_name[0] == '.' ? nullptr : std::fopen((folder + "/" + entry->d_name).c_str(), "rb");
    if (file == nullptr) continue;
    Bytes bytes(largest);
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
    std::fclose(file);
    seeds.push_back(std::move(bytes));
  }
  ::closedir(files);
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_{seed} {}

  /// One of the seeds, changed in 1 to 8 places.
  void mutate(const std::vector<Bytes>& seeds, Bytes& out) {
    out = seeds[below(seeds.size())];
    for (std::size_t changes = 1 + below(8); changes > 0; --changes) change(seeds, out);
    if (out.size() > largest) out.resize(largest);
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_() % n); }

  void change(const std::vector<Bytes>& seeds, Bytes& out) {
    static constexpr std::uint8_t special[]{0, 1, 0x7F, 0x80, 0xFF, '"', '{', '[', ',', ' ', '\n', '0', '9', '-'};
    const std::size_t at = below(out.size() + 1), length = 1 + below(below(2) == 0 ? 4 : 64);
    const auto place = out.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = place + static_cast<std::ptrdiff_t>(std::min(length, out.size() - at));
    switch (below(7)) {
      case 0: out.erase(place, end); break;
      case 1: out.resize(at); break;
      case 2: std::generate(place, end, [&] { return static_cast<std::uint8_t>(random_()); }); break;
      case 3: std::fill(place, end, special[below(std::size(special))]); break;
      case 4: {
        const Bytes part(place, end);  // repeated
        out.insert(place, part.begin(), part.end());
        break;
      }
      case 5: {
        const Bytes& other = seeds[below(seeds.size())];  // crossed over
        const std::size_t from = below(other.size());
        const auto first = other.begin() + static_cast<std::ptrdiff_t>(from);
        out.insert(place, first, first + static_cast<std::ptrdiff_t>(std::min(length, other.size() - from)));
        break;
      }
      default:
        if (at < out.size()) out[at] = static_cast<std::uint8_t>(out[at] ^ (1U << below(8)));
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

int main(int count, char** words) {
  std::uint64_t runs = 0,
                seed = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::chrono::seconds time{1'000'000'000};
  std::string prefix = "./found-";
  std::vector<Bytes> seeds;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const char* const value = words[i] + word.find('=') + 1;
    if (word.starts_with("-runs=")) runs = std::strtoull(value, nullptr, 10);
    else if (word.starts_with("-seed=")) seed = std::strtoull(value, nullptr, 10);
    else if (word.starts_with("-max_total_time=")) time = std::chrono::seconds{std::strtoll(value, nullptr, 10)};
    else if (word.starts_with("-artifact_prefix=")) prefix = value;
    else if (!word.starts_with("-")) read_folder(words[i], seeds);
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "no seeds\n");
    return 2;
  }
  found = prefix + std::to_string(seed);
  __sanitizer_set_death_callback(store);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGALRM}) std::signal(signal, on_signal);

  const auto end = std::chrono::steady_clock::now() + time;
  std::uint64_t done = 0;
  const auto run = [&] {
    ::alarm(20);
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++done;
  };
  for (const Bytes& bytes : seeds) {
    input = bytes;
    run();
  }
  Mutator mutator{seed};
  while ((runs == 0 || done < seeds.size() + runs) && std::chrono::steady_clock::now() < end) {
    mutator.mutate(seeds, input);
    run();
  }
  std::fprintf(stderr, "seed %llu\nstat::number_of_executed_units: %llu\n", static_cast<unsigned long long>(seed),
               static_cast<unsigned long long>(done));
}
