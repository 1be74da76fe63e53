// examples/fashion_mnist/progress.hpp: progress display on the terminal.
#pragma once

#include <clip/train/trainer.hpp>

#include <unistd.h>

#include <cstdio>
#include <string>

namespace fashion {

/// One line that is overwritten on a terminal; otherwise one line per epoch.
class Progress {
 public:
  void operator()(const clip::TrainProgress& p) {
    mean_ = mean_ == 0 ? p.loss : 0.95 * mean_ + 0.05 * p.loss;  // running mean: single losses are noisy
    if (!terminal_ || (p.seconds - shown_ < 0.1 && p.seconds >= shown_ && !p.epoch_done)) return;
    shown_ = p.seconds;
    constexpr int width = 14;  // the line fits into 80 columns
    const int full = static_cast<int>(width * p.step / p.steps);
    const int left = static_cast<int>(p.seconds_left + 0.5);
    std::string bar(width, '.');
    bar.replace(0, static_cast<std::size_t>(full), static_cast<std::size_t>(full), '#');
    std::fprintf(stderr, "\r[%s] %3d %%  loss %.3f (ln %d = %.3f)  %.0f images/s  %d:%02d left\x1b[K", bar.c_str(),
                 static_cast<int>(100 * p.step / p.steps), mean_, static_cast<int>(std::lround(std::exp(p.chance))),
                 p.chance, p.images_per_second, left / 60, left % 60);
  }

  void epoch(const clip::TrainProgress& p, double seconds, double top1) {
    std::fprintf(stderr, "%sepoch %d of %d: loss %.3f (guessing: %.3f), top-1 %.2f %%, %.1f s, %.0f images/s\n",
                 terminal_ ? "\r\x1b[K" : "", static_cast<int>(p.epoch), static_cast<int>(p.epochs), mean_, p.chance,
                 100 * top1, seconds, p.images_per_second);
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  double mean_ = 0, shown_ = -1;
};

}  // namespace fashion
