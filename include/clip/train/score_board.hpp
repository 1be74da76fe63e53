// clip/train/score_board.hpp: scores of a run's evaluations: the present ones beside the best, on disk and in words.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <map>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The numbers of one evaluation, and the text to print.
struct Scores {
  std::map<std::string, double> values;  // of the log: "text_r1", "sum", "top1"
  double total = 0;                      // what best means: larger is better
  std::string in_words;
};

/// The evaluations of a run, one for each epoch, in a JSON file that is written anew, atomically, after each. A run that
/// goes on finds them again.
class ScoreBoard {
 public:
  struct Row {
    Index epoch;
    Scores scores;
  };

  /// The board of a file; empty if there is none. LoadError: it is no such file.
  [[nodiscard]] static CLIP_HOST Result<ScoreBoard> try_open(std::string path);

  const std::vector<Row>& rows() const { return rows_; }
  /// The row with the largest total, of equal ones the first; null before the first evaluation.
  CLIP_HOST const Row* best() const;
  /// Whether these scores would be the best. Scores that are not a number never are.
  CLIP_HOST bool would_be_best(const Scores& scores) const;
  /// Whether the epoch was evaluated.
  CLIP_HOST bool has(Index epoch) const;

  /// Adds the scores of an epoch and writes the file. SystemError: the disk.
  [[nodiscard]] CLIP_HOST Result<void> try_add(Index epoch, Scores scores);

  /// The last scores and the best:
  ///   Now Scores (epoch 3)
  ///   Text Retrieval: R1:… R5:… R10:… mR:…| Image Retrieval: … | total mR:… sum:…
  ///   Best Scores (epoch 2)
  ///   …
  CLIP_HOST std::string in_words() const;

 private:
  std::string path_;
  std::vector<Row> rows_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/train/score_board.inl.hpp>
#endif
