# Finds libwebp with its demuxer and defines WebP::webp and WebP::webpdemux.
# Installed with clipConfig.cmake, since few systems ship a CMake package of libwebp.
find_path(WebP_INCLUDE_DIR NAMES webp/demux.h DOC "Folder that holds webp/demux.h")
find_library(WebP_LIBRARY NAMES webp DOC "libwebp")
find_library(WebP_DEMUX_LIBRARY NAMES webpdemux DOC "libwebpdemux")
mark_as_advanced(WebP_INCLUDE_DIR WebP_LIBRARY WebP_DEMUX_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(WebP REQUIRED_VARS WebP_LIBRARY WebP_DEMUX_LIBRARY WebP_INCLUDE_DIR)

if(WebP_FOUND AND NOT TARGET WebP::webp)
  add_library(WebP::webp UNKNOWN IMPORTED)
  set_target_properties(WebP::webp PROPERTIES IMPORTED_LOCATION "${WebP_LIBRARY}"
                                              INTERFACE_INCLUDE_DIRECTORIES "${WebP_INCLUDE_DIR}")
  add_library(WebP::webpdemux UNKNOWN IMPORTED)
  set_target_properties(WebP::webpdemux PROPERTIES IMPORTED_LOCATION "${WebP_DEMUX_LIBRARY}"
                                                   INTERFACE_INCLUDE_DIRECTORIES "${WebP_INCLUDE_DIR}"
                                                   INTERFACE_LINK_LIBRARIES WebP::webp)
endif()
