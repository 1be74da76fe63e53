// clip/train/run_log.inl.hpp: definitions of clip/train/run_log.hpp.
#pragma once

#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/files.hpp>
#include <clip/io/json.hpp>
#include <clip/io/posix.hpp>
#include <clip/train/run_log.hpp>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Appends to a file; a process that is killed may leave a part. SystemError: disk or folder.
inline void append_to_file(const std::string& path, std::string_view bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "ab"), &std::fclose};
  if (file == nullptr) raise(system_error(path, "cannot be written", errno));
  if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() || std::fflush(file.get()) != 0)
    raise(SystemError{system_error(path, "writing failed", errno)}.with_id("clip.system.write"));
}

}  // namespace detail

CLIP_HOST RunLog::RunLog(std::string folder) : folder_{std::move(folder)} {
  if (detail::may_be_there(folder_ + "/log.jsonl")) read();
  write_all();
}

CLIP_HOST void RunLog::read() {
  const std::string path = folder_ + "/log.jsonl";
  const auto bytes = try_read_bytes(path).value();
  std::string_view text = as_text(bytes);
  for (Index line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return;  // a part of a line
    auto json = try_parse_json(text.substr(0, end), path).value();
    const detail::DismantledAtEnd dismantled{json};
    text.remove_prefix(end + 1);
    Row row{};
    bool good = json.is_object() && json.contains("step") && json.contains("time");
    for (const auto& [key, value] : json.items()) {
      good = good && (value.is_number() || value.is_null());
      if (!good) break;
      const double number = value.is_null() ? std::nan("") : value.get<double>();
      if (key == "step") row.step = static_cast<Index>(number);
      else if (key == "time") row.seconds = number;
      else row.values[key] = number;
    }
    if (!good) raise(LoadError{path, "line " + std::to_string(line), "a step, a time and numbers", "something else"});
    for (const auto& [name, unused] : row.values) columns_.insert(name);
    rows_.push_back(std::move(row));
  }
}

CLIP_HOST void RunLog::keep(Index step) {
  if (std::erase_if(rows_, [&](const Row& row) { return row.step > step; }) > 0) write_all();
}

CLIP_HOST void RunLog::add(Index step, const std::map<std::string, double>& values) {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  rows_.push_back({step, now, values});
  const std::size_t before = columns_.size();
  for (const auto& [name, unused] : values) columns_.insert(name);
  if (columns_.size() != before) return write_all();
  detail::append_to_file(folder_ + "/log.jsonl", json_row(rows_.back()));
  detail::append_to_file(folder_ + "/log.csv", csv_row(rows_.back()));
  detail::append_to_file(folder_ + "/events.out.tfevents.log", event_record(event_of(rows_.back())));
}

CLIP_HOST void RunLog::write_all() const {
  std::string json, csv = "step,time", events = event_file_start(rows_.empty() ? 0 : rows_.front().seconds);
  for (const std::string& name : columns_) csv += ',' + name;
  csv += '\n';
  for (const Row& row : rows_) {
    json += json_row(row);
    csv += csv_row(row);
    events += event_record(event_of(row));
  }
  write_file(folder_ + "/log.jsonl", as_byte_span(json));
  write_file(folder_ + "/log.csv", as_byte_span(csv));
  write_file(folder_ + "/events.out.tfevents.log", as_byte_span(events));
}

CLIP_HOST std::string RunLog::csv_row(const Row& row) const {
  std::string line = std::to_string(row.step) + ',' + json_text(Json(row.seconds));
  for (const std::string& name : columns_) {
    const auto found = row.values.find(name);
    line += ',';
    if (found != row.values.end() && std::isfinite(found->second)) line += json_text(Json(found->second));
  }
  return line + '\n';
}

CLIP_HOST std::string RunLog::json_row(const Row& row) {
  JsonTree json = json_object("step", row.step, "time", row.seconds);
  for (const auto& [name, value] : row.values) json[name] = value;
  return json_text(json) + '\n';
}

CLIP_HOST ScalarEvent RunLog::event_of(const Row& row) {
  ScalarEvent event{row.step, row.seconds, {}};
  for (const auto& [name, value] : row.values) event.values[name] = static_cast<float>(value);
  return event;
}

}  // namespace clip::inline CLIP_ABI
