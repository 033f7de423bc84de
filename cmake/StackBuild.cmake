# Flags that hold for every target, and the helpers stack_library() and stack_test().
option(STACK_BUILD_TESTS "Build the test suite" ON)
option(STACK_BUILD_BENCH "Build the benchmarks" OFF)
option(STACK_BUILD_FUZZ "Build the libFuzzer targets (clang)" OFF)
set(STACK_SANITIZER "" CACHE STRING "Value of -fsanitize= for every target, e.g. address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# -fPIE for libraries too (none is shared): one set of flags, so that every target can use the same precompiled headers.
add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers -fPIE -ffunction-sections -fdata-sections)
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT)
# GCC 12 reports false positives of these inside inlined std::string and coroutine frames (GCC bugs 105329, 105562, 103993,
# 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict> $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>
                      $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete> $<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds>
                      $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overflow>)
endif()
add_link_options(-Wl,--gc-sections)
find_program(STACK_MOLD mold)
if(STACK_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT STACK_SANITIZER)
  add_link_options(-fuse-ld=mold)
endif()
if(STACK_SANITIZER)
  add_compile_options(-fsanitize=${STACK_SANITIZER} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${STACK_SANITIZER})
  if(STACK_SANITIZER MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # it does not know the fences of Asio
  endif()
endif()

find_program(STACK_CCACHE ccache)
if(STACK_CCACHE)
  # Paths relative to the source folder, so that several worktrees share one cache; sloppiness is what precompiled headers need.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime" ${STACK_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()

include_directories(${CMAKE_SOURCE_DIR})

# stack_library(NAME [PCH base|asio] [SOURCES ...] [DEPS ...])
# A static library of the current folder: every .cpp in it, unless SOURCES says otherwise.
# PCH base: standard library and nlohmann/json; asio: Boost.Asio with coroutines as well.
function(stack_library name)
  cmake_parse_arguments(arg "" "PCH" "SOURCES;DEPS" ${ARGN})
  if(NOT arg_SOURCES)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS *.cpp)
  endif()
  if(NOT arg_SOURCES)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${arg_DEPS})
    return()
  endif()
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_DEPS})
  stack_use_pch(${name} "${arg_PCH}")
endfunction()

function(stack_use_pch target kind)
  if(NOT kind)
    set(kind base)
  endif()
  target_precompile_headers(${target} REUSE_FROM stack_pch_${kind})
endfunction()

# stack_test(NAME SOURCES ... DEPS ... [LABELS ...]): a GoogleTest program, one ctest entry per TEST.
function(stack_test name)
  cmake_parse_arguments(arg "" "PCH;TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} GTest::gmock GTest::gtest_main)
  stack_use_pch(${name} "${arg_PCH}")
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()
