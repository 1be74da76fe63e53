# clip_cuda_functions(TARGET HEADER my.hpp TYPES my::F…): kernels of the pointwise functions of a program's own, whose members are
# CLIP_HOST_DEVICE. The calling project has CUDA among its languages. Installed with clipConfig.cmake.
function(clip_cuda_functions target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER" "TYPES")
  if(NOT arg_HEADER OR NOT arg_TYPES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "clip_cuda_functions(${target}): expected HEADER file TYPES type…, found: ${ARGN}")
  endif()
  cmake_path(ABSOLUTE_PATH arg_HEADER)
  set(text "#include <clip/backend/cuda/own_functions.cuh>\n#include \"${arg_HEADER}\"\n")
  foreach(type IN LISTS arg_TYPES)
    string(APPEND text "CLIP_CUDA_FUNCTION(${type})\n")
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}_cuda_functions.cu)
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
  target_sources(${target} PRIVATE ${source})
  # The dialect as an option: CMake 3.25 does not know nvcc's.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20> $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda>)
  target_link_libraries(${target} PRIVATE clip::cuda)
endfunction()
