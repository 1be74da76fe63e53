// clip/text/tokenizer.hpp: text to token ids and back: OpenAI's byte-level BPE, with any list of merges.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/inflate.hpp>
#include <clip/text/bpe.hpp>
#include <clip/text/clean.hpp>
#include <clip/text/merges_file.hpp>
#include <clip/text/split.hpp>
#include <clip/text/texts.hpp>
#include <clip/text/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A text of more ids than fit: an InputError, or the first of them with the last replaced by EOT.
enum class TooLong { error, truncate };

struct TokenizeOptions {
  Index context = 77;  // ids of a text at most, start and end included
  TooLong too_long = TooLong::error;
};

/// Cleans a text, splits it and merges its bytes; ids as in the reference, `<|startoftext|>` and `<|endoftext|>` in a text
/// included. Const calls share nothing and may run in any number of threads.
class Tokenizer {
 public:
  /// No merges: 256 bytes, 256 bytes that close a piece, SOT 512, EOT 513.
  Tokenizer() = default;
  explicit Tokenizer(Cleaning cleaning) : cleaning_{cleaning} {}

  /// OpenAI's bpe_simple_vocab_16e6.txt, also as .gz, or a shorter list of the same form. Raises what try_open_tokenizer returns.
  explicit Tokenizer(const std::string& path, Cleaning cleaning = Cleaning::openai) : Tokenizer{try_open(path, cleaning).value()} {}

  static Result<Tokenizer> try_open(const std::string& path, Cleaning cleaning = Cleaning::openai) {
    const auto file = try_read_file(path);
    if (!file) return file.error();
    const auto merges = try_parse_merges(as_text(*file), path);
    if (!merges) return merges.error();
    return try_make(path, *merges, cleaning);
  }

  static Result<Tokenizer> try_from_merges(const std::vector<std::pair<std::string, std::string>>& merges, Cleaning cleaning = Cleaning::openai) {
    return try_make("merges", std::vector<Merge>(merges.begin(), merges.end()), cleaning);
  }
  static Tokenizer from_merges(const std::vector<std::pair<std::string, std::string>>& merges, Cleaning cleaning = Cleaning::openai) {
    return try_from_merges(merges, cleaning).value();
  }

  /// Ids: 512 symbols, one per merge, SOT and EOT.
  Index vocabulary_size() const { return pairs_.size() + 2; }
  std::int32_t sot() const { return static_cast<std::int32_t>(pairs_.size()); }
  std::int32_t eot() const { return sot() + 1; }
  Cleaning cleaning() const { return cleaning_; }

  /// A batch of texts, each SOT … EOT. InputError: a text too long. OptionError: a context of less than 2.
  Texts operator()(std::initializer_list<std::string_view> texts, const TokenizeOptions& options = {}) const {
    return (*this)(std::span<const std::string_view>{texts.begin(), texts.size()}, options);
  }
  Texts operator()(std::span<const std::string> texts, const TokenizeOptions& options = {}) const { return try_tokenize(texts, options).value(); }
  Texts operator()(std::span<const std::string_view> texts, const TokenizeOptions& options = {}) const { return try_tokenize(texts, options).value(); }
  Texts operator()(const std::vector<std::string>& texts, const TokenizeOptions& options = {}) const { return (*this)(std::span{texts}, options); }
  Texts operator()(std::string_view text, const TokenizeOptions& options = {}) const { return (*this)(std::span{&text, 1}, options); }

  [[nodiscard]] Result<Texts> try_tokenize(std::span<const std::string> texts, const TokenizeOptions& options = {}) const { return try_batch(texts, options); }
  [[nodiscard]] Result<Texts> try_tokenize(std::span<const std::string_view> texts, const TokenizeOptions& options = {}) const {
    return try_batch(texts, options);
  }

  /// The ids of a text as long as it is, without SOT and EOT. InputError: more than 256 MiB.
  std::vector<std::int32_t> encode(std::string_view text) const {
    Scratch scratch;
    if (text.size() > largest_text) raise(too_large(text));
    encode(text, scratch);
    return std::move(scratch.ids);
  }

