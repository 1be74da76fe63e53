#include "text.hpp"

#include "terminal.hpp"

#include <clip/tokenizer/tokenizer.hpp>

#include <future>

namespace tool {

struct Tokenizer::Impl {
  std::shared_future<clip::Tokenizer> tokenizer;
};

Tokenizer::Tokenizer(const std::string& vocabulary)
    : impl_{new Impl{
          std::async(std::launch::async, [vocabulary] { return clip::open_tokenizer(vocabulary); }).share()}} {}
Tokenizer::~Tokenizer() = default;

clip::Texts Tokenizer::operator()(std::span<const std::string> texts, const clip::TokenizeOptions& options) const {
  return impl_->tokenizer.get()(texts, options);
}

void report_cut(clip::Index cut, clip::Index texts, clip::Index context) {
  if (cut > 0)
    print_error(std::to_string(cut) + " of " + std::to_string(texts) + " texts were cut to " + std::to_string(context) +
                " ids");
}

}  // namespace tool
