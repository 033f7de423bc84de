#include "cli/copy_container.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "cli/copy.hpp"
#include "cli/copy_progress.hpp"
#include "cli/output.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

/// A socket pair: on a pipe that nobody reads any more, a write would end the program.
std::pair<UniqueFd, UniqueFd> stream_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw errno_error("socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Blocking work on a tar stream beside the loop; what it throws, join() throws.
class Worker {
public:
  Worker(UniqueFd stream, std::function<void(int stream)> work)
      : thread_([this, fd = std::move(stream), work]() mutable {
          try {
            work(fd.get());
          } catch (...) {
            failure_ = std::current_exception();
          }
          fd.reset();
        }) {}
  ~Worker() {
    if (thread_.joinable()) thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  void join() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }

private:
  std::exception_ptr failure_;
  std::thread thread_;
};

void send_all(int stream, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(stream, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EPIPE) throw Error(ErrorCode::unavailable, "the engine wants no more");
    if (sent < 0) throw errno_error("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

asio::awaitable<CopyTarget> container_target(api::Client& client, std::string container, std::string path) {
  CopyTarget target{.path = std::move(path)};
  std::optional<api::PathStat> stat = co_await client.find_path(container, target.path);
  if (stat && stat->is_link()) {
    target.path = stat->link_target;
    stat = co_await client.find_path(container, target.path);
  }
  target.exists = stat.has_value();
  target.directory = stat && stat->is_directory();
  co_return target;
}

/// Uploads what a thread writes. When both fail, the one that failed first says why: a thread that only finds its stream
/// closed has nothing to say.
asio::awaitable<void> upload_local(api::Client& client, std::string container, LocalSource source, CopyPlacement placement,
                                   api::PutArchiveOptions put, CopyProgress& progress) {
  auto [reading, writing] = stream_pair();
  Worker worker(std::move(writing), [source, name = placement.name, &progress](int stream) {
    write_local(source, name, [stream, &progress](std::string_view bytes) {
      send_all(stream, bytes);
      progress.add(bytes.size());
    });
  });
  auto body = std::make_unique<api::FdSource>(client.executor(), std::move(reading));
  std::exception_ptr refused;
  try {
    co_await client.put_archive(std::move(container), placement.directory, *body, put);
  } catch (const Error&) {
    refused = std::current_exception();
  }
  body.reset();  // ends the thread, if it still writes
  try {
    worker.join();
  } catch (const Error& error) {
    if (!refused || error.code() != ErrorCode::unavailable) throw;
  }
  if (refused) std::rethrow_exception(refused);
}

}  // namespace

asio::awaitable<void> copy_to(api::Client& client, std::string container, CopyTo copy, int stdin_copy) {
  CopyTarget target = co_await container_target(client, container, copy.target);
  const api::PutArchiveOptions put{.replace_directory = false, .owned_by_user = copy.archive};
  if (copy.source == "-") {
    if (!target.directory)
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("destination \"{}:{}\" must be a directory", container, copy.target));
    if (::lseek(stdin_copy, 0, SEEK_SET) < 0 && errno != ESPIPE) throw errno_error("lseek");
    api::FdSource body(client.executor(), UniqueFd(::fcntl(stdin_copy, F_DUPFD_CLOEXEC, 3)));
    co_await client.put_archive(std::move(container), target.path, body, put);
    co_return;
  }
  LocalSource source = local_source(copy.source, copy.follow);
  CopyPlacement placement = place_copy(source.shown, source.directory, target);
  CopyProgress progress("Copying to container", !copy.quiet);
  co_await upload_local(client, container, std::move(source), std::move(placement), put, progress);
  progress.finish(container + ":" + copy.target);
}

namespace {

asio::awaitable<void> write_to_stdout(api::ResponseStream& stream) {
  std::string buffer(256 * 1024, '\0');
  while (true) {
    const std::size_t count = co_await stream.read_some(buffer);
    if (count == 0) co_return;
    if (!write_all(STDOUT_FILENO, std::string_view(buffer).substr(0, count)))
      throw Error(ErrorCode::internal, "writing to stdout failed");
  }
}

/// Hands the stream on; an end that is no longer read is no error here: whoever read it says why.
asio::awaitable<void> pass_on(api::ResponseStream& from, asio::local::stream_protocol::socket& to, CopyProgress& progress) {
  std::string buffer(256 * 1024, '\0');
  boost::system::error_code failed;
  while (!failed) {
    const std::size_t count = co_await from.read_some(buffer);
    if (count == 0) break;
    progress.add(count);
    co_await asio::async_write(to, asio::buffer(buffer.data(), count), asio::redirect_error(asio::use_awaitable, failed));
  }
}

}  // namespace

asio::awaitable<void> copy_from(api::Client& client, std::string container, CopyFrom copy) {
  std::string path = copy.source;
  CopyTarget target{.path = "-"};
  if (copy.target != "-") target = local_target(copy.target);
  std::string shown = split_path(path).name;
  if (copy.follow) {
    const std::optional<api::PathStat> stat = co_await client.find_path(container, path);
    if (stat && stat->is_link()) path = stat->link_target;
  }
  api::ArchiveStream archive = co_await client.get_archive(std::move(container), path);
  if (copy.target == "-") co_return co_await write_to_stdout(archive.body);
  if (shown == "/") shown = ".";  // what the root holds, not a directory of that name
  CopyPlacement placement = place_copy(shown, archive.stat.is_directory(), target);
  auto [reading, writing] = stream_pair();
  Worker worker(std::move(reading), [from = archive.stat.name, placement](int stream) {
    extract_local(archive::from_fd(stream), from, placement);
  });
  // after the worker, so that it is closed first and the worker's stream ends
  asio::local::stream_protocol::socket socket(client.executor(), asio::local::stream_protocol(), writing.release());
  CopyProgress progress("Copying from container", !copy.quiet);
  co_await pass_on(archive.body, socket, progress);
  socket.close();
  worker.join();
  progress.finish(absolute_copy_path(copy.target));
}

}  // namespace stack::cli
