# Compile options of our own tests, examples and benchmarks. Programs that link clip::clip do not get them.

add_library(clip_own_options INTERFACE)
target_compile_options(clip_own_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wpedantic)
if(CLIP_SANITIZE)
  set(sanitize -fsanitize=${CLIP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(clip_own_options INTERFACE ${sanitize})
  target_link_options(clip_own_options INTERFACE ${sanitize})
endif()

add_library(clip_native INTERFACE)
if(CLIP_NATIVE)
  target_compile_options(clip_native INTERFACE -march=native)
endif()

# clip_own_target(NAME): links the library and applies the options above; warnings in clip's headers are reported too.
function(clip_own_target target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_link_libraries(${target} PRIVATE clip::clip clip_own_options clip_native)
endfunction()

# clip_own_linked_target(NAME): the same for a program that is installed and may run on another machine. It links the
# precompiled kernels, which are chosen for the CPU at run time, instead of using -march=native.
function(clip_own_linked_target target)
  if(TARGET clip::precompiled)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_link_libraries(${target} PRIVATE clip::precompiled clip_own_options)
  else()
    clip_own_target(${target})
  endif()
endfunction()

# Folder with the larger test inputs. If it is empty, the tests that need them are skipped and say so.
set(test_data "$ENV{CLIP_TEST_DATA}")
if(NOT test_data AND IS_DIRECTORY ${CMAKE_SOURCE_DIR}/../shared/data)
  get_filename_component(test_data ${CMAKE_SOURCE_DIR}/../shared/data ABSOLUTE)
endif()
set(CLIP_TEST_DATA "${test_data}" CACHE PATH "Folder with the larger test inputs")

# clip_test_environment(NAME): passes the folder of test data to a CTest entry; if
# unset, the caller's environment applies.
function(clip_test_environment test)
  if(CLIP_TEST_DATA)
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT "CLIP_TEST_DATA=${CLIP_TEST_DATA}")
  endif()
endfunction()
