// clip/train/run_log.hpp: the log of a run: scalars by step, as JSON lines, CSV and TensorBoard events.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/formats/event_file.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Appends a row per step to three files of a folder: log.jsonl, log.csv and events.out.tfevents.log. log.jsonl holds
/// all of it: where a run was killed in the middle of a line, the line is dropped, and the others are written anew
/// from the rest.
///
///   RunLog log{folder};
///   log.keep(trainer.step());                      // what the run had done when its checkpoint was saved
///   trainer.run([&](const TrainProgress& p) { return log.add(p.step, {{"loss", p.loss}}), true; });
class RunLog {
 public:
  /// Opens the log of a run, or begins one. SystemError: disk or folder. LoadError: log.jsonl is no log.
  CLIP_HOST explicit RunLog(std::string folder);

  /// Drops the rows behind a step. SystemError: disk.
  CLIP_HOST void keep(Index step);
  /// Appends a row to each file. SystemError: disk. A value that is not finite is written as null, nothing and NaN.
  CLIP_HOST void add(Index step, const std::map<std::string, double>& values);

  Index size() const { return static_cast<Index>(rows_.size()); }

 private:
  struct Row {
    Index step;
    double seconds;  // since 1970
    std::map<std::string, double> values;
  };
  CLIP_HOST void read();
  CLIP_HOST void write_all() const;
  CLIP_HOST std::string csv_row(const Row& row) const;
  static CLIP_HOST std::string json_row(const Row& row);
  static CLIP_HOST ScalarEvent event_of(const Row& row);

  std::string folder_;
  std::vector<Row> rows_;
  std::set<std::string> columns_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/train/run_log.inl.hpp>
#endif
