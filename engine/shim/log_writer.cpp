#include "engine/shim/log_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "engine/shim/json_log.hpp"
#include "engine/shim/log_compress.hpp"

namespace stack::engine::shim {

namespace {

constexpr std::uint64_t least_payload = 4096;  ///< a record is not cut smaller than that, however small the limit

constexpr std::size_t most_pending = 32 * 1024;  ///< of json lines, before they are written

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

std::uint64_t whole_lines(int fd, std::uint64_t size) {
  char block[4096];
  while (size > 0) {
    const std::uint64_t from = size - std::min<std::uint64_t>(size, sizeof block);
    const ssize_t count = ::pread(fd, block, size - from, static_cast<off_t>(from));
    if (count != static_cast<ssize_t>(size - from)) return 0;
    const std::size_t end = std::string_view(block, size - from).rfind('\n');
    if (end != std::string_view::npos) return from + end + 1;
    size = from;
  }
  return 0;
}

LogWriter::LogWriter(LogSettings settings) : settings_(std::move(settings)) {
  settings_.max_files = std::max(settings_.max_files, 1u);
  if (settings_.directory.empty()) return;
  make_directories(settings_.directory);
  open();
}

LogWriter::LogWriter(std::string directory, std::uint64_t max_size, std::uint32_t max_files)
    : LogWriter(LogSettings{.directory = std::move(directory), .max_size = max_size, .max_files = max_files}) {}

LogWriter::~LogWriter() {
  for (const LogStream stream : {LogStream::out, LogStream::err}) {
    const std::string rest = std::move(tails_[stream == LogStream::err ? 1 : 0]);
    if (!rest.empty()) add_line(stream, rest, json_log_time(now_ns()));
  }
  flush_lines();
}

std::string LogWriter::file(std::uint32_t number) const {
  const std::string current = settings_.directory + "/" + settings_.file_name;
  return number == 0 ? current : current + "." + std::to_string(number);
}

void LogWriter::open() {
  fd_.reset(::open(file(0).c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  struct stat info {};
  size_ = 0;
  if (!fd_ || ::fstat(fd_.get(), &info) != 0) return;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  size_ = settings_.format == LogFormat::json ? whole_lines(fd_.get(), size) : whole_records(fd_.get(), size);
  if (size_ != size && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) fd_.reset();
}

void LogWriter::remove(std::uint32_t number) const {
  ::unlink(file(number).c_str());
  ::unlink((file(number) + compressed_suffix).c_str());
}

void LogWriter::shift(std::uint32_t number) const {
  remove(number + 1);
  ::rename(file(number).c_str(), file(number + 1).c_str());
  ::rename((file(number) + compressed_suffix).c_str(), (file(number + 1) + compressed_suffix).c_str());
}

void LogWriter::rotate() {
  if (settings_.compress) wait_for_compression(file(1));
  if (settings_.max_files == 1)
    remove(0);
  else
    for (std::uint32_t number = settings_.max_files - 1; number > 0; --number) shift(number - 1);
  open();
  if (settings_.compress && settings_.max_files > 1) compress_in_background(file(1));
}

void LogWriter::set_limits(std::uint64_t max_size, std::uint32_t max_files) {
  for (std::uint32_t number = std::max(max_files, 1u); number < settings_.max_files; ++number) remove(number);
  settings_.max_size = max_size;
  settings_.max_files = std::max(max_files, 1u);
}

void LogWriter::write(LogStream stream, std::string_view payload) {
  if (settings_.directory.empty()) return;
  if (settings_.format == LogFormat::json) return write_lines(stream, payload);
  // one read can hold more than a whole file may
  const std::uint64_t limit = settings_.max_size == 0 ? log_max_payload : settings_.max_size;
  const std::uint64_t most = limit > log_overhead + least_payload ? limit - log_overhead : least_payload;
  while (!payload.empty()) {
    write_record(stream, payload.substr(0, most));
    payload.remove_prefix(std::min<std::size_t>(payload.size(), most));
  }
}

/// Lines of one read share their time, and mostly one write.
void LogWriter::write_lines(LogStream stream, std::string_view payload) {
  std::string& tail = tails_[stream == LogStream::err ? 1 : 0];
  std::string joined;
  if (!tail.empty()) {
    joined = std::move(tail) + std::string(payload);
    payload = joined;
    tail.clear();
  }
  const std::size_t unfinished = unfinished_character(payload);
  tail = payload.substr(payload.size() - unfinished);
  payload.remove_suffix(unfinished);
  const std::string time = json_log_time(now_ns());
  while (!payload.empty()) {
    std::string_view text = payload.substr(0, std::min(payload.find('\n'), payload.size() - 1) + 1);
    if (text.size() > json_log_longest_text) {
      text = text.substr(0, json_log_longest_text);
      text.remove_suffix(unfinished_character(text));
    }
    add_line(stream, text, time);
    payload.remove_prefix(text.size());
  }
  flush_lines();
}

void LogWriter::add_line(LogStream stream, std::string_view text, std::string_view time) {
  if (settings_.max_size != 0 && size_ + lines_.size() >= settings_.max_size) {
    flush_lines();
    rotate();
  }
  append_json_line(lines_, stream, text, settings_.attributes, time);
  if (lines_.size() >= most_pending) flush_lines();
}

void LogWriter::flush_lines() {
  if (lines_.empty()) return;
  const std::uint64_t lost = lines_.size();
  if (lost_bytes_ != 0) {
    std::string told;
    append_json_line(told, LogStream::err, losses(), settings_.attributes, json_log_time(now_ns()));
    lines_.insert(0, told);
  }
  if (!fd_) open();
  const ssize_t written = fd_ ? ::write(fd_.get(), lines_.data(), lines_.size()) : -1;
  if (written == static_cast<ssize_t>(lines_.size())) {
    size_ += lines_.size();
    lost_bytes_ = 0;
  } else {
    why_lost_ = written < 0 ? errno : ENOSPC;  // what a short write means
    lost_bytes_ += lost;
    if (written > 0 && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0)
      fd_.reset();  // a disk that is full can be so for the truncation too: cut at the next open
  }
  lines_.clear();
}

std::string LogWriter::losses() const {
  return "stack: " + std::to_string(lost_bytes_) + " bytes of output could not be recorded here: " + std::strerror(why_lost_) +
         "\n";
}

void LogWriter::write_record(LogStream stream, std::string_view payload) {
  if ((lost_bytes_ == 0 || tell_losses(stream)) && append(stream, payload)) return;
  why_lost_ = errno;
  lost_bytes_ += payload.size();
}

bool LogWriter::tell_losses(LogStream stream) {
  if (!append(stream, losses())) return false;
  lost_bytes_ = 0;
  return true;
}

/// False, with errno: nothing of it is in the file.
bool LogWriter::append(LogStream stream, std::string_view payload) {
  if (!fd_) open();
  if (!fd_) return false;
  const std::uint64_t length = payload.size() + log_overhead;
  if (size_ != 0 && settings_.max_size != 0 && size_ + length > settings_.max_size) rotate();
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
