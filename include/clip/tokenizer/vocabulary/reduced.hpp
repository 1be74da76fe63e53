// clip/tokenizer/vocabulary/reduced.hpp: a reduced vocabulary: its identity, and the file that states it.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokens/kept_ids.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// What a tokenizer needs to give the ids of a reduced vocabulary.
struct ReducedVocabulary {
  KeptIds kept;
  VocabularyIdentity identity;  // with the checksum of the whole vocabulary's checksum and the ids kept
};

/// The reduced vocabulary of `kept` ids of a whole one, stated in `place`.
CLIP_HOST ReducedVocabulary reduced_vocabulary(KeptIds kept, const VocabularyIdentity& whole, std::string place);

/// The ids of a reduced vocabulary for rows of the whole one. missing(i, id) makes the error of row i with an id that
/// is not kept.
template <class Missing>
Result<Texts> try_reduce(const Texts& rows, const std::shared_ptr<const ReducedVocabulary>& reduced, Missing missing) {
  const KeptIds& kept = reduced->kept;
  Texts out =
      rows.eot_id() >= 0 ? Texts{kept.new_id(rows.eot_id())} : Texts::whole(std::max(kept.new_id(rows.pad()), 0));
  out.set_vocabulary({reduced, &reduced->identity});
  std::vector<std::int32_t> ids;
  for (Index i = 0; i < rows.size(); ++i) {
    ids.clear();
    for (const std::int32_t id : rows[i]) {
      ids.push_back(kept.new_id(id));
      if (ids.back() < 0) return missing(i, id);
    }
    if (auto done = out.try_add(ids, rows.was_cut(i)); !done) return done.error();
  }
  return out;
}

/// Whether a text is the content of a reduced_vocabulary.json.
CLIP_HOST bool says_reduced_vocabulary(std::string_view file);

/// reduced_vocabulary.json: an object "reduced_vocabulary" with
///   tokenizer   the file of the whole vocabulary, in the same folder
///   size        the number of its ids
///   checksum    its checksum (VocabularyIdentity)
///   ids         those that are kept, in ascending order
struct ReducedStatement {
  std::string tokenizer, checksum;
  Index size = 0;
  std::vector<std::int32_t> ids;
};

/// LoadError: not such a file.
CLIP_HOST Result<ReducedStatement> try_read_reduced_vocabulary(std::string_view file, const std::string& place);
CLIP_HOST std::string reduced_vocabulary_text(const ReducedStatement& statement);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/vocabulary/reduced.inl.hpp>
#endif
