// clip/learn/cocoop.hpp: context vectors that each image shifts: conditional prompt learning (CoCoOp).
#pragma once

#include <clip/autograd/constant.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/core/pointwise.hpp>
#include <clip/learn/context_prompts.hpp>
#include <clip/learn/prompt_learner.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/linear.hpp>
#include <clip/ops/losses.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/row_products.hpp>
#include <clip/ops/tables.hpp>
#include <clip/tensor/buffer.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The paper's prompts begin as "a photo of a".
struct CocoopOptions {
  Index context = 4;         // vectors, without words
  Place place = Place::end;  // of the name of the class
  std::string words = "a photo of a";
  Index hidden = 0;  // width of the meta-net; 0: a sixteenth of the features'
  std::uint64_t seed = 1;
};

/// The network that shifts the context: W2 relu(W1 x + b1) + b2, x an image feature of unit length, one row per image.
template <Backend B>
struct MetaNet {
  Linear<B, dyn, dyn> linear1, linear2;

  static constexpr void members(auto& self, auto&& visit) {
    visit("linear1", self.linear1);
    visit("linear2", self.linear2);
  }
  template <class Cx, Index W>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, W> x) const {
    return linear2(cx, linear1.with(cx, fn::Relu{}, x));
  }
};

/// CoCoOp (Zhou et al., Conditional Prompt Learning, 2022): vector m of the context of image x is v_m + h(x), h the
/// meta-net. So each image has its own prompts: a pass computes images · classes texts, and small batches are usual (1
/// in the paper). The vectors of an image are a prefix that its prompts share. Its parameters are `ctx` and `meta_net`;
/// the model stays as it is and must outlive the learner. save_prompt() and load_prompt() keep it.
template <class M>
class CocoopLearner : public detail::ContextLearner<M> {
  using Base = detail::ContextLearner<M>;
  using Base::backend_;
  using Base::model_;
  using Base::prompts_;
  using Base::statistics_;

 public:
  using B = typename Base::B;
  using T = typename Base::T;
  using Base::class_count;
  using Base::context;

  /// Errors as PromptLearner.
  template <TokenizesTexts Words>
  CocoopLearner(const M& model, const Words& tokenizer, std::vector<std::string> names,
                const CocoopOptions& options = {})
      : Base{model, tokenizer, std::move(names),
             PromptOptions{.context = options.context, .place = options.place, .words = options.words}},
        width_{detail::text_width(model.text)}, ctx{{context(), width_}, Init::normal(0.02)},
        meta_net{meta_net_of(model, width_, options)}, values_{allocate_parameters(backend_, *this)} {
    initialise(*this, Rng{options.seed});
    if (!prompts_.words().empty())
      backend_.upload(std::span<const T>(detail::token_embeddings<T>(model.text, prompts_.words())), ctx.view());
  }
  template <class Words>
  CocoopLearner(const M&&, const Words&, std::vector<std::string>, const CocoopOptions& = {}) = delete;

  /// Each image has its own context, which all classes share.
  static constexpr bool per_class() { return false; }

  /// The features of the prompts of an image that shifts nothing, on the host: (classes, E), not normalised.
  Features<T, M::embed_dim> text_features() const {
    Texts texts = prompts_.batch();
    for (Index c = 0; c < class_count(); ++c) prompts_.add(texts, c, 0);
    Inference<B> cx{backend_};
    const auto y = model_->encode_prompts(cx, texts, Rows<Inference<B>, dyn>{ctx.view()});
    Features<T, M::embed_dim> features{y.rows(), y.cols()};
    cx.backend().download(In<T>{y.view}, features.values());
    return features;
  }

  /// exp(logit_scale) · cosine of every image with every class, of the image's own prompts: (images, classes).
  /// image : (images, E), not normalised.
  template <class Cx, Index W>
  Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, W> image) const {
    detail::check_evaluation(cx, statistics_);
    const Index images = image.rows();
    auto& vector = cx.template keep<std::vector<std::int32_t>>();  // row → its row in ctx
    auto& own = cx.template keep<std::vector<std::int32_t>>();     // row → its image
    auto& texts = cx.template keep<Texts>();
    vector.clear();
    own.clear();
    texts = prompts_.batch();
    for (Index i = 0; i < images; ++i) {
      for (Index m = 0; m < context(); ++m) {
        vector.push_back(static_cast<std::int32_t>(m));
        own.push_back(static_cast<std::int32_t>(i));
      }
      for (Index c = 0; c < class_count(); ++c) prompts_.add(texts, c, i * context());
    }
    const auto unit = normalize(cx, image);
    const auto shift = gather(cx, meta_net(cx, unit), Ids{own});  // (images · M, width)
    const auto vectors = add(cx, gather(cx, Size<dyn>{width_}, ctx, Ids{vector}), shift);
    const auto text = normalize(cx, model_->encode_prompts(cx, texts, vectors));  // (images · classes, E)
    return row_products(cx, exp_scale(cx, unit, model_->similarity.logit_scale), text);
  }
  /// The same on the host, `at_once` images at a time. For features of any number of images.
  template <Index W>
  Tensor<T> logits(const Features<T, W>& images, Index at_once = 1) const {
    Tensor<T> all{{images.size(), class_count()}};
    Inference<B> cx{backend_};
    for (Index begin = 0; begin < images.size(); begin += at_once) {
      cx.clear();
      const Index n = std::min(at_once, images.size() - begin);
      const auto y = logits(cx, constant(cx, images.view().middle_rows(begin, n), Size<W>{images.width()}));
      cx.backend().download(In<T>{y.view}, all.values().subspan(static_cast<std::size_t>(begin * class_count()),
                                                                static_cast<std::size_t>(n * class_count())));
    }
    return all;
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("ctx", self.ctx);
    visit("meta_net", self.meta_net);
  }

 private:
  static MetaNet<B> meta_net_of(const M& model, Index width, const CocoopOptions& options) {
    const Index features = detail::embed_width(model);
    const Index hidden = options.hidden > 0 ? options.hidden : std::max<Index>(1, features / 16);
    return {.linear1 = {.in = features, .out = hidden}, .linear2 = {.in = hidden, .out = width}};
  }

  Index width_;

 public:
  Parameter<T> ctx;  // (M, width)
  MetaNet<B> meta_net;

 private:
  Buffer<B> values_;
};

template <class M, class Words, class... Rest>
CocoopLearner(const M&, const Words&, Rest...) -> CocoopLearner<M>;

}  // namespace clip::inline CLIP_ABI
