// precompiled/host.cpp: the host half: readers and writers of files, tokenizers, image decoders.
//
// Programs that link clip::precompiled see declarations of what is defined here.
#define CLIP_BUILDS_PRECOMPILED 1
#include <clip/clip.hpp>
#include <clip/few_shot/chart.hpp>
#include <clip/few_shot/image_batches.hpp>
#include <clip/few_shot/options.hpp>
#include <clip/few_shot/run_files.hpp>
#include <clip/few_shot/split_file.hpp>
#include <clip/few_shot/table.hpp>

#if CLIP_HOST_LINKED || !defined(CLIP_WITH_PRECOMPILED) || defined(__AVX2__)
#error "clip::precompiled is compiled with exceptions and without -march flags"
#endif

namespace clip::inline CLIP_ABI {

using All = KnownFamilies;

template Result<std::vector<std::byte>> try_gunzip<detail::Inflate>(std::span<const std::byte>, const std::string&,
                                                                    std::size_t);
template Result<std::vector<std::byte>> try_inflate<detail::Inflate>(std::span<const std::byte>, std::size_t,
                                                                     const std::string&);
template Result<std::vector<std::byte>> try_read_file<detail::Inflate>(const std::string&);
template Result<ZipContent> try_read_entry<detail::Inflate>(const ZipEntry&, const std::string&);

#if defined(CLIP_HAS_WEBP) && CLIP_HAS_WEBP
template struct detail::DeclaredDecoders<detail::JpegFiles, detail::PngFiles, WebpDecoder, GifDecoder, BmpDecoder,
                                         PnmDecoder, TgaDecoder>;
#else
template struct detail::DeclaredDecoders<detail::JpegFiles, detail::PngFiles, GifDecoder, BmpDecoder, PnmDecoder,
                                         TgaDecoder>;
#endif

template Result<void> try_convert(const StoredTensor&, std::span<float>);
template Result<void> try_convert(const StoredTensor&, std::span<double>);
template Result<void> try_convert(const FileTensor&, std::span<float>);
template Result<void> try_convert(const FileTensor&, std::span<double>);

template Result<AnyConfig> try_parse_config<All>(std::string_view, const std::string&);
template Result<AnyConfig> try_read_config<All>(const std::string&);
template JsonTree to_json(const AnyConfig&);
template JsonTree to_json(const ClipConfig<VitConfig, TextConfig>&);
template JsonTree to_json(const ClipConfig<ResNetConfig, TextConfig>&);
template JsonTree to_json(const ClipConfig<SiglipVitConfig, SiglipTextConfig>&);
template JsonTree to_json(const ClipConfig<MciConfig, MctTextConfig>&);
template std::string config_text(const AnyConfig&);
template const std::vector<NamedConfig>& named_configs<All>();
template const std::vector<NamedTextTower>& named_texts<All>();
template AnyConfig as_published(AnyConfig);
template const NamedConfig* find_named<All>(AnyConfig);
template Result<AnyConfig> try_find_config<All>(const std::string&);

template Result<Inspection> try_inspect<All>(const TensorFile&, const Assumptions&);
template Result<Inspection> try_inspect<All>(const std::string&, const Assumptions&, std::string_view);
template Result<EncoderInspection<All::Images>> try_inspect_image<All>(const TensorFile&, const Assumptions&);
template Result<EncoderInspection<All::Texts>> try_inspect_text<All>(const TensorFile&, const Assumptions&);
template Result<AnyConfig> try_find_model<All>(const std::string&, const Assumptions&);
template Result<void> try_convert_file<All>(const std::string&, const std::string&, const ConvertOptions&);

namespace detail {

template Result<FittedFile> try_fit(const LoadTarget<All>&, const TensorFile&, const LoadOptions&, bool);
template Result<void> try_write_model<All>(std::vector<TensorToWrite>, const std::string&, const SaveOptions&,
                                           const std::optional<AnyConfig>&);

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
