#include "engine/api/streams.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/api/connection.hpp"

namespace stack::engine::api {

namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr std::size_t line_limit = 64 << 20;

bool is_regular_file(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

struct FdSource::Impl {
  UniqueFd file;  // a regular file: epoll cannot wait for it, read(2) never blocks long
  std::optional<asio::posix::stream_descriptor> descriptor;  // anything else
};

FdSource::FdSource(asio::any_io_executor executor, UniqueFd fd) : impl_(std::make_unique<Impl>()) {
  if (is_regular_file(fd.get()))
    impl_->file = std::move(fd);
  else
    impl_->descriptor.emplace(executor, fd.release());
}

FdSource::~FdSource() = default;

asio::awaitable<std::size_t> FdSource::read(std::span<char> space) {
  if (impl_->file) {
    const ssize_t size = ::read(impl_->file.get(), space.data(), space.size());
    if (size < 0) throw errno_error("read the upload");
    co_return static_cast<std::size_t>(size);
  }
  boost::system::error_code error;
  const std::size_t size = co_await impl_->descriptor->async_read_some(asio::buffer(space.data(), space.size()),
                                                                       asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::eof) co_return 0;
  if (error) throw boost::system::system_error(error);
  co_return size;
}

asio::awaitable<std::size_t> StringSource::read(std::span<char> space) {
  const std::size_t size = rest_.copy(space.data(), space.size());
  rest_.remove_prefix(size);
  co_return size;
}

ResponseStream::ResponseStream(std::unique_ptr<Connection> connection, bool multiplexed)
    : connection_(std::move(connection)), multiplexed_(multiplexed) {}
ResponseStream::ResponseStream(ResponseStream&&) noexcept = default;
ResponseStream& ResponseStream::operator=(ResponseStream&&) noexcept = default;
ResponseStream::~ResponseStream() = default;

asio::awaitable<std::size_t> ResponseStream::read_some(std::span<char> space) { return connection_->read_body(space); }

// Objects are separated by line ends, and may hold none themselves: that is how every engine writes them.
asio::awaitable<std::optional<std::string>> JsonLines::next() {
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      searched_ = 0;
      while (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.empty()) continue;
      co_return line;
    }
    searched_ = buffer_.size();
    if (searched_ > line_limit) throw Error(ErrorCode::unavailable, "a line of the engine's answer is too long");
    buffer_.resize(searched_ + read_size);
    const std::size_t size = co_await stream_.read_some(std::span(buffer_).subspan(searched_));
    buffer_.resize(searched_ + size);
    if (size > 0) continue;
    if (buffer_.empty()) co_return std::nullopt;
    std::string line = std::exchange(buffer_, {});  // the last object may lack its line end
    searched_ = 0;
    co_return line;
  }
}

asio::awaitable<std::optional<ProgressMessage>> ProgressStream::next() {
  const std::optional<std::string> line = co_await lines_.next();
  if (!line) co_return std::nullopt;
  auto message = parse_body(*line).get<ProgressMessage>();
  if (!message.error.empty()) throw Error(ErrorCode::invalid_argument, message.error);
  co_return message;
}

asio::awaitable<std::optional<Event>> EventStream::next() {
  const std::optional<std::string> line = co_await lines_.next();
  if (!line) co_return std::nullopt;
  co_return parse_body(*line).get<Event>();
}

HijackedStream::HijackedStream(std::unique_ptr<Connection> connection, bool multiplexed)
    : connection_(std::move(connection)), multiplexed_(multiplexed) {}
HijackedStream::HijackedStream(HijackedStream&&) noexcept = default;
HijackedStream& HijackedStream::operator=(HijackedStream&&) noexcept = default;
HijackedStream::~HijackedStream() = default;

asio::awaitable<std::size_t> HijackedStream::read_some(std::span<char> space) { return connection_->read_raw(space); }
asio::awaitable<void> HijackedStream::write(std::string_view bytes) { return connection_->write_raw(bytes); }
void HijackedStream::shutdown_write() { connection_->shutdown_write(); }
void HijackedStream::close() { connection_->close(); }

}  // namespace stack::engine::api
