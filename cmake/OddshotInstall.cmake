# The library as others use it: one shared liboddshot made of the folders' objects, the headers, the program, the suites, and the CMake
# package `find_package(oddshot)` with the target oddshot::oddshot. A user needs none of the third-party development packages.
include(CMakePackageConfigHelpers)

add_library(oddshot_shared SHARED)
add_library(oddshot::oddshot ALIAS oddshot_shared)
set_target_properties(oddshot_shared PROPERTIES
  OUTPUT_NAME oddshot EXPORT_NAME oddshot VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} LINKER_LANGUAGE CXX)
foreach(folder IN LISTS ODDSHOT_FOLDERS ITEMS readers suite_files)
  target_sources(oddshot_shared PRIVATE $<TARGET_OBJECTS:oddshot_${folder}>)
  target_link_libraries(oddshot_shared PRIVATE oddshot_${folder})
endforeach()
target_include_directories(oddshot_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(oddshot_shared INTERFACE cxx_std_20)

# Arrow from the wheel is a part of what is installed (lib/oddshot), so that the program runs on when .venv is gone; Arrow from the system
# is found where the system has it.
set_target_properties(oddshot_shared PROPERTIES INSTALL_RPATH "$ORIGIN/oddshot" INSTALL_RPATH_USE_LINK_PATH OFF)
if(TARGET oddshot_arrow_arrow)
  install(FILES $<TARGET_FILE:oddshot_arrow_arrow> $<TARGET_FILE:oddshot_arrow_parquet> DESTINATION ${CMAKE_INSTALL_LIBDIR}/oddshot)
endif()
set_target_properties(oddshot_cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/oddshot" INSTALL_RPATH_USE_LINK_PATH OFF)
install(TARGETS oddshot_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# What shells complete by and the manual page: printed by the program itself (faces/cli).
if(NOT CMAKE_CROSSCOMPILING)
  install(FILES ${PROJECT_BINARY_DIR}/oddshot.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME oddshot)
  install(FILES ${PROJECT_BINARY_DIR}/_oddshot DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${PROJECT_BINARY_DIR}/oddshot.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  install(FILES ${PROJECT_BINARY_DIR}/oddshot.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/oddshot)
install(TARGETS oddshot_shared EXPORT oddshot_targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/oddshot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/suites DESTINATION ${CMAKE_INSTALL_DATADIR}/oddshot FILES_MATCHING PATTERN "*.toml")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models DESTINATION ${CMAKE_INSTALL_DATADIR}/oddshot FILES_MATCHING PATTERN "*.safetensors")
install(EXPORT oddshot_targets NAMESPACE oddshot:: FILE oddshot-config.cmake DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/oddshot-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/oddshot-config-version.cmake DESTINATION ${package})
