#pragma once
// RUN of a Dockerfile: a container that has no record, on the builder's own upper directory. After a crash recovery finds its
// shim without a record and ends it.
#include "engine/build/run_step.hpp"
#include "engine/container/manager.hpp"

namespace stack::engine::container {

class BuildRunner : public build::RunStep {
public:
  explicit BuildRunner(Manager& manager) : manager_(manager) {}
  asio::awaitable<int> run(build::RunRequest request, build::RunOutput output) override {
    return manager_.run_build_step(std::move(request), std::move(output));
  }

private:
  Manager& manager_;
};

}  // namespace stack::engine::container
