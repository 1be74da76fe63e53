# Installation of the headers, the CMake package (find_package(clip)) and the pkg-config file. All are independent of
# the machine and go to share/, unless clip::precompiled or clip::cuda is installed as well.
include(CMakePackageConfigHelpers)

install(TARGETS clip EXPORT clipTargets FILE_SET HEADERS)
set(libraries "")
if(CLIP_BUILD_PRECOMPILED)
  list(APPEND libraries clip_precompiled)
endif()
if(CLIP_WITH_CUDA)
  list(APPEND libraries clip_cuda)
endif()
if(libraries)
  install(TARGETS ${libraries} EXPORT clipTargets)
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/clip)
  set(independent "")
else()
  set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/clip)
  set(independent ARCH_INDEPENDENT)
endif()
install(EXPORT clipTargets NAMESPACE clip:: DESTINATION ${package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/clipConfig.cmake.in ${PROJECT_BINARY_DIR}/clipConfig.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change names.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/clipConfigVersion.cmake COMPATIBILITY SameMinorVersion ${independent})
install(FILES ${PROJECT_BINARY_DIR}/clipConfig.cmake ${PROJECT_BINARY_DIR}/clipConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindStb.cmake ${PROJECT_SOURCE_DIR}/cmake/FindWebP.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindCUBLASLT.cmake ${PROJECT_SOURCE_DIR}/cmake/ClipCudaFunctions.cmake
        DESTINATION ${package_dir})

# The pkg-config file derives the prefix from its own path, so that an installed tree can be moved.
set(pkgconfig_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig)
file(RELATIVE_PATH prefix_from_pkgconfig /prefix/${pkgconfig_dir} /prefix)
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
set(pc_requires "eigen3 >= 3.4, nlohmann_json")
set(pc_definitions "")
set(pc_name_of_ZLIB "zlib")
set(pc_name_of_JPEG "libjpeg")
set(pc_name_of_PNG "libpng")
set(pc_name_of_WEBP "libwebpdemux, libwebp")
foreach(name ZLIB JPEG PNG WEBP)
  if(CLIP_WITH_${name})
    string(APPEND pc_requires ", ${pc_name_of_${name}}")
    string(APPEND pc_definitions " -DCLIP_HAS_${name}=1")
  endif()
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/cmake/clip.pc.in ${PROJECT_BINARY_DIR}/clip.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/clip.pc DESTINATION ${pkgconfig_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
