// A tokenizer, for the commands that read texts. Its templates are compiled once, in text.cpp.
#pragma once

#include <clip/model/text_input.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokens/kept_ids.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tool {

/// Opens the vocabulary on its own thread (if the system gives one, otherwise in the first call), while the weights are
/// opened and the first images are read. The first call
/// reports the errors of the vocabulary.
class Tokenizer {
 public:
  /// Without a cleaning: as the models that use such a vocabulary expect (clip/tokenizer/any_tokenizer.hpp).
  /// reads: for texts of this tower, whose row form the vocabulary's may have to follow (CLIPA's end of text).
  explicit Tokenizer(const std::string& vocabulary, std::optional<clip::Cleaning> cleaning = {},
                     std::optional<clip::TextInput> reads = {});
  ~Tokenizer();

  clip::Texts operator()(std::span<const std::string> texts, const clip::TokenizeOptions& options) const;
  const clip::VocabularyIdentity& vocabulary() const;
  /// The maximum number of ids per text where no model states it.
  clip::Index context() const;
  /// The ids of a text as the reference's tokenizer gives them: also those behind a special string in the text, which
  /// towers do not read.
  std::vector<std::int32_t> ids(const std::string& text, const clip::TokenizeOptions& options, bool& cut) const;
  /// The ids of a text of any length without those around it, and those.
  std::vector<std::int32_t> encode(const std::string& text) const;
  clip::RowIds row() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The ids that some texts use and a model's text tower needs, and the files of the tokenizer that knows no others.
struct ReducedVocabulary {
  clip::KeptIds kept;
  std::vector<std::pair<std::string, std::string>> files;
};
/// InputError: the vocabulary is not the model's. The errors of clip::AnyTokenizer::try_open.
ReducedVocabulary reduce_vocabulary(const std::string& vocabulary, std::optional<clip::Cleaning> cleaning,
                                    const clip::TextInput& input, std::span<const std::string> texts);

/// File, size, checksum and name of a vocabulary. The errors are those of clip::AnyTokenizer::try_open.
clip::Result<clip::VocabularyIdentity> identify_vocabulary(const std::string& path);

/// Whether a text is UTF-8. Tokenizers read each byte that is not as U+FFFD.
bool is_utf8(const std::string& text);

/// An error of a tokenizer about a text, as that of a text at `place`; one about its length says what --truncate does.
clip::InputError text_error(const std::string& place, const clip::Error& error);

/// Prints on standard error how many texts were truncated, if any.
void report_cut(clip::Index cut, clip::Index texts, clip::Index context);

}  // namespace tool
