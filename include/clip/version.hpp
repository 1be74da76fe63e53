// clip/version.hpp: the one place the version is written; CMake reads it from here.
#pragma once

#define CLIP_VERSION_MAJOR 0
#define CLIP_VERSION_MINOR 1
#define CLIP_VERSION_PATCH 0
