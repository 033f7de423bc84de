#include "engine/container/logs.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <limits>

#include "base/error.hpp"
#include "engine/api/common_types.hpp"
#include "engine/container/log_files.hpp"
#include "engine/container/log_output.hpp"
#include "engine/container/log_tail.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::container {

namespace {
constexpr std::size_t chunk_size = 256 * 1024;
constexpr std::uint64_t scan_slice =
    8 * 1024 * 1024;  // bytes looked at without output before others on the loop get their turn
}  // namespace

class LogReader::Impl : public std::enable_shared_from_this<Impl> {
public:
  Impl(asio::any_io_executor executor, LogSource source, LogOptions options, asio::thread_pool* pool)
      : executor_(executor),
        pool_(pool),
        source_(std::move(source)),
        options_(options),
        output_(options),
        changes_(executor),
        until_timer_(executor) {}

  asio::awaitable<std::string_view> next();
  void end_follow();

private:
  enum class Progress { chunk, more, end };

  asio::awaitable<void> open();
  void open_files();
  void watch();
  Progress fill();
  bool next_file();
  bool rotated();
  void emit(const LogRecord& record, std::uint64_t offset);
  asio::awaitable<void> wait_for_change();
  bool follows() const { return options_.follow && !ended_; }

  asio::any_io_executor executor_;
  asio::thread_pool* const pool_;
  LogSource source_;
  LogOptions options_;
  LogOutput output_;
  asio::posix::stream_descriptor changes_;  // inotify
  asio::steady_timer until_timer_;
  std::deque<LogFile> files_;
  std::size_t first_file_ = 0;  // index that files_.front() had when the log was opened
  std::uint64_t offset_ = 0;
  std::uint64_t last_limit_ =
      std::numeric_limits<std::uint64_t>::max();  // of the last file, when not following: a fast writer is not chased
  std::optional<LogStart> start_;
  RecordReader reader_;
  bool opened_ = false;
  bool ended_ = false;  // the container has ended
  bool finished_ = false;
};

asio::awaitable<void> LogReader::Impl::open() {
  opened_ = true;
  if (options_.follow) watch();  // before the files are looked at, so that no change falls between
  if (pool_ == nullptr) {
    open_files();
    co_return;
  }
  auto work = [self = shared_from_this()] { self->open_files(); };
  co_await run_in_pool(*pool_, std::move(work));
}

/// In the pool, while everybody else waits for it.
void LogReader::Impl::open_files() {
  files_ = open_log_files(source_);
  if (!options_.follow && !files_.empty()) last_limit_ = size_of(files_.back());
  if (!options_.tail || files_.empty()) return;
  start_ = find_tail(files_, options_);
  LogPosition first = options_.out ? start_->out : start_->err;
  if (options_.out && options_.err && start_->out.at_or_after(start_->err)) first = start_->err;
  files_.erase(files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(first.file));
  first_file_ = first.file;
  offset_ = first.offset;
}

void LogReader::Impl::watch() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) throw errno_error("inotify");
  if (::inotify_add_watch(fd.get(), source_.directory.c_str(),
                          IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR) < 0) {
    if (errno != ENOENT) throw errno_error("watch " + source_.directory.string());
    ended_ = true;  // no directory, no container that could write
    return;
  }
  changes_.assign(fd.release());
}

void LogReader::Impl::emit(const LogRecord& record, std::uint64_t offset) {
  const bool err = record.header.stream == shim::LogStream::err;
  if (!(err ? options_.err : options_.out)) return;
  if (options_.since && record.header.time < *options_.since) return;
  std::string_view payload = record.payload;
  if (start_) {
    const LogPosition& start = err ? start_->err : start_->out;
    const LogPosition here{first_file_, offset, 0};
    if (!here.at_or_after(start)) return;
    if (here.file == start.file && here.offset == start.offset) payload.remove_prefix(std::min(start.skip, payload.size()));
  }
  output_.append(record, payload);
}

