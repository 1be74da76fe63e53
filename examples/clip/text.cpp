#include "text.hpp"

#include "terminal.hpp"

#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <future>
#include <utility>

namespace tool {

struct Tokenizer::Impl {
  std::shared_future<clip::Tokenizer> tokenizer;
};

Tokenizer::Tokenizer(const std::string& vocabulary, clip::Cleaning cleaning)
    : impl_{new Impl{// Deferred to the first call where the system starts no more threads.
                     std::async(std::launch::async | std::launch::deferred, [vocabulary, cleaning] {
                       return clip::open_tokenizer(vocabulary, {.cleaning = cleaning});
                     }).share()}} {}
Tokenizer::~Tokenizer() = default;

clip::Texts Tokenizer::operator()(std::span<const std::string> texts, const clip::TokenizeOptions& options) const {
  return impl_->tokenizer.get()(texts, options);
}

const clip::VocabularyIdentity& Tokenizer::vocabulary() const { return impl_->tokenizer.get().vocabulary(); }

std::vector<std::int32_t> Tokenizer::ids(const std::string& text, const clip::TokenizeOptions& options,
                                         bool& cut) const {
  const clip::Tokenizer& tokenizer = impl_->tokenizer.get();
  std::vector<std::int32_t> ids = tokenizer.encode(text);
  ids.insert(ids.begin(), tokenizer.sot());
  ids.push_back(tokenizer.eot());
  cut = std::cmp_greater(ids.size(), options.context);
  if (cut) {
    static_cast<void>(tokenizer(std::span{&text, 1}, options));  // the error, unless long texts are cut
    ids.resize(static_cast<std::size_t>(options.context));
    ids.back() = tokenizer.eot();
  }
  return ids;
}

clip::Result<clip::VocabularyIdentity> identify_vocabulary(const std::string& path) {
  const auto tokenizer = clip::try_open_tokenizer(path);
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
