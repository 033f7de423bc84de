#include "engine/container/log_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/api/common_types.hpp"
#include "engine/container/log_archive.hpp"
#include "engine/shim/log_compress.hpp"

namespace stack::engine::container {

namespace {

constexpr std::size_t window = 512 * 1024;
constexpr int most_files = 10'000;  // a bound, not a setting: rotation numbers end at the first one missing

LogFile open_file(const std::string& path, shim::LogFormat format) {
  LogFile file{.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), .format = format};
  struct stat status {};
  if (!file.fd) {
    if (errno != ENOENT && errno != ENOTDIR) throw errno_error("open " + path);
    LogArchive archive = open_log_archive(path + shim::compressed_suffix);
    file.fd = std::move(archive.content);
    file.device = archive.device;
    file.inode = archive.inode;
    return file;
  }
  if (::fstat(file.fd.get(), &status) != 0) throw errno_error("stat " + path);
  file.device = status.st_dev;
  file.inode = status.st_ino;
  return file;
}

/// Opens from the youngest to the oldest. When a rotation happens meanwhile, the file opened last is met again under the next
/// number and left out; in the other order one would be missed. `stop` ends before its own file.
std::deque<LogFile> open_newest_first(const LogSource& source, const LogFile* stop, bool& stopped) {
  std::deque<LogFile> files;
  const std::string base = source.directory / source.file_name;
  for (int number = 0; number < most_files; ++number) {
    LogFile file = open_file(number == 0 ? base : base + "." + std::to_string(number), source.format);
    if (!file.fd && number == 0) continue;  // renamed, its successor not yet created
    if (!file.fd) break;
    if (stop != nullptr && file.same_as(*stop)) {
      stopped = true;
      break;
    }
    if (files.empty() || !file.same_as(files.front())) files.push_front(std::move(file));
  }
  return files;
}

bool read_exactly(const LogFile& file, char* to, std::size_t size, std::uint64_t offset) {
  while (size > 0) {
    const ssize_t count = ::pread(file.fd.get(), to, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw errno_error("read a container's log");
    if (count == 0) return false;
    to += count;
    size -= static_cast<std::size_t>(count);
    offset += static_cast<std::uint64_t>(count);
  }
  return true;
}

/// False: it is no line of such a log. The record's payload is `text`.
bool decode_line(std::string_view line, LogRecord& record, std::string& text) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object() || !object.contains("log") || !object["log"].is_string()) return false;
  text = object["log"].get<std::string>();
  if (text.empty()) return false;
  record.header = {};
  record.header.length = static_cast<std::uint32_t>(text.size());
  const auto stream = object.find("stream");
  if (stream != object.end() && *stream == "stderr") record.header.stream = shim::LogStream::err;
  if (text.back() != '\n') record.header.flags = shim::log_partial;
  const auto time = object.find("time");
  try {
    if (time != object.end() && time->is_string())
      if (const auto parsed = api::parse_timestamp(time->get<std::string>()))
        record.header.time = parsed->time_since_epoch().count();
  } catch (const Error&) {  // the text is worth more than its time
  }
  record.payload = text;
  return true;
}

std::uint32_t read_length(const char* at) {
  std::uint32_t length = 0;
  std::memcpy(&length, at, sizeof length);
  return length;
}

}  // namespace

std::deque<LogFile> open_log_files(const LogSource& source) {
  bool stopped = false;
  return open_newest_first(source, nullptr, stopped);
}

std::deque<LogFile> open_successors(const LogSource& source, const LogFile& known) {
  bool stopped = false;
  return open_newest_first(source, &known, stopped);
}

std::uint64_t size_of(const LogFile& file) {
  struct stat status {};
  if (::fstat(file.fd.get(), &status) != 0) throw errno_error("stat a container's log");
  return static_cast<std::uint64_t>(status.st_size);
}

