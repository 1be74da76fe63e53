# Targets for those who work on the library: the single header, the API reference.
find_package(Python3 QUIET COMPONENTS Interpreter)

if(Python3_Interpreter_FOUND)
  add_custom_target(single_header
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/cmake/single_header.py
            ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/single_header/clip/clip.hpp
    COMMENT "Writing single_header/clip/clip.hpp" VERBATIM)
endif()

find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  configure_file(${PROJECT_SOURCE_DIR}/docs/api/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
  add_custom_target(docs
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${PROJECT_BINARY_DIR}/docs
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/docs
    COMMAND Doxygen::doxygen ${PROJECT_BINARY_DIR}/Doxyfile
    COMMENT "Writing docs/index.html" VERBATIM)
endif()
