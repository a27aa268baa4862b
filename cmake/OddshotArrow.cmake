# Apache Arrow C++ with Parquet as the imported target oddshot_arrow: from the system if present, else from the pyarrow wheel in .venv.
#
# Why a wheel: Debian and Ubuntu package no Arrow C++, building it takes half an hour, and the wheel ships the headers and shared libraries
# for exactly this use. requirements/arrow.txt pins pyarrow 21.0.0:
#  - its manylinux_2_28 wheels have the new std::string ABI (_GLIBCXX_USE_CXX11_ABI=1), need no libstdc++ newer than GCC 7's and no glibc newer
#    than 2.28, and exist for CPython 3.9 to 3.13 on x86-64 and arm64;
#  - since 21 the compute functions are a library of their own, which we do not use. libarrow and libparquet add about 5 ms to the start of a
#    program (6 to 8 ms before the split).
#
# ODDSHOT_ARROW_PYTHON names the interpreter that has pyarrow; set it to build against another environment (a conda one, say).
# Imported, so its headers are system headers: our warning flags do not reach them. Usable from the installed package too.
#
# Sanitizers: the libraries are not instrumented. Under ASan and UBSan that is harmless; ARROW_DEFAULT_MEMORY_POOL=system makes Arrow's buffers
# watched ones. Under TSan what Arrow's threads do to each other is partly invisible, so tests that read files are not run there.

if(TARGET oddshot_arrow)
  return()
endif()

find_package(Arrow CONFIG QUIET)
if(Arrow_FOUND)
  find_package(Parquet CONFIG QUIET)
endif()

add_library(oddshot_arrow INTERFACE IMPORTED GLOBAL)

# 21 is the first release with the calls we use (record batches of a Parquet file as a Result).
if(TARGET Arrow::arrow_shared AND Arrow_VERSION VERSION_GREATER_EQUAL 21 AND TARGET Parquet::parquet_shared)
  set(ODDSHOT_ARROW_ORIGIN "Arrow ${Arrow_VERSION} of the system")
  set_target_properties(oddshot_arrow PROPERTIES INTERFACE_LINK_LIBRARIES "Parquet::parquet_shared;Arrow::arrow_shared")
else()
  get_filename_component(_oddshot_venv_python "${CMAKE_CURRENT_LIST_DIR}/../.venv/bin/python" ABSOLUTE)
  set(ODDSHOT_ARROW_PYTHON "${_oddshot_venv_python}" CACHE FILEPATH "Python interpreter whose pyarrow gives Arrow C++")
  set(_oddshot_answer "")
  if(EXISTS "${ODDSHOT_ARROW_PYTHON}")
    execute_process(
      COMMAND "${ODDSHOT_ARROW_PYTHON}" -c
              "import pyarrow; print(pyarrow.get_include(), pyarrow.get_library_dirs()[0], pyarrow.__version__, sep=';', end='')"
      OUTPUT_VARIABLE _oddshot_answer ERROR_QUIET)
  endif()
  list(LENGTH _oddshot_answer _oddshot_parts)
  if(NOT _oddshot_parts EQUAL 3)
    message(FATAL_ERROR "No Apache Arrow: neither the system nor ${ODDSHOT_ARROW_PYTHON} has it. Run ./dev build, which fetches it, or\n"
                        "  python3 -m venv .venv && .venv/bin/pip install -r requirements/arrow.txt")
  endif()
  list(GET _oddshot_answer 0 _oddshot_include)
  list(GET _oddshot_answer 1 _oddshot_folder)
  list(GET _oddshot_answer 2 _oddshot_version)
  set(ODDSHOT_ARROW_ORIGIN "Arrow ${_oddshot_version} of the pyarrow wheel in ${_oddshot_folder}")

  # The wheel holds libarrow.so.2100 without the plain libarrow.so that -larrow would look for: link the files themselves.
  foreach(_oddshot_name IN ITEMS parquet arrow)
    file(GLOB _oddshot_library LIST_DIRECTORIES false "${_oddshot_folder}/lib${_oddshot_name}.so.*" "${_oddshot_folder}/lib${_oddshot_name}.*.dylib")
    list(LENGTH _oddshot_library _oddshot_count)
    if(NOT _oddshot_count EQUAL 1)
      message(FATAL_ERROR "Expected one lib${_oddshot_name} in ${_oddshot_folder}, found ${_oddshot_count}. "
                          "Install pyarrow anew: .venv/bin/pip install --force-reinstall -r requirements/arrow.txt")
    endif()
    add_library(oddshot_arrow_${_oddshot_name} SHARED IMPORTED GLOBAL)
    set_target_properties(oddshot_arrow_${_oddshot_name} PROPERTIES IMPORTED_LOCATION "${_oddshot_library}"
                                                                   INTERFACE_INCLUDE_DIRECTORIES "${_oddshot_include}")
  endforeach()
  set_target_properties(oddshot_arrow PROPERTIES INTERFACE_LINK_LIBRARIES "oddshot_arrow_parquet;oddshot_arrow_arrow")
endif()

# Programs find the libraries where they were linked, in the build tree (CMake's default) and installed.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
message(STATUS "Arrow: ${ODDSHOT_ARROW_ORIGIN}")
