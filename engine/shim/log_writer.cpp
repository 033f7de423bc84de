#include "engine/shim/log_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace stack::engine::shim {

namespace {

constexpr std::uint64_t least_payload = 4096;  ///< a record is not cut smaller than that, however small the limit

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool ends_with_whole_record(int fd, std::uint64_t size) {
  std::uint32_t length = 0;
  LogHeader header;
  if (size < log_overhead || ::pread(fd, &length, sizeof length, static_cast<off_t>(size - sizeof length)) != sizeof length)
    return false;
  if (length > size - log_overhead) return false;
  const auto start = static_cast<off_t>(size - log_overhead - length);
  return ::pread(fd, &header, sizeof header, start) == sizeof header && plausible(header) && header.length == length;
}

void make_directories(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
    ::mkdir(path.substr(0, at).c_str(), 0700);
  ::mkdir(path.c_str(), 0700);
}

}  // namespace

std::uint64_t whole_records(int fd, std::uint64_t size) {
  if (size == 0 || ends_with_whole_record(fd, size)) return size;
  std::uint64_t at = 0;
  while (size - at >= log_overhead) {
    LogHeader header;
    if (::pread(fd, &header, sizeof header, static_cast<off_t>(at)) != sizeof header || !plausible(header)) break;
    const std::uint64_t next = at + log_overhead + header.length;
    std::uint32_t trailer = 0;
    if (next > size || ::pread(fd, &trailer, sizeof trailer, static_cast<off_t>(next - sizeof trailer)) != sizeof trailer)
      break;
    if (trailer != header.length) break;
    at = next;
  }
  return at;
}

LogWriter::LogWriter(std::string directory, std::uint64_t max_size, std::uint32_t max_files)
    : directory_(std::move(directory)), max_size_(max_size), max_files_(std::max(max_files, 1u)) {
  if (directory_.empty()) return;
  make_directories(directory_);
  open();
}

std::string LogWriter::file(std::uint32_t number) const {
  const std::string current = directory_ + "/" + log_file_name;
  return number == 0 ? current : current + "." + std::to_string(number);
}

void LogWriter::open() {
  fd_.reset(::open(file(0).c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  struct stat info {};
  size_ = 0;
  if (!fd_ || ::fstat(fd_.get(), &info) != 0) return;
  size_ = whole_records(fd_.get(), static_cast<std::uint64_t>(info.st_size));
  if (size_ != static_cast<std::uint64_t>(info.st_size) && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) fd_.reset();
}

void LogWriter::rotate() {
  for (std::uint32_t number = max_files_ - 1; number > 0; --number) ::rename(file(number - 1).c_str(), file(number).c_str());
  if (max_files_ == 1) ::unlink(file(0).c_str());
  open();
}

void LogWriter::set_limits(std::uint64_t max_size, std::uint32_t max_files) {
  for (std::uint32_t number = std::max(max_files, 1u); number < max_files_; ++number) ::unlink(file(number).c_str());
  max_size_ = max_size;
  max_files_ = std::max(max_files, 1u);
}

void LogWriter::write(LogStream stream, std::string_view payload) {
  if (directory_.empty()) return;
  // one read can hold more than a whole file may
  const std::uint64_t most = max_size_ > log_overhead + least_payload ? max_size_ - log_overhead : least_payload;
  while (!payload.empty()) {
    write_record(stream, payload.substr(0, most));
    payload.remove_prefix(std::min<std::size_t>(payload.size(), most));
  }
}

void LogWriter::write_record(LogStream stream, std::string_view payload) {
  if ((lost_bytes_ == 0 || tell_losses(stream)) && append(stream, payload)) return;
  why_lost_ = errno;
  lost_bytes_ += payload.size();
}

bool LogWriter::tell_losses(LogStream stream) {
  char line[160];
  const int length = std::snprintf(line, sizeof line, "stack: %llu bytes of output could not be recorded here: %s\n",
                                   static_cast<unsigned long long>(lost_bytes_), std::strerror(why_lost_));
  if (!append(stream, {line, static_cast<std::size_t>(length)})) return false;
  lost_bytes_ = 0;
  return true;
}

/// False, with errno: nothing of it is in the file.
bool LogWriter::append(LogStream stream, std::string_view payload) {
  if (!fd_) open();
  if (!fd_) return false;
  const std::uint64_t length = payload.size() + log_overhead;
  if (size_ != 0 && size_ + length > max_size_) rotate();
  if (!fd_) return false;
  LogHeader header;
  header.length = static_cast<std::uint32_t>(payload.size());
  header.stream = stream;
  header.flags = payload.back() == '\n' ? 0 : log_partial;
  header.time = now_ns();
  iovec parts[3] = {
      {&header, sizeof header}, {const_cast<char*>(payload.data()), payload.size()}, {&header.length, sizeof header.length}};
  ssize_t written = -1;
  do {
    written = ::writev(fd_.get(), parts, 3);
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(length)) {
    size_ += length;
    return true;
  }
  const int error = written < 0 ? errno : ENOSPC;  // what a short write means
  if (written > 0 && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0)
    fd_.reset();  // a disk that is full can be so for the truncation too: cut at the next open
  errno = error;
  return false;
}

}  // namespace stack::engine::shim
