// clip/host.inl.hpp: every definition that clip::precompiled holds for programs that link it.
#pragma once

#include <clip/checkpoint/convert_file.inl.hpp>
#include <clip/checkpoint/fit.inl.hpp>
#include <clip/checkpoint/folder.inl.hpp>
#include <clip/checkpoint/infer.inl.hpp>
#include <clip/checkpoint/positions.inl.hpp>
#include <clip/checkpoint/save.inl.hpp>
#include <clip/checkpoint/self_test.inl.hpp>
#include <clip/checkpoint/self_test_record.inl.hpp>
#include <clip/formats/dtype.inl.hpp>
#include <clip/formats/file_tensor.inl.hpp>
#include <clip/formats/rewrite.inl.hpp>
#include <clip/formats/safetensors.inl.hpp>
#include <clip/formats/safetensors_write.inl.hpp>
#include <clip/formats/tensor_file.inl.hpp>
#include <clip/model/catalogue.inl.hpp>
#include <clip/model/config_json.inl.hpp>
#include <clip/tower/clip_resnet/description.inl.hpp>
#include <clip/tower/clip_text/description.inl.hpp>
#include <clip/tower/clip_vit/description.inl.hpp>
#include <clip/train/run_state.inl.hpp>
