# Everything comes from Debian 12. Static archives where Debian ships one, so that one folder is an installation and
# start-up does not pay for relocating libraries a command does not use.
include(GoogleTest)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(GTest REQUIRED)

# stack_static(NAME FILE [DEPS...]): imported target for a static archive, falling back to the shared library.
function(stack_static name file)
  find_library(STACK_LIB_${file} NAMES lib${file}.a ${file} REQUIRED)
  # a library with its dependencies, not a bare path: CMake keeps the order that linkers which read archives once need
  add_library(stack::${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(stack::${name} PROPERTIES IMPORTED_LOCATION ${STACK_LIB_${file}})
  target_link_libraries(stack::${name} INTERFACE ${ARGN})
endfunction()

stack_static(z z)
stack_static(zstd zstd)
stack_static(isal isal)
stack_static(lzma lzma Threads::Threads)
stack_static(bz2 bz2)
stack_static(crypto crypto Threads::Threads ${CMAKE_DL_LIBS})
stack_static(ssl ssl stack::crypto)
stack_static(yaml yaml-cpp)
stack_static(re2 re2 Threads::Threads)
stack_static(sqlite sqlite3 Threads::Threads ${CMAKE_DL_LIBS} m)
stack_static(seccomp seccomp)
stack_static(cap cap)
# only tar with gzip/zstd filters is referenced, so the archive's other back ends are never pulled in
stack_static(archive archive stack::z stack::zstd stack::crypto)
if(STACK_SANITIZER)
  set(STACK_STATIC_LINK "")
else()
  set(STACK_STATIC_LINK -static-libgcc -static-libstdc++)
endif()
add_library(stack::boost INTERFACE IMPORTED GLOBAL)
target_link_libraries(stack::boost INTERFACE Boost::headers Threads::Threads)

foreach(kind base asio)
  file(WRITE ${CMAKE_BINARY_DIR}/pch_${kind}.cpp.in "")
  configure_file(${CMAKE_BINARY_DIR}/pch_${kind}.cpp.in ${CMAKE_BINARY_DIR}/pch_${kind}.cpp COPYONLY)
  add_library(stack_pch_${kind} OBJECT ${CMAKE_BINARY_DIR}/pch_${kind}.cpp)
endforeach()
set(STACK_STD_HEADERS <algorithm> <array> <chrono> <cstdint> <cstring> <filesystem> <functional> <map> <memory> <optional> <set>
    <span> <stdexcept> <string> <string_view> <system_error> <unordered_map> <utility> <variant> <vector>
    <nlohmann/json.hpp> <fmt/format.h>)
target_precompile_headers(stack_pch_base PRIVATE ${STACK_STD_HEADERS})
target_precompile_headers(stack_pch_asio PRIVATE ${STACK_STD_HEADERS}
    <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp> <boost/asio/steady_timer.hpp>
    <boost/asio/use_awaitable.hpp> <boost/asio/detached.hpp> <boost/asio/local/stream_protocol.hpp>
    <boost/asio/posix/stream_descriptor.hpp> <boost/asio/experimental/awaitable_operators.hpp>)
