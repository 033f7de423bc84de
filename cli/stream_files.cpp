#include "cli/stream_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"

namespace stack::cli {
namespace {

using Request = std::function<asio::awaitable<api::ResponseStream>()>;

asio::awaitable<void> copy(const Request& request, int fd) {
  api::ResponseStream stream = co_await request();
  std::vector<char> buffer(256 * 1024);
  while (true) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) break;
    if (!write_all(fd, {buffer.data(), size})) throw errno_error("write the archive");
  }
}

}  // namespace

UniqueFd open_input(const std::string& file) {
  UniqueFd input(file == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!input) throw errno_error("open " + file);
  return input;
}

void write_archive(Session& session, const std::string& file, const Request& request) {
  if (file.empty()) {
    if (is_terminal(STDOUT_FILENO)) throw UsageError("an archive is not written to a terminal: use -o FILE, or redirect");
    return session.run(copy(request, STDOUT_FILENO));
  }
  const std::string partial = fmt::format("{}.{}.part", file, ::getpid());
  const UniqueFd output(::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!output) throw errno_error("create " + partial);
  try {
    session.run(copy(request, output.get()));
    if (::rename(partial.c_str(), file.c_str()) != 0) throw errno_error("rename to " + file);
  } catch (...) {
    ::unlink(partial.c_str());
    throw;
  }
}

}  // namespace stack::cli
