# oddshot_folder(NAME SOURCES a.cc ... [PUBLIC targets ...] [PRIVATE targets ...])
# One folder of src/ as the static library oddshot_NAME (alias oddshot::NAME).
# oddshot_test(NAME SOURCES a_test.cc ... [LINK targets ...])
# The tests of one folder as one program, tests/NAME/..., each test its own ctest entry; linked with oddshot::NAME
# (if src/ has such a folder).

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_library(oddshot_flags INTERFACE)
target_compile_options(oddshot_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(oddshot_flags INTERFACE -Wno-restrict)  # wrong about "text" + std::string: GCC bug 105651
endif()
if(ODDSHOT_WARNINGS_AS_ERRORS)
  target_compile_options(oddshot_flags INTERFACE -Werror)
endif()
# The same bits from every compiler: a product and a sum are fused where a kernel says so, nowhere else.
target_compile_options(oddshot_flags INTERFACE -ffp-contract=off)
if(ODDSHOT_SANITIZE)
  add_compile_options(-fsanitize=${ODDSHOT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ODDSHOT_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-maybe-uninitialized)  # instrumented code confuses it, as GCC's manual says
  endif()
endif()
# Coverage that libFuzzer steers by; each target of fuzz/ links the fuzzer itself.
if(ODDSHOT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

function(oddshot_folder name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(oddshot_${name} STATIC ${arg_SOURCES})
  add_library(oddshot::${name} ALIAS oddshot_${name})
  target_include_directories(oddshot_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(oddshot_${name} PUBLIC ${arg_PUBLIC} PRIVATE $<BUILD_INTERFACE:oddshot_flags> ${arg_PRIVATE})
endfunction()

function(oddshot_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name}_tests ${arg_SOURCES})
  target_link_libraries(${name}_tests PRIVATE $<TARGET_NAME_IF_EXISTS:oddshot::${name}> oddshot_flags GTest::gtest_main ${arg_LINK})
  target_compile_definitions(${name}_tests PRIVATE ODDSHOT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ODDSHOT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(${name}_tests TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
endfunction()
