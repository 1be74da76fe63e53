# cmake -D SCRATCH=… -P self_test.cmake: check.cmake accepts pages whose files exist, and names every file that does
# not.
function(verdict out)
  execute_process(COMMAND ${CMAKE_COMMAND} -D SOURCE_DIR=${SCRATCH} -P ${CMAKE_CURRENT_LIST_DIR}/check.cmake
                  RESULT_VARIABLE status ERROR_VARIABLE text OUTPUT_QUIET)
  set(${out} "${status}|${text}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
file(WRITE ${SCRATCH}/include/clip/nn/mlp.hpp "")
file(WRITE ${SCRATCH}/README.md
     "`nn/mlp.hpp`; `mlp.hpp`, `nn/*.hpp` [`nn/`], `FOLDER/HEADER.hpp`, `tower/<family>/config.hpp`\n")
verdict(clean)
if(NOT clean MATCHES "^0\\|")
  message(FATAL_ERROR "a page whose files all exist is refused: ${clean}")
endif()

file(WRITE ${SCRATCH}/docs/design/page.md "| `nn/gone.hpp` |\n```cpp\nf();\n```\n`lost.hpp` `ops/*.hpp` `tests/nowhere/`\n")
verdict(planted)
foreach(name nn/gone.hpp lost.hpp "ops/*.hpp" tests/nowhere/)
  string(FIND "${planted}" "docs/design/page.md: `${name}` does not exist" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "`${name}` is not found to be missing: ${planted}")
  endif()
endforeach()
