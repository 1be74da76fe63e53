# cmake -D SOURCE_DIR=… -P check.cmake: every file and folder that the documentation names in backticks exists.
#
# `nn/mlp.hpp` may be below include/clip, examples, tests, bench, docs or the root; in `ops/*.hpp` the star matches any
# name; `tile.hpp`, without a folder, is the name of any header. Names with capital letters or brackets for a part to
# fill in (`FOLDER/HEADER.hpp`, `tower/<family>/config.hpp`) are not checked. CHANGELOG.md names the files of earlier
# versions.

file(GLOB pages ${SOURCE_DIR}/README.md ${SOURCE_DIR}/CONTRIBUTING.md ${SOURCE_DIR}/SECURITY.md ${SOURCE_DIR}/docs/*.md
     ${SOURCE_DIR}/docs/api/*.md ${SOURCE_DIR}/docs/design/*.md ${SOURCE_DIR}/examples/README.md
     ${SOURCE_DIR}/bench/README.md)
set(roots . include include/clip examples tests bench bench/peers docs)

set(findings 0)
set(count 0)
foreach(page IN LISTS pages)
  file(READ ${page} text)
  string(REGEX REPLACE "[][;]" " " text "${text}")  # characters that separate or nest the elements of a list
  string(REPLACE "```" "" text "${text}")
  string(REGEX MATCHALL "`[^`\n]+`" names "${text}")
  list(REMOVE_DUPLICATES names)
  foreach(name IN LISTS names)
    string(REGEX REPLACE "^`(.*)`$" "\\1" name "${name}")
    if(name MATCHES "[^a-z0-9_./*-]")
      continue()
    endif()
    set(found)
    if(name MATCHES "^[a-z0-9_*-]+\\.hpp$")
      file(GLOB_RECURSE found ${SOURCE_DIR}/include/clip/${name})
    elseif(name MATCHES "/.*\\.(hpp|cpp|py|sh|cmake|md|txt|def)$" OR name MATCHES "^[a-z].*/$")
      foreach(root IN LISTS roots)
        string(REGEX REPLACE "/$" "" path "${name}")
        file(GLOB here ${SOURCE_DIR}/${root}/${path})
        list(APPEND found ${here})
      endforeach()
    else()
      continue()
    endif()
    math(EXPR count "${count} + 1")
    if(NOT found)
      math(EXPR findings "${findings} + 1")
      file(RELATIVE_PATH page_name ${SOURCE_DIR} ${page})
      message("${page_name}: `${name}` does not exist")
    endif()
  endforeach()
endforeach()

if(count EQUAL 0)
  message(FATAL_ERROR "${SOURCE_DIR}: no page names a file")
endif()
if(findings GREATER 0)
  message(FATAL_ERROR "${findings} findings in ${count} names of files")
endif()
message("${count} names of files in the documentation, all of which exist")
