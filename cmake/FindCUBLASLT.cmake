# Finds cuBLASLt 13 or newer, of the toolkit or of Python's package nvidia-cublas (whose library has no unversioned name: set
# CUBLASLT_ROOT to its folder nvidia/cu13), and defines CUBLASLT::cublasLt. Installed with clipConfig.cmake.
find_path(CUBLASLT_INCLUDE_DIR NAMES cublasLt.h HINTS ${CUDAToolkit_INCLUDE_DIRS} PATHS ENV CUDA_PATH /usr/local/cuda PATH_SUFFIXES include
          DOC "Folder that holds cublasLt.h")
find_library(CUBLASLT_LIBRARY NAMES cublasLt libcublasLt.so.13 NAMES_PER_DIR HINTS ${CUDAToolkit_LIBRARY_DIR} PATHS ENV CUDA_PATH /usr/local/cuda
             PATH_SUFFIXES lib64 lib lib/x64 DOC "cuBLASLt")
mark_as_advanced(CUBLASLT_INCLUDE_DIR CUBLASLT_LIBRARY)
if(EXISTS "${CUBLASLT_INCLUDE_DIR}/cublas_api.h")
  file(STRINGS "${CUBLASLT_INCLUDE_DIR}/cublas_api.h" version REGEX "^#define CUBLAS_VER_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" version "${version}")
  list(JOIN version "." CUBLASLT_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CUBLASLT REQUIRED_VARS CUBLASLT_LIBRARY CUBLASLT_INCLUDE_DIR VERSION_VAR CUBLASLT_VERSION)

if(CUBLASLT_FOUND AND NOT TARGET CUBLASLT::cublasLt)
  add_library(CUBLASLT::cublasLt UNKNOWN IMPORTED)
  set_target_properties(CUBLASLT::cublasLt PROPERTIES IMPORTED_LOCATION "${CUBLASLT_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CUBLASLT_INCLUDE_DIR}")
endif()
