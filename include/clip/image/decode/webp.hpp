// clip/image/decode/webp.hpp: WebP decoder by libwebp. Needs CLIP_HAS_WEBP=1 and the libraries webp and webpdemux.
#pragma once

#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>

#if defined(CLIP_HAS_WEBP) && CLIP_HAS_WEBP

#include <webp/decode.h>
#include <webp/demux.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Decodes the first frame of an animation. Four channels if the file has an alpha channel.
struct WebpDecoder {
  static std::string formats() { return "WebP"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_webp(file); }

  static Result<Image> decode(std::span<const std::byte> file, const std::string& place) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(file.data());
    ::WebPBitstreamFeatures features{};
    const ::VP8StatusCode status = ::WebPGetFeatures(bytes, file.size(), &features);
    if (status == VP8_STATUS_NOT_ENOUGH_DATA) return InputError{place, "truncated image"};
    if (status != VP8_STATUS_OK) return InputError{place, "damaged or unsupported image (WebP header)"};
    const Index capacity = 1024 * detail::index(file.size());  // not a limit for images of one colour
    if (auto good = detail::check_header(place, features.width, features.height, capacity + detail::always_plausible);
        !good)
      return good.error();

    ::WebPAnimDecoderOptions options;
    if (::WebPAnimDecoderOptionsInit(&options) == 0)
      return InputError{place, "the versions of libwebp and of its headers differ"};
    options.color_mode = MODE_RGBA;
    options.use_threads = 0;
    const ::WebPData data{bytes, file.size()};
    const std::unique_ptr<::WebPAnimDecoder, void (*)(::WebPAnimDecoder*)> decoder{
        ::WebPAnimDecoderNew(&data, &options), &::WebPAnimDecoderDelete};
    if (!decoder) return InputError{place, "truncated or damaged image"};
    std::uint8_t* frame = nullptr;
    int time = 0;
    if (::WebPAnimDecoderGetNext(decoder.get(), &frame, &time) == 0)
      return InputError{place, "truncated or damaged image"};

    const Index width = features.width, height = features.height;
    const auto count = static_cast<std::size_t>(width * height);
    if (features.has_alpha != 0)
      return Image{width, height, Pixels::rgba, std::vector<std::uint8_t>(frame, frame + 4 * count)};
    std::vector<std::uint8_t> pixels(3 * count);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t c = 0; c < 3; ++c) pixels[3 * i + c] = frame[4 * i + c];
    return Image{width, height, Pixels::rgb, std::move(pixels)};
  }
};

}  // namespace clip::inline CLIP_ABI

#endif
