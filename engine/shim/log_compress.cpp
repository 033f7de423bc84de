#include "engine/shim/log_compress.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>

#include "base/unique_fd.hpp"

namespace stack::engine::shim {

namespace {

bool write_all(int fd, const unsigned char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool deflate_file(int from, int to, std::string comment) {
  constexpr int gzip = 16, window_bits = 15, memory_level = 8;
  static unsigned char in[64 * 1024], out[64 * 1024];
  z_stream stream{};
  gz_header header{};
  header.comment = reinterpret_cast<Bytef*>(comment.data());
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits + gzip, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    return false;
  if (::deflateSetHeader(&stream, &header) != Z_OK) return false;
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    const ssize_t n = ::read(from, in, sizeof in);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    stream.next_in = in;
    stream.avail_in = static_cast<uInt>(n);
    do {
      stream.next_out = out;
      stream.avail_out = sizeof out;
      state = ::deflate(&stream, n == 0 ? Z_FINISH : Z_NO_FLUSH);
      if (state == Z_STREAM_ERROR || !write_all(to, out, sizeof out - stream.avail_out)) return false;
    } while (stream.avail_out == 0);
  }
  ::deflateEnd(&stream);
  return true;
}

/// What goes wrong leaves the file as it is.
void compress(int from, const std::string& path) {
  struct stat info {};
  if (::fstat(from, &info) != 0) return;
  const std::string temporary = path + compressed_suffix + ".new";
  const UniqueFd to(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, info.st_mode & 0777));
  const std::string identity = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  if (!to || !deflate_file(from, to.get(), identity) || ::rename(temporary.c_str(), (path + compressed_suffix).c_str()) != 0) {
    ::unlink(temporary.c_str());
    return;
  }
  ::unlink(path.c_str());
}

}  // namespace

void compress_in_background(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  // the lock belongs to the open file: the process that compresses holds it until it ends
  if (!file || ::flock(file.get(), LOCK_EX) != 0) return;
  const pid_t between = ::fork();
  if (between == 0) {
    if (::fork() != 0) ::_exit(0);  // so that nobody has to wait for who compresses
    constexpr int kept = 3;
    if (::dup2(file.get(), kept) == kept) {
      ::close_range(kept + 1, ~0U, 0);  // pipes of the container must end when they end
      compress(kept, path);
    }
    ::_exit(0);
  }
  if (between > 0) ::waitpid(between, nullptr, 0);
}

void wait_for_compression(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file) ::flock(file.get(), LOCK_EX);
}

}  // namespace stack::engine::shim
