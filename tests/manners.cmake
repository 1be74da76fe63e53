# What others expect of a library: the single header, listings that compile, errors with identifiers, builds without
# exceptions.
find_package(Python3 QUIET COMPONENTS Interpreter)

# clip_python_test(NAME SCRIPT ARGUMENTS…): a Python script whose exit status is the verdict. Without Python it is not
# registered.
function(clip_python_test name script)
  if(Python3_Interpreter_FOUND)
    add_test(NAME ${name} COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARGN})
  endif()
endfunction()

clip_python_test(single_header single_header/self_test.py ${PROJECT_SOURCE_DIR}/cmake/single_header.py
                 ${CMAKE_CURRENT_BINARY_DIR}/single_header ${CMAKE_CXX_COMPILER})
# The library without exceptions and run-time type information: errors are values. (The listings compile in this form as
# well.)
add_executable(no_exceptions no_exceptions/main.cpp)
clip_own_target(no_exceptions)
target_compile_options(no_exceptions PRIVATE -fno-exceptions -fno-rtti -O0)
add_test(NAME no_exceptions COMMAND no_exceptions)

clip_script_test(listings readme/run.sh "${Python3_EXECUTABLE}" ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/listings
                 ${CMAKE_CXX_COMPILER} ${user_flags})

add_test(NAME error_identifiers
         COMMAND ${CMAKE_COMMAND} -D INCLUDE_DIR=${PROJECT_SOURCE_DIR}/include -D PAGE=${PROJECT_SOURCE_DIR}/docs/errors.md
                 -P ${CMAKE_CURRENT_SOURCE_DIR}/errors/check.cmake)

add_test(NAME docs_paths
         COMMAND ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -P ${CMAKE_CURRENT_SOURCE_DIR}/docs_paths/check.cmake)
add_test(NAME docs_paths_finds_what_is_planted
         COMMAND ${CMAKE_COMMAND} -D SCRATCH=${CMAKE_CURRENT_BINARY_DIR}/docs_paths -P ${CMAKE_CURRENT_SOURCE_DIR}/docs_paths/self_test.cmake)

add_test(NAME fwd COMMAND ${CMAKE_COMMAND} -D INCLUDE_DIR=${PROJECT_SOURCE_DIR}/include -P ${CMAKE_CURRENT_SOURCE_DIR}/fwd/check.cmake)

if(DOXYGEN_FOUND)  # the API reference; a warning is an error
  add_test(NAME docs COMMAND Doxygen::doxygen ${PROJECT_BINARY_DIR}/Doxyfile)
endif()
