// clip/clip.hpp: the whole library, except the headers listed here, which a program includes itself.
//
//   clip/backend/cpu/peak.hpp   measurement of the processor's peak rate
//   clip/backend/cuda/          what clip/cuda.hpp and device code include
//   clip/backend/naive.hpp      the reference backend, in plain loops
//   clip/cuda.hpp               the backend of a CUDA device, in a program that links clip::cuda
//   clip/families.hpp           tower families of one's own, in a program that links clip::precompiled
//   clip/few_shot/              experiments with a few labelled images per class
//   clip/plot/                  figures as SVG and PNG
//
// Every header also compiles alone. In a program that links clip::precompiled this one declares what the library
// contains, without the JSON values of io/json.hpp.
#pragma once

#include <clip/autograd/constant.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/change_patch_size.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/find_model.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/checkpoint/self_test.hpp>
#include <clip/core/printable.hpp>
#include <clip/core/rng.hpp>
#include <clip/core/stop.hpp>
#include <clip/data/augmented_reader.hpp>
#include <clip/data/caption_source.hpp>
#include <clip/data/cifar.hpp>
#include <clip/data/class_folders.hpp>
#include <clip/data/class_rules.hpp>
#include <clip/data/idx.hpp>
#include <clip/data/image_table.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/data/open_labelled_images.hpp>
#include <clip/data/pairs.hpp>
#include <clip/data/shuffle.hpp>
#include <clip/data/tar_shards.hpp>
#include <clip/fwd.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/image/augment/color.hpp>
#include <clip/image/model_input.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>
#include <clip/io/file_budget.hpp>
#include <clip/io/lines.hpp>
#include <clip/io/mapped_ranges.hpp>
#include <clip/io/npy.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/io/text_list.hpp>
#include <clip/io/unfinished.hpp>
#include <clip/learn/adamw_probe.hpp>
#include <clip/learn/block_classifier_file.hpp>
#include <clip/learn/clip_adapter.hpp>
#include <clip/learn/cocoop.hpp>
#include <clip/learn/context_prompts.hpp>
#include <clip/learn/labelled_features.hpp>
#include <clip/learn/learner_file.hpp>
#include <clip/learn/linear_probe.hpp>
#include <clip/learn/multimodal_mlp.hpp>
#include <clip/learn/probe_file.hpp>
#include <clip/learn/probe_sweep.hpp>
#include <clip/learn/prompt_file.hpp>
#include <clip/learn/prompt_learner.hpp>
#include <clip/learn/pseudo_labels.hpp>
#include <clip/learn/tip_adapter_search.hpp>
#include <clip/learn/tip_adapter_training.hpp>
#include <clip/learn/train_block_classifier.hpp>
#include <clip/learn/train_prompts.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/context_vectors.hpp>
#include <clip/model/count.hpp>
#include <clip/model/flops.hpp>
#include <clip/model/fuse.hpp>
#include <clip/model/fused_config.hpp>
#include <clip/model/hidden_states.hpp>
#include <clip/model/licence.hpp>
#include <clip/model/model.hpp>
#include <clip/model/preprocess.hpp>
#include <clip/model/reduce_vocabulary.hpp>
#include <clip/model/register_model.hpp>
#include <clip/model/standalone.hpp>
#include <clip/model/word_vectors.hpp>
#include <clip/nn/layer_scale_block.hpp>
#include <clip/nn/mean_pool.hpp>
#include <clip/nn/parallel_block.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/optim/clip_norm.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/task/accuracy.hpp>
#include <clip/task/agreement.hpp>
#include <clip/task/attention_layers.hpp>
#include <clip/task/attention_maps.hpp>
#include <clip/task/attention_weights.hpp>
#include <clip/task/embed_folder.hpp>
#include <clip/task/encode_images.hpp>
#include <clip/task/metrics.hpp>
#include <clip/task/probabilities.hpp>
#include <clip/task/retrieval.hpp>
#include <clip/task/similarity_analysis.hpp>
#include <clip/task/similarity_report.hpp>
#include <clip/task/token_relevance.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/tokenizer/any_tokenizer.hpp>
#include <clip/tokenizer/bpe/learn_merges.hpp>
#include <clip/tokenizer/byte_level.hpp>
#include <clip/tokenizer/sentencepiece.hpp>
#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tokenizer/vocabulary/of_word_vectors.hpp>
#include <clip/tokenizer/wordpiece.hpp>
#include <clip/train/any_objective.hpp>
#include <clip/train/grad_cache.hpp>
#include <clip/train/micro_batches.hpp>
#include <clip/train/objective.hpp>
#include <clip/train/run_log.hpp>
#include <clip/train/score_board.hpp>
#include <clip/train/trainer.hpp>
