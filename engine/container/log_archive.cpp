#include "engine/container/log_archive.hpp"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

constexpr std::size_t block = 256 * 1024;

void write_all(int fd, const std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw errno_error("decompress a container's log");
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
}

/// On the disk that has the log, where it does not take memory.
UniqueFd nameless_file(const std::string& beside) {
  UniqueFd file(::open(beside.substr(0, beside.rfind('/')).c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  if (!file) file.reset(::memfd_create("log", MFD_CLOEXEC));
  if (!file) throw errno_error("decompress " + beside);
  return file;
}

std::vector<std::uint8_t> read_whole(int fd, const std::string& path) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t have = 0;;) {
    bytes.resize(have + block);
    const ssize_t n = ::read(fd, bytes.data() + have, block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error("read " + path);
    have += static_cast<std::size_t>(n);
    bytes.resize(have);
    if (n == 0) return bytes;
  }
}

}  // namespace

LogArchive open_log_archive(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno != ENOENT && errno != ENOTDIR) throw errno_error("open " + path);
    return {};
  }
  std::vector<std::uint8_t> bytes = read_whole(file.get(), path);
  isal_gzip_header header;
  ::isal_gzip_header_init(&header);
  char comment[64] = {};
  header.comment = comment;
  header.comment_buf_len = sizeof comment - 1;
  inflate_state state;
  ::isal_inflate_init(&state);
  state.next_in = bytes.data();
  state.avail_in = static_cast<std::uint32_t>(bytes.size());
  state.crc_flag = ISAL_GZIP_NO_HDR_VER;
  LogArchive archive{.content = nameless_file(path)};
  if (::isal_read_gzip_header(&state, &header) != ISAL_DECOMP_OK) return archive;  // cut off by a power loss: nothing is in it
  unsigned long long device = 0, inode = 0;
  if (std::sscanf(comment, "%llu:%llu", &device, &inode) == 2) {
    archive.device = static_cast<dev_t>(device);
    archive.inode = static_cast<ino_t>(inode);
  }
  std::vector<std::uint8_t> out(block);
  while (state.block_state != ISAL_BLOCK_FINISH) {
    state.next_out = out.data();
    state.avail_out = static_cast<std::uint32_t>(out.size());
    const int result = ::isal_inflate(&state);
    write_all(archive.content.get(), out.data(), out.size() - state.avail_out);
    if (result != ISAL_DECOMP_OK || state.avail_out == out.size()) break;
  }
  return archive;
}

}  // namespace stack::engine::container
