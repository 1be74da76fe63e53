// clip/clip.hpp: the whole library in one include. Two headers stay apart: a device backend, and backend/naive.hpp for those
// who compare. Every header also compiles alone.
#pragma once

#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/config/json.hpp>
#include <clip/config/openai.hpp>
#include <clip/core/rng.hpp>
#include <clip/data/idx.hpp>
#include <clip/data/shuffle.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/model.hpp>
#include <clip/model/preprocess.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/optim/clip_norm.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/task/probabilities.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/text/tokenizer.hpp>
#include <clip/train/grad_cache.hpp>
#include <clip/train/trainer.hpp>
