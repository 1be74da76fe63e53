# cmake -D PROGRAM=… -D EXPECTED=… -P CompareOutput.cmake: runs the program and
# compares its output with the file EXPECTED.
execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE status OUTPUT_VARIABLE printed)
file(READ ${EXPECTED} expected)
if(NOT status STREQUAL "0")
  message(FATAL_ERROR "${PROGRAM}: exit status ${status}\n${printed}")
endif()
if(NOT printed STREQUAL expected)
  message(FATAL_ERROR "${PROGRAM}: expected (${EXPECTED}):\n${expected}\nfound:\n${printed}")
endif()
