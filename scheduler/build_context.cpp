#include "scheduler/build_context.hpp"

#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/archive.hpp"
#include "base/digest.hpp"
#include "base/dockerignore.hpp"
#include "base/error.hpp"

namespace stack::scheduler {

namespace fs = std::filesystem;

namespace {

/// Both ends of a stream. A socket pair, not a pipe: writing to one whose reader is gone must not raise SIGPIPE.
std::pair<UniqueFd, UniqueFd> stream_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw errno_error("socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// The reader has gone: the upload was cancelled, or refused by the engine, which says why.
struct ReaderGone {};

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) throw ReaderGone{};
    if (sent < 0) throw errno_error("send the build context");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::not_found, "cannot read the Dockerfile " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// The path below `directory`, or empty when it is outside.
std::string relative_inside(const fs::path& directory, const fs::path& file) {
  const fs::path relative = file.lexically_normal().lexically_relative(directory.lexically_normal());
  return relative.empty() || *relative.begin() == ".." ? std::string() : relative.string();
}

}  // namespace

BuildContext::BuildContext(boost::asio::any_io_executor executor, const BuildImage& build) {
  const fs::path directory(build.context);
  std::error_code error;
  if (!fs::is_directory(directory, error))
    throw Error(ErrorCode::not_found, "the build context " + build.context + " is no directory");
  if (!build.dockerfile_inline.empty()) {
    extra_dockerfile_ = build.dockerfile_inline;
  } else {
    const fs::path file = directory / (build.dockerfile.empty() ? "Dockerfile" : build.dockerfile);
    if (!fs::exists(file, error))
      throw Error(ErrorCode::not_found, "there is no Dockerfile at " + file.lexically_normal().string());
    dockerfile_ = relative_inside(directory, file);
    if (dockerfile_.empty()) extra_dockerfile_ = read_file(file);
  }
  if (dockerfile_.empty()) dockerfile_ = ".dockerfile." + random_hex(16);
  auto [reading, writing] = stream_pair();
  source_ = std::make_unique<api::FdSource>(executor, std::move(reading));
  thread_ = std::thread([this, build, fd = writing.release()] { write(build, fd); });
}

BuildContext::~BuildContext() {
  source_.reset();  // the thread's next write fails
  if (thread_.joinable()) thread_.join();
}

void BuildContext::rethrow_failure() {
  if (thread_.joinable()) thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

void BuildContext::write(const BuildImage& build, int fd) noexcept {
  const UniqueFd end(fd);
  const archive::Sink sink = [&](std::string_view bytes) { send_all(end.get(), bytes); };
  try {
    if (!extra_dockerfile_.empty()) {
      archive::Writer writer(sink);
      archive::Member member;
      member.path = dockerfile_;
      member.type = archive::Member::Type::file;
      member.mode = 0644;
      member.size = extra_dockerfile_.size();
      writer.add(member);
      writer.content(extra_dockerfile_);
      // padded to the block size by hand: finish() would also write the end marker, which write_directory() does
      sink(std::string((512 - extra_dockerfile_.size() % 512) % 512, '\0'));
    }
    const RootDir context(build.context);
    archive::WriteOptions options;
    options.owner = RootDir::Owner{0, 0};
    archive::write_directory(build.context, context_filter(read_ignore_file(context, dockerfile_), dockerfile_), sink, options);
  } catch (const ReaderGone&) {
    // the upload's own error says more
  } catch (...) {
    failure_ = std::current_exception();
  }
}

}  // namespace stack::scheduler
