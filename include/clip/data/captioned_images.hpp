// clip/data/captioned_images.hpp: lists of image files with their captions, from a table or a folder.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Image files, each with one caption or several.
struct CaptionedImages {
  std::string place;                               // the table or folder, for messages
  std::vector<std::string> images;                 // paths, all different
  std::vector<std::vector<std::string>> captions;  // of each image, at least one

  Index size() const { return static_cast<Index>(images.size()); }
  /// All captions, those of the first image first.
  std::vector<std::string> all_captions() const {
    std::vector<std::string> all;
    for (const auto& some : captions) all.insert(all.end(), some.begin(), some.end());
    return all;
  }
};

struct CaptionTableOptions {
  std::string image_column = "image", caption_column = "caption";
  std::string images{};  // the folder that paths are relative to; empty: the table's
};

/// A CSV or TSV table with a header, one line per caption. Lines of one image are its captions, wherever they stand;
/// images are in the order of their first lines.
/// LoadError: as try_read_text_list of either column; a file that is not there, with its line.
[[nodiscard]] CLIP_HOST Result<CaptionedImages> try_caption_table(const std::string& path,
                                                                  const CaptionTableOptions& options = {});

/// The images of a folder and of those below it, sorted by path, each with a text file beside it, "cat.txt" for
/// "cat.jpg": a caption per line.
/// LoadError: as try_image_files; an image without a text file; as try_lines, an empty line or no line.
[[nodiscard]] CLIP_HOST Result<CaptionedImages> try_caption_folder(const std::string& folder);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/captioned_images.inl.hpp>
#endif
