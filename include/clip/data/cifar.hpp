// clip/data/cifar.hpp: labelled images in the binary form of CIFAR-10 and CIFAR-100 (Krizhevsky 2009).
#pragma once

#include <clip/core/result.hpp>
#include <clip/data/labelled_images.hpp>

#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A record is its labels, one byte each, then 32 × 32 red, green and blue bytes. CIFAR-10 has one label, CIFAR-100 a
/// coarse and a fine one.
enum class CifarLabels { cifar10, cifar100_coarse, cifar100_fine };

/// The images of binary files (data_batch_1.bin … data_batch_5.bin, test_batch.bin; train.bin, test.bin), file by file.
/// No classes: the names of the list beside the first file: batches.meta.txt, coarse_label_names.txt,
/// fine_label_names.txt.
/// LoadError: no files, a file that is no whole number of records, a label that is no class; as try_map_file.
[[nodiscard]] CLIP_HOST Result<LabelledImages> try_cifar(const std::vector<std::string>& files, CifarLabels labels,
                                                         std::vector<std::string> classes = {});

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/cifar.inl.hpp>
#endif
