// clip/data/class_folders.hpp: labelled images in one folder per class.
#pragma once

#include <clip/core/result.hpp>
#include <clip/data/labelled_images.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

/// The images below the folders of a folder: the name of each is that of a class, in the order of their bytes. Within a
/// class images are sorted by path. Links to folders and files outside of class folders are no part of it.
/// LoadError: no such folder, no class folder, a class folder without images.
[[nodiscard]] CLIP_HOST Result<LabelledImages> try_class_folders(const std::string& folder);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/class_folders.inl.hpp>
#endif
