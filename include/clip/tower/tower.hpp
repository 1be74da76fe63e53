// clip/tower/tower.hpp: the trait that maps a configuration type to its tower, and the interface of a tower.
#pragma once

#include <clip/core/size.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// `Tower<VitConfig>::type<C, Embed, B, Blocks>` is the module of a family. `Tower<VitConfig>::dynamic` is the
/// configuration whose sizes are all known only at run time. A family specialises Tower in the header of its module,
/// tower/<family>/. A tower is a module: `members` lists its parameters and submodules. Its constructor takes
/// (Known<C>, Size<Embed>). `Tower<VitConfig>::takes_blocks`, which may be absent, is true for families whose blocks
/// may be replaced where the family is chosen at run time (few_shot/methods/blocks.hpp).
///
/// An image tower has
///   visual(cx, images)                    (n, channels · image_size²) → (n, Embed), not normalised
///   visual.states(cx, images, layers)     every row after the first `layers` layers
///   visual.depth()                        the number of layers
///   visual.images_at_once()               images per inference pass, from what the backend likes at once
/// and its configuration image_size, channels and preprocessing.
///
/// A text tower has
///   text.arrange(texts, batch)            texts as sequences of rows, with the rows to pool: a prefix tree, ragged, or
///                                         padded
///   text.arrange_rows(texts, padded, batch)   the same for states(): every text a sequence of its own
///   text(cx, batch)                       (texts, Embed), not normalised
///   text(cx, batch, vectors)              the same with learned vectors among the tokens; optional
///   text.states(cx, batch, layers)        every row after the first `layers` layers: (rows of the batch, width)
///   text.depth()                          the number of layers
/// and its configuration context, vocabulary and width.
///
/// Both configurations also have fixed(), operator== and a function problem(config) (config/clip.hpp).
template <class Config>
struct Tower;

/// The module of the family to which the configuration C belongs.
template <auto C, Index Embed, class B, class Blocks>
using TowerOf = typename Tower<std::remove_cvref_t<decltype(C)>>::template type<C, Embed, B, Blocks>;

}  // namespace clip::inline CLIP_ABI
