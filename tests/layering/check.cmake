# cmake -D INCLUDE_DIR=… -P check.cmake: checks the includes and the first line of every header. A header includes only
# from its own folder and from folders to the left; each third-party header is included in one place; the first line is
# `// PATH: NOUN PHRASE`. Prints all findings and fails if there is any.

set(folders core io config formats names backend tensor autograd ops nn image tokens tokenizer tower model loss optim
    checkpoint data train plot task learn few_shot)

# Third-party headers: a pattern for the include, a pattern for the headers that may include it, and the rule in words.
set(doors
  "^nlohmann/" "^clip/io/json(_fwd)?\\.hpp$" "only clip/io/json.hpp and json_fwd.hpp include nlohmann/json"
  "stb_image"  "^clip/io/stb\\.hpp$"      "only clip/io/stb.hpp includes stb"
  "^zlib\\.h$" "^clip/io/inflate"        "only clip/io/inflate*.hpp includes zlib"
  "jpeglib"    "^clip/image/decode/jpeg\\.hpp$" "only clip/image/decode/jpeg.hpp includes libjpeg"
  "^png\\.h$"  "^clip/image/decode/png\\.hpp$"  "only clip/image/decode/png.hpp includes libpng"
  "^webp/"     "^clip/image/decode/webp\\.hpp$" "only clip/image/decode/webp.hpp includes libwebp"
  "Eigen/"     "^clip/backend/cpu/"       "only clip/backend/cpu/ includes Eigen"
  "^(cuda_runtime|cublas|cudnn)" "^clip/backend/cuda/kernels/" "only clip/backend/cuda/kernels/ includes CUDA's headers"
  "^(unistd\\.h|fcntl\\.h|dirent\\.h|pthread\\.h|sys/)" "^clip/(io/|backend/(host_memory|forks\\.inl)\\.hpp$)"
                                          "only clip/io/, clip/backend/host_memory.hpp and forks.inl.hpp include POSIX headers")

set(findings 0)
function(finding header sentence)
  math(EXPR findings "${findings} + 1")
  set(findings ${findings} PARENT_SCOPE)
  message("${header}: ${sentence}")
endfunction()

# place_of(OUT PATH): the index of the path's folder. version.hpp is left of all
# folders; clip.hpp and fwd.hpp are right of all.
function(place_of out path)
  if(path STREQUAL "clip/version.hpp")
    set(place -1)
  elseif(path MATCHES "^clip/([^/]+)/")
    list(FIND folders ${CMAKE_MATCH_1} place)
    if(place EQUAL -1)
      set(place "unknown")
    endif()
  else()
    list(LENGTH folders place)
  endif()
  set(${out} ${place} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE headers RELATIVE ${INCLUDE_DIR} ${INCLUDE_DIR}/*)
list(SORT headers)
foreach(header IN LISTS headers)
  place_of(own_place ${header})
  if(own_place STREQUAL "unknown")
    finding(${header} "its folder is not in the list of folders")
    continue()
  endif()

  file(READ ${INCLUDE_DIR}/${header} content LIMIT 4096)
  string(FIND "${content}" "// ${header}: " begins)
  if(NOT begins EQUAL 0)
    finding(${header} "expected the first line \"// ${header}: a noun phrase\"")
  endif()
  if(NOT content MATCHES "\n#pragma once\n" AND NOT header MATCHES "\\.def\\.hpp$")  # a .def.hpp is included several times
    finding(${header} "expected #pragma once")
  endif()

  file(STRINGS ${INCLUDE_DIR}/${header} includes REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]+)[>\"].*" "\\1" included "${line}")
    if(line MATCHES "include[ \t]*\"")
      finding(${header} "#include \"${included}\": expected <clip/folder/file.hpp>")
    elseif(included MATCHES "^clip/")
      place_of(place ${included})
      if(place STREQUAL "unknown" OR place GREATER own_place)
        finding(${header} "#include <${included}>: expected its own folder or one to the left")
      endif()
    endif()
    if(included MATCHES "^clip/.*\\.inl\\.hpp$")  # a second definition beside clip::precompiled would not link
      string(REPLACE ".inl.hpp" ".hpp" declaring ${included})
      if(NOT header STREQUAL declaring AND NOT header STREQUAL "clip/families.hpp")
        finding(${header} "#include <${included}>: only ${declaring} and clip/families.hpp include it")
      endif()
    endif()
    set(rest ${doors})
    while(rest)
      list(POP_FRONT rest foreign door sentence)
      if(included MATCHES "${foreign}" AND NOT header MATCHES "${door}")
        finding(${header} "#include <${included}>: ${sentence}")
      endif()
    endwhile()
  endforeach()
endforeach()

list(LENGTH headers count)
if(count EQUAL 0)
  message(FATAL_ERROR "${INCLUDE_DIR}: no headers found")
endif()
if(findings GREATER 0)
  message(FATAL_ERROR "${findings} findings in ${count} headers")
endif()
message("${count} headers: every include points to the left")