  /// The text of ids in lower case, a space after every piece; SOT and EOT as `<|startoftext|>` and `<|endoftext|>`.
  /// InputError: an id that is not below vocabulary_size().
  std::string decode(Ids ids) const {
    std::string bytes;
    for (const std::int32_t id : ids) {
      if (id < 0 || id >= vocabulary_size()) raise(InputError{"decode", "id", "0 to " + std::to_string(vocabulary_size() - 1), id});
      bytes.append(id == sot() ? start_of_text : id == eot() ? end_of_text : pairs_[id]);
    }
    std::string text = valid_utf8(bytes);
    for (std::size_t at = 0; (at = text.find(end_of_piece, at)) != std::string::npos; ++at) text.replace(at, end_of_piece.size(), " ");
    return text;
  }

 private:
  struct Scratch {
    std::string clean;
    std::vector<std::int32_t> ids;
    BytePairs::Scratch pairs;
  };

  static Result<Tokenizer> try_make(std::string_view place, std::span<const Merge> merges, Cleaning cleaning) {
    auto pairs = BytePairs::try_make(place, merges);
    if (!pairs) return pairs.error();
    Tokenizer tokenizer{cleaning};
    tokenizer.pairs_ = std::move(*pairs);
    return tokenizer;
  }

  static constexpr std::size_t largest_text = std::size_t{1} << 28;  // cleaned and all, its places fit in 31 bits
  static InputError too_large(std::string_view text) { return {"tokenizer", "bytes of a text", "at most " + std::to_string(largest_text), text.size()}; }

  /// Appends to scratch.ids.
  void encode(std::string_view text, Scratch& scratch) const {
    clean_text(text, cleaning_, scratch.clean);
    split_pieces(scratch.clean, [&](std::string_view piece) {
      if (piece == start_of_text) return scratch.ids.push_back(sot());
      if (piece == end_of_text) return scratch.ids.push_back(eot());
      pairs_.encode(piece, scratch.pairs, scratch.ids);
    });
  }

  template <class Text>
  Result<Texts> try_batch(std::span<const Text> batch, const TokenizeOptions& options) const {
    if (options.context < 2) return OptionError{"tokenizer", "context", "2 or more", options.context};
    const auto context = static_cast<std::size_t>(options.context);
    Texts texts{eot()};
    Scratch scratch;
    for (const std::string_view text : batch) {
      if (text.size() > largest_text) return too_large(text);
      scratch.ids.assign(1, sot());
      encode(text, scratch);
      scratch.ids.push_back(eot());
      const bool cut = scratch.ids.size() > context;
      if (cut) {
        if (options.too_long == TooLong::error)
          return InputError{"text " + std::to_string(texts.size()) + " (\"" + beginning(text) + "\")", "ids", "at most " + std::to_string(context),
                            scratch.ids.size()};
        scratch.ids.resize(context);
        scratch.ids.back() = eot();
      }
      texts.add(scratch.ids, cut);
    }
    return texts;
  }

  /// The first 60 bytes on one line, no character cut in two.
  static std::string beginning(std::string_view text) {
    std::size_t n = std::min<std::size_t>(text.size(), 60);
    while (n > 0 && n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
    std::string words = valid_utf8(text.substr(0, n));
    for (char& c : words) {
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    return n < text.size() ? words + "…" : words;
  }

  BytePairs pairs_;
  Cleaning cleaning_ = Cleaning::openai;
};

/// OpenAI's bpe_simple_vocab_16e6.txt(.gz), or another list of merges of that form.
/// LoadError: no such file, damaged, a line that is no merge. SystemError: not allowed.
[[nodiscard]] inline Result<Tokenizer> try_open_tokenizer(const std::string& path, Cleaning cleaning = Cleaning::openai) {
  return Tokenizer::try_open(path, cleaning);
}
inline Tokenizer open_tokenizer(const std::string& path, Cleaning cleaning = Cleaning::openai) { return try_open_tokenizer(path, cleaning).value(); }

}  // namespace clip::inline CLIP_ABI
