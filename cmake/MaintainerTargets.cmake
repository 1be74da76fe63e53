# Targets for those who work on the library: the single header.
find_package(Python3 QUIET COMPONENTS Interpreter)

if(Python3_Interpreter_FOUND)
  add_custom_target(single_header
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/cmake/single_header.py
            ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/single_header/clip/clip.hpp
    COMMENT "Writing single_header/clip/clip.hpp" VERBATIM)
endif()
