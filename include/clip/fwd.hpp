// clip/fwd.hpp: forward declarations of the types that headers pass on without using them.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>

namespace clip::inline CLIP_ABI {

using Index = std::ptrdiff_t;

class Error;
template <class T>
class Result;
class Rng;
class Sequences;
template <class T>
struct View;

template <class Image, class Text>
struct ClipConfig;
template <class F>
struct AnyConfigOf;
struct KnownFamilies;
using AnyConfig = AnyConfigOf<KnownFamilies>;

class Image;
class Images;
class Texts;
class Tokenizer;
class SentencePiece;
class AnyTokenizer;
class WordPiece;
class ByteLevel;

template <class T>
class Tensor;
template <class T, Index Width>
class Features;
template <class T>
struct Parameter;

template <class T>
class Cpu;
template <class T>
struct Naive;

}  // namespace clip::inline CLIP_ABI