/// Reads on until a chunk is full, or there is nothing more at present.
LogReader::Impl::Progress LogReader::Impl::fill() {
  std::uint64_t scanned = 0;
  while (!files_.empty()) {
    LogRecord record;
    const std::uint64_t at = offset_;
    const std::uint64_t limit = files_.size() == 1 ? last_limit_ : std::numeric_limits<std::uint64_t>::max();
    if (!reader_.next(files_.front(), offset_, limit, record)) {
      if (next_file()) continue;
      break;
    }
    if (options_.until && record.header.time > *options_.until) {
      finished_ = true;
      break;
    }
    emit(record, at);
    scanned += record.payload.size();
    if (output_.size() >= chunk_size || scanned >= scan_slice) return output_.size() > 0 ? Progress::chunk : Progress::more;
  }
  return output_.size() > 0 ? Progress::chunk : Progress::end;
}

/// At the end of a file: goes to the one after it. True: read on. False: this is the file being written.
bool LogReader::Impl::next_file() {
  reader_.forget();
  // Just rotated: records written between our last read and the rotation come first, so this file is read on once more.
  if (files_.size() == 1) return options_.follow && rotated();
  files_.pop_front();
  ++first_file_;
  offset_ = 0;
  return true;
}

/// Has the file we are at the end of been replaced? Then its successors are opened; it is complete from then on.
bool LogReader::Impl::rotated() {
  struct stat status {};
  if (::stat((source_.directory / source_.file_name).c_str(), &status) != 0)
    return false;  // in the middle of a rotation: its end wakes us
  if (status.st_dev == files_.front().device && status.st_ino == files_.front().inode) return false;
  for (auto& file : open_successors(source_, files_.front())) files_.push_back(std::move(file));
  return files_.size() > 1;
}

asio::awaitable<std::string_view> LogReader::Impl::next() {
  if (!opened_) co_await open();
  output_.clear();
  while (!finished_) {
    const bool last_look = !follows();
    if (files_.empty() && options_.follow) files_ = open_log_files(source_);
    const Progress progress = fill();
    if (progress == Progress::chunk) co_return output_.view();
    if (progress == Progress::more) {
      co_await asio::post(executor_, asio::use_awaitable);
    } else if (last_look) {
      finished_ = true;
    } else if (follows()) {
      co_await wait_for_change();
    }
  }
  co_return output_.view();  // empty, but for what came before `until`
}

asio::awaitable<void> LogReader::Impl::wait_for_change() {
  boost::system::error_code error;
  if (options_.until) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    until_timer_.expires_after(std::chrono::nanoseconds(*options_.until) - now);
    until_timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
      const auto self = weak.lock();
      if (!cancelled && self) self->end_follow();
    });
  }
  co_await changes_.async_wait(asio::posix::stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, error));
  until_timer_.cancel();
  if (error && !ended_) throw boost::system::system_error(error);
  std::array<char, 16 * 1024> events;
  while (!ended_ && ::read(changes_.native_handle(), events.data(), events.size()) > 0) {
  }
}

void LogReader::Impl::end_follow() {
  ended_ = true;
  boost::system::error_code ignored;
  changes_.cancel(ignored);
}

LogReader::LogReader(asio::any_io_executor executor, LogSource source, LogOptions options, asio::thread_pool* pool)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(source), options, pool)) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;

asio::awaitable<std::string_view> LogReader::next() { return impl_->next(); }
void LogReader::end_follow() { impl_->end_follow(); }

namespace {
/// "123" or "123.000000456": seconds. Empty when it is neither.
std::optional<std::int64_t> parse_seconds(std::string_view text) {
  constexpr std::int64_t second = 1'000'000'000;
  const auto dot = text.find('.');
  std::int64_t seconds = 0;
  const std::string_view whole = text.substr(0, dot);
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
  if (error != std::errc{} || end != whole.data() + whole.size()) return std::nullopt;
  constexpr std::int64_t furthest = std::numeric_limits<std::int64_t>::max() / second - 1;  // in the year 2262
  seconds = std::clamp(seconds, -furthest, furthest);
  if (dot == std::string_view::npos) return seconds * second;
  std::string decimals(text.substr(dot + 1));
  if (decimals.empty() || decimals.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  decimals.resize(9, '0');
  return seconds * second + std::stoll(decimals);
}
}  // namespace

std::optional<std::int64_t> parse_log_time(std::string_view text) {
  if (text.empty() || text == "0") return std::nullopt;
  if (const auto seconds = parse_seconds(text)) return seconds;
  const auto time = api::parse_timestamp(text);
  return time ? std::optional(time->time_since_epoch().count()) : std::nullopt;
}

}  // namespace stack::engine::container
