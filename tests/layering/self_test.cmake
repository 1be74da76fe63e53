# cmake -D SCRATCH=… -P self_test.cmake: checks that check.cmake accepts a valid
# tree and reports each kind of violation.

set(tree ${SCRATCH}/include)

# tree_with(PATH LINES…): writes the valid tree, with the header PATH added or replaced by LINES.
function(tree_with path)
  file(REMOVE_RECURSE ${tree})
  file(WRITE ${tree}/clip/version.hpp "// clip/version.hpp: the version.\n#pragma once\n")
  file(WRITE ${tree}/clip/core/view.hpp
       "// clip/core/view.hpp: views.\n#pragma once\n#include <clip/version.hpp>\n#include <vector>\n")
  file(WRITE ${tree}/clip/io/json.hpp
       "// clip/io/json.hpp: JSON.\n#pragma once\n#include <clip/core/view.hpp>\n#include <nlohmann/json.hpp>\n")
  file(WRITE ${tree}/clip/backend/cpu/gemm.hpp
       "// clip/backend/cpu/gemm.hpp: products.\n#pragma once\n#include <Eigen/Core>\n")
  file(WRITE ${tree}/clip/io/posix.hpp "// clip/io/posix.hpp: files.\n#pragma once\n#include <unistd.h>\n")
  file(WRITE ${tree}/clip/backend/host_memory.hpp
       "// clip/backend/host_memory.hpp: memory.\n#pragma once\n#include <sys/mman.h>\n")
  file(WRITE ${tree}/clip/clip.hpp "// clip/clip.hpp: everything.\n#pragma once\n#include <clip/io/json.hpp>\n")
  list(JOIN ARGN "\n" content)
  file(WRITE ${tree}/${path} "${content}\n")
endfunction()

function(check out_status out_printed)
  execute_process(COMMAND ${CMAKE_COMMAND} -D INCLUDE_DIR=${tree} -P ${CMAKE_CURRENT_LIST_DIR}/check.cmake
                  RESULT_VARIABLE status OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
  set(${out_status} ${status} PARENT_SCOPE)
  set(${out_printed} "${printed}" PARENT_SCOPE)
endfunction()

# refused(SENTENCE PATH LINES…): with this header the check must fail and print SENTENCE.
function(refused sentence path)
  tree_with(${path} ${ARGN})
  check(status printed)
  string(FIND "${printed}" "${path}: ${sentence}" found)
  if(status EQUAL 0 OR found EQUAL -1)
    message(FATAL_ERROR "violation in ${path}: expected \"${sentence}\", found exit status ${status} and\n${printed}")
  endif()
endfunction()

set(view "// clip/core/view.hpp: views." "#pragma once")

tree_with(clip/core/view.hpp ${view})
check(status printed)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the valid tree was refused:\n${printed}")
endif()

refused("#include <clip/io/json.hpp>: expected its own folder" clip/core/view.hpp ${view} "#include <clip/io/json.hpp>")
refused("#include <clip/io/json.hpp>: expected its own folder"
        clip/core/view.hpp ${view} "  #  include <clip/io/json.hpp>  // why")
refused("#include <clip/clip.hpp>: expected its own folder" clip/core/view.hpp ${view} "#include <clip/clip.hpp>")
refused("#include <clip/cuda/x.hpp>: expected its own folder" clip/core/view.hpp ${view} "#include <clip/cuda/x.hpp>")
refused("#include \"json.hpp\": expected <clip/folder/file.hpp>" clip/core/view.hpp ${view} "#include \"json.hpp\"")
refused("#include <nlohmann/json.hpp>: only clip/io/json.hpp" clip/core/view.hpp ${view} "#include <nlohmann/json.hpp>")
refused("#include <stb/stb_image.h>: only clip/io/stb.hpp" clip/core/view.hpp ${view} "#include <stb/stb_image.h>")
refused("#include <png.h>: only clip/image/decode/png.hpp" clip/core/view.hpp ${view} "#include <png.h>")
refused("#include <clip/core/pixels.inl.hpp>: only clip/core/pixels.hpp and clip/families.hpp include it"
        clip/core/view.hpp ${view} "#include <clip/core/pixels.inl.hpp>")
refused("#include <webp/decode.h>: only clip/image/decode/webp.hpp"
        clip/core/view.hpp ${view} "#include <webp/decode.h>")
refused("#include <stb_image.h>: only clip/io/stb.hpp" clip/core/view.hpp ${view} "#include <stb_image.h>")
refused("#include <zlib.h>: only clip/io/inflate*.hpp" clip/core/view.hpp ${view} "#include <zlib.h>")
refused("#include <Eigen/Core>: only clip/backend/cpu/" clip/core/view.hpp ${view} "#include <Eigen/Core>")
refused("#include <unsupported/Eigen/FFT>: only clip/backend/cpu/"
        clip/core/view.hpp ${view} "#include <unsupported/Eigen/FFT>")
refused("#include <unistd.h>: only clip/io/" clip/core/view.hpp ${view} "#include <unistd.h>")
refused("#include <fcntl.h>: only clip/io/" clip/core/view.hpp ${view} "#include <fcntl.h>")
refused("#include <sys/mman.h>: only clip/io/" clip/core/view.hpp ${view} "#include <sys/mman.h>")
refused("expected the first line \"// clip/core/view.hpp: a"
        clip/core/view.hpp "// clip/core/other.hpp: views." "#pragma once")
refused("expected the first line \"// clip/core/view.hpp: a" clip/core/view.hpp "#pragma once")
refused("expected #pragma once" clip/core/view.hpp "// clip/core/view.hpp: views.")
refused("its folder is not in the list of folders" clip/misc/view.hpp "// clip/misc/view.hpp: views." "#pragma once")

file(REMOVE_RECURSE ${tree})
