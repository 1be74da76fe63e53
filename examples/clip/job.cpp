#include "job.hpp"

#include "terminal.hpp"

#include <clip/io/bytes.hpp>
#include <clip/io/list_files.hpp>
#include <clip/io/sha256.hpp>
#include <clip/model/config_json.hpp>
#include <clip/version.hpp>

#include <sys/stat.h>

#include <string_view>
#include <utility>

namespace tool {
namespace {

/// Texts as one, with their lengths, so that none of another division is equal.
class Facts {
 public:
  void add(std::string_view text) { all_.append(std::to_string(text.size())).append(1, ':').append(text); }
  std::string checksum() const { return clip::sha256(clip::as_byte_span(all_)); }

 private:
  std::string all_;
};

/// Path, size and time of the last change of a file, or of all files in a folder.
void add_file(Facts& facts, const std::string& path) {
  facts.add(path);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return;  // the job itself reports it
  if (S_ISDIR(status.st_mode)) {
    const auto inside =
        clip::try_list_files(path, clip::Below::folder, [](const std::string&) { return true; }).value();
    for (const std::string& file : inside) add_file(facts, file);
    return;
  }
  facts.add(std::to_string(status.st_size));
#ifdef __APPLE__
  const timespec time = status.st_mtimespec;
#else
  const timespec time = status.st_mtim;
#endif
  facts.add(std::to_string(time.tv_sec) + '.' + std::to_string(time.tv_nsec));
}

std::string checksum_of_file(const std::string& path) {
  Facts facts;
  if (!path.empty()) add_file(facts, path);
  return facts.checksum();
}

/// What is written of an input: its features, or which hidden states.
std::string kind_of_rows(const EmbedOptions& options) {
  if (options.hidden_states.empty()) return "features";
  return options.hidden_states + ", padding " + options.padding + (options.ln_final ? ", ln_final" : "") +
         (options.weighted ? ", weighted" : "");
}

}  // namespace

clip::JsonTree job_of(const EmbedOptions& options, const std::vector<std::string>& inputs, bool files) {
  Facts all;
  for (const std::string& input : inputs) files ? add_file(all, input) : all.add(input);
  return clip::json_object(                                                                                //
      "version", CLIP_STRING(CLIP_VERSION_MAJOR) "." CLIP_STRING(CLIP_VERSION_MINOR),                      //
      "model", clip::config_text(*options.model.config),                                                   //
      "weights", checksum_of_file(options.model.weights),                                                  //
      "state_dict", options.model.state_dict,                                                              //
      "dtype", name_of(options.model.dtype),                                                               //
      "vocabulary", files ? "" : checksum_of_file(options.vocabulary),                                     //
      "cleaning", options.cleaning ? std::string(clip::name_of(*options.cleaning)) : "of the vocabulary",  //
      "strict images", options.images.strict_images,                                                       //
      "truncate", options.truncate,                                                                        //
      "normalize", options.normalize,                                                                      //
      "rows", kind_of_rows(options),                                                                       //
      "inputs", std::to_string(inputs.size()) + (files ? " files " : " texts ") + all.checksum());
}

EmbedOptions without_projection(EmbedOptions options, clip::Index width) {
  if (options.model.without_projection) options.model.config->embed_dim = width;
  return options;
}

EmbedJob::EmbedJob(const EmbedOptions& options, const std::vector<std::string>& inputs, bool files,
                   std::vector<clip::Index> shape, Failures& failures)
    : failures_{failures}, rows_{options, inputs, std::move(shape)}, total_{static_cast<clip::Index>(inputs.size())} {
  if (!options.resume) return;
  journal_.emplace(options.output, job_of(options, inputs, files), rows_.values_of_row());
  for (const Done& done : journal_->done()) take(done);
  if (done_ > 0) print_error(words() + " were done before");
}

void EmbedJob::add(std::span<const Done> more) {
  if (journal_) journal_->add(more);
  for (const Done& done : more) take(done);
}

void EmbedJob::run(const std::function<void()>& work) {
  try {
    work();
  } catch (const clip::SystemError& e) {
    if (journal_ && e.id() == "clip.system.stopped")
      failures_.say(words() + " are done; the same command goes on from there");
    throw;
  }
}

void EmbedJob::finish() {
  if (failures_.count() < total_) rows_.write();
  if (journal_) journal_->remove();
}

void EmbedJob::take(const Done& done) {
  if (done.failure.empty()) rows_.add(static_cast<std::size_t>(done_), done.row);
  else failures_.add(done.failure);
  cut_ += done.cut ? 1 : 0;
  ++done_;
}

}  // namespace tool
