#include "text.hpp"

#include "terminal.hpp"

#include <clip/model/kept_vocabulary.hpp>
#include <clip/tokenizer/any_tokenizer.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <future>
#include <utility>
#include <variant>

namespace tool {

struct Tokenizer::Impl {
  std::shared_future<clip::AnyTokenizer> tokenizer;
};

namespace {
clip::AnyTokenizer open_tokenizer(const std::string& vocabulary, std::optional<clip::Cleaning> cleaning,
                                  std::optional<clip::TextInput> reads) {
  clip::AnyTokenizer tokenizer{vocabulary, cleaning};
  const auto* const pieces = std::get_if<clip::WordPiece>(&tokenizer.kind());
  if (pieces == nullptr || !reads || !reads->row.spare_ids || reads->row.end < 0) return tokenizer;
  return clip::AnyTokenizer{pieces->with_end(reads->row.end)};
}
}  // namespace

Tokenizer::Tokenizer(const std::string& vocabulary, std::optional<clip::Cleaning> cleaning,
                     std::optional<clip::TextInput> reads)
    : impl_{new Impl{// Deferred to the first call where the system starts no more threads.
                     std::async(std::launch::async | std::launch::deferred, open_tokenizer, vocabulary, cleaning, reads)
                         .share()}} {}
Tokenizer::~Tokenizer() = default;

clip::Texts Tokenizer::operator()(std::span<const std::string> texts, const clip::TokenizeOptions& options) const {
  return impl_->tokenizer.get()(texts, options);
}

clip::Index Tokenizer::context() const { return impl_->tokenizer.get().context(); }

const clip::VocabularyIdentity& Tokenizer::vocabulary() const { return impl_->tokenizer.get().vocabulary(); }

std::vector<std::int32_t> Tokenizer::ids(const std::string& text, const clip::TokenizeOptions& options,
                                         bool& cut) const {
  const clip::AnyTokenizer& tokenizer = impl_->tokenizer.get();
  const clip::RowIds row = tokenizer.row();
  const auto context = static_cast<std::size_t>(options.context);
  std::vector<std::int32_t> ids = tokenizer.encode(text);
  if (row.start >= 0) ids.insert(ids.begin(), row.start);
  if (row.end >= 0) ids.push_back(row.end);
  cut = ids.size() > context;
  if (cut) {
    static_cast<void>(tokenizer(std::span{&text, 1}, options));  // the error, unless long texts are cut
    ids.resize(context);
    if (row.end >= 0) ids.back() = row.end;
  }
  if (row.pad >= 0) ids.resize(context, row.pad);
  return ids;
}

std::vector<std::int32_t> Tokenizer::encode(const std::string& text) const {
  return impl_->tokenizer.get().encode(text);
}

clip::RowIds Tokenizer::row() const { return impl_->tokenizer.get().row(); }

ReducedVocabulary reduce_vocabulary(const std::string& vocabulary, std::optional<clip::Cleaning> cleaning,
                                    const clip::TextInput& input, std::span<const std::string> texts) {
  const clip::AnyTokenizer whole{vocabulary, cleaning};
  std::vector<std::int32_t> used;
  for (const std::string& text : texts) {
    const auto ids = whole.encode(text);
    used.insert(used.end(), ids.begin(), ids.end());
  }
  clip::KeptIds kept = clip::kept_ids(input, whole, used);
  auto files = whole.reduced(kept).files();
  return {std::move(kept), std::move(files)};
}

clip::Result<clip::VocabularyIdentity> identify_vocabulary(const std::string& path) {
  const auto tokenizer = clip::AnyTokenizer::try_open(path);
  if (!tokenizer) return tokenizer.error();
  return tokenizer->vocabulary();
}

bool is_utf8(const std::string& text) { return clip::valid_utf8(text) == text; }

clip::InputError text_error(const std::string& place, const clip::Error& error) {
  const std::string message = error.message().substr(error.place().size() + 2);
  if (error.id() != "clip.input.tokens") return {place, message};
  return clip::InputError{clip::InputError{place, message + " (--truncate cuts it)"}.with_id("clip.input.tokens")};
}

void report_cut(clip::Index cut, clip::Index texts, clip::Index context) {
  if (cut > 0)
    print_error(std::to_string(cut) + " of " + std::to_string(texts) + " texts were cut to " + std::to_string(context) +
                " ids");
}

}  // namespace tool