/// Has the buffer hold [offset, offset + size) and what follows as far as it goes. False: the file ends before.
bool RecordReader::load(const LogFile& file, std::uint64_t offset, std::size_t size, std::uint64_t limit) {
  if (offset >= begin_ && offset + size <= end_) return true;
  const auto room = std::min<std::uint64_t>(std::max(window, size), limit > offset ? limit - offset : 0);
  if (room < size) return false;
  if (buffer_.size() < room) buffer_.resize(std::max<std::size_t>(room, window));
  begin_ = end_ = offset;
  while (end_ - begin_ < room) {
    const ssize_t count =
        ::pread(file.fd.get(), buffer_.data() + (end_ - begin_), room - (end_ - begin_), static_cast<off_t>(end_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw errno_error("read a container's log");
    if (count == 0) break;
    end_ += static_cast<std::uint64_t>(count);
  }
  return offset + size <= end_;
}

/// A line of a json-file log; the next one that is any, should there be others between.
bool RecordReader::next_line(const LogFile& file, std::uint64_t& offset, std::uint64_t limit, LogRecord& record) {
  for (std::size_t need = 1; load(file, offset, need, limit);) {
    const char* line = buffer_.data() + (offset - begin_);
    const auto have = static_cast<std::size_t>(std::min(end_, limit) - offset);
    const auto* end = static_cast<const char*>(std::memchr(line, '\n', have));
    if (end == nullptr) {
      need = have + 1;
      continue;
    }
    const auto length = static_cast<std::size_t>(end - line);
    offset += length + 1;
    need = 1;
    if (decode_line({line, length}, record, text_)) return true;
  }
  return false;
}

bool RecordReader::next(const LogFile& file, std::uint64_t& offset, std::uint64_t limit, LogRecord& record) {
  if (file.format == shim::LogFormat::json) return next_line(file, offset, limit, record);
  if (!load(file, offset, sizeof record.header, limit)) return false;
  std::memcpy(&record.header, buffer_.data() + (offset - begin_), sizeof record.header);
  if (!shim::plausible(record.header)) return false;
  const std::size_t whole = record.header.length + shim::log_overhead;
  if (!load(file, offset, whole, limit)) return false;
  const char* payload = buffer_.data() + (offset - begin_) + sizeof record.header;
  if (read_length(payload + record.header.length) != record.header.length) return false;
  record.payload = {payload, record.header.length};
  offset += whole;
  return true;
}

namespace {

/// Behind the last line end.
std::uint64_t end_of_lines(const LogFile& file) {
  std::vector<char> block(64 * 1024);
  for (std::uint64_t end = size_of(file); end > 0;) {
    const std::uint64_t from = end - std::min<std::uint64_t>(end, block.size());
    if (!read_exactly(file, block.data(), end - from, from)) return 0;
    const std::size_t found = std::string_view(block.data(), end - from).rfind('\n');
    if (found != std::string_view::npos) return from + found + 1;
    end = from;
  }
  return 0;
}

}  // namespace

/// The quick way: the trailing length leads to a header that agrees. Else (a torn record) the records are walked from the
/// beginning.
std::uint64_t end_of_records(const LogFile& file) {
  if (file.format == shim::LogFormat::json) return end_of_lines(file);
  const std::uint64_t size = size_of(file);
  if (size >= shim::log_overhead) {
    std::array<char, shim::log_trailer_size> trailer{};
    shim::LogHeader header;
    if (read_exactly(file, trailer.data(), trailer.size(), size - trailer.size())) {
      const std::uint64_t whole = std::uint64_t{read_length(trailer.data())} + shim::log_overhead;
      if (whole <= size && read_exactly(file, reinterpret_cast<char*>(&header), sizeof header, size - whole) &&
          plausible(header) && header.length + shim::log_overhead == whole)
        return size;
    }
  }
  RecordReader reader;
  LogRecord record;
  std::uint64_t offset = 0;
  while (reader.next(file, offset, size, record)) {
  }
  return offset;
}

namespace {

bool for_each_line_backward(const LogFile& file,
                            const std::function<bool(const LogRecord& record, std::uint64_t offset)>& visit) {
  std::string bytes;  // of the file from `begin` on, up to the line looked at
  std::uint64_t begin = end_of_lines(file);
  std::string text;
  while (begin > 0 || !bytes.empty()) {
    const std::size_t before = bytes.size() > 1 ? bytes.rfind('\n', bytes.size() - 2) : std::string::npos;
    if (before == std::string::npos && begin > 0) {  // the line begins further ahead
      const std::uint64_t from = begin - std::min<std::uint64_t>(begin, window);
      std::string more(begin - from, '\0');
      if (!read_exactly(file, more.data(), more.size(), from)) return true;
      bytes.insert(0, more);
      begin = from;
      continue;
    }
    const std::size_t start = before == std::string::npos ? 0 : before + 1;
    LogRecord record;
    const std::string_view line = std::string_view(bytes).substr(start, bytes.size() - start - 1);
    if (decode_line(line, record, text) && !visit(record, begin + start)) return false;
    bytes.resize(start);
  }
  return true;
}

}  // namespace

bool for_each_record_backward(const LogFile& file,
                              const std::function<bool(const LogRecord& record, std::uint64_t offset)>& visit) {
  if (file.format == shim::LogFormat::json) return for_each_line_backward(file, visit);
  std::vector<char> buffer;
  std::uint64_t begin = 0;  // of the buffer in the file
  std::uint64_t loaded_end = 0;
  const auto load = [&](std::uint64_t from, std::uint64_t to) {  // has the buffer hold [from, to)
    if (from >= begin && to <= loaded_end) return true;
    begin = std::min(from, to > window ? to - window : 0);
    buffer.resize(to - begin);
    loaded_end = to;
    return read_exactly(file, buffer.data(), buffer.size(), begin);
  };
  std::uint64_t end = end_of_records(file);
  while (end >= shim::log_overhead) {
    if (!load(end - shim::log_trailer_size, end)) return true;
    const std::uint64_t whole =
        std::uint64_t{read_length(buffer.data() + (end - begin) - shim::log_trailer_size)} + shim::log_overhead;
    if (whole > end || !load(end - whole, end)) return true;
    const std::uint64_t offset = end - whole;
    LogRecord record;
    std::memcpy(&record.header, buffer.data() + (offset - begin), sizeof record.header);
    if (!plausible(record.header) || record.header.length + shim::log_overhead != whole) return true;
    record.payload = {buffer.data() + (offset - begin) + sizeof record.header, record.header.length};
    if (!visit(record, offset)) return false;
    end = offset;
  }
  return true;
}

}  // namespace stack::engine::container
