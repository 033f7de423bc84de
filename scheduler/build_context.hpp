#pragma once
// Sends a directory as the tar stream of POST /build. A thread of its own walks the files, so that the event loop never blocks
// on a disk; it is joined when the upload is dropped.
#include <memory>
#include <thread>

#include "engine/api/streams.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

class BuildContext {
public:
  /// Reads .dockerignore and starts the thread. Throws not_found when the directory or the Dockerfile is missing.
  BuildContext(boost::asio::any_io_executor executor, const BuildImage& build);
  ~BuildContext();
  BuildContext(const BuildContext&) = delete;
  BuildContext& operator=(const BuildContext&) = delete;

  api::BodySource& source() { return *source_; }
  /// The Dockerfile's name inside the stream; one from outside the context is sent under a name of its own.
  const std::string& dockerfile() const { return dockerfile_; }
  /// Why the thread could not send everything; call after the upload has ended. Throws what it threw.
  void rethrow_failure();

private:
  void write(const BuildImage& build, int fd) noexcept;

  std::string dockerfile_;
  std::string extra_dockerfile_;  ///< content to be sent as dockerfile_, if not empty
  std::unique_ptr<api::FdSource> source_;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace stack::scheduler
