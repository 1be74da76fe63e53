// clip/tokenizer/clean/fix_encoding.hpp: repair of text that was decoded with the wrong encoding ("schÃ¶n" -> "schön").
//
// ftfy 6.3.1: all of ftfy.fix_text, of which fix_text.hpp alone leaves out this step. Repaired is UTF-8 decoded as
// Latin-1, Windows-1252, -1251, -1250, -1253, -1254, -1257, ISO 8859-2, Mac Roman or code page 437, once or several
// times over, also if parts of the text were, and if no-break spaces became spaces or bytes became U+FFFD. Not
// repaired: other encodings (Shift JIS, KOI8-R, GBK, UTF-16), mixtures of two encodings of one byte per character, and
// text that may well be intended ("Ã" alone).
#pragma once

#include <clip/core/abi.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// `text`, a line, with wrongly decoded parts decoded anew until nothing is suspect any more (ftfy.fix_encoding).
CLIP_HOST std::u32string fix_encoding(std::u32string text);

/// `text` after fix_encoding and every step of fix_text, line by line (ftfy.fix_text).
CLIP_HOST std::u32string fix_text_and_encoding(std::u32string_view text);

/// The same of UTF-8, each invalid byte of which becomes one U+FFFD: a TextRepair (repair.hpp) for any tokenizer.
///   const Tokenizer tokenizer = open_tokenizer(path, open_clip_texts).with_repair(repair_encoding);
CLIP_HOST std::string repair_encoding(std::string_view text);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/clean/fix_encoding.inl.hpp>
#endif
