#include "scheduler/shared_namespaces.hpp"

#include <charconv>

namespace stack::scheduler {

namespace {

constexpr std::string_view service_prefix = "service:";
constexpr std::string_view made_prefix = "container:#";

}  // namespace

std::vector<SharedNamespace> shared_namespaces(const compose::Service& service) {
  std::vector<SharedNamespace> found;
  const auto look = [&](std::string_view attribute, const std::string& mode) {
    if (mode.starts_with(service_prefix)) found.push_back({attribute, mode.substr(service_prefix.size())});
  };
  look("network_mode", service.network_mode);
  look("ipc", service.ipc);
  look("pid", service.pid);
  return found;
}

compose::Service with_containers(const compose::Service& service,
                                 const std::function<std::string(const SharedNamespace&)>& container_of) {
  compose::Service resolved = service;
  for (const SharedNamespace& shared : shared_namespaces(service)) {
    std::string& mode = shared.attribute == "network_mode" ? resolved.network_mode
                        : shared.attribute == "ipc"        ? resolved.ipc
                                                           : resolved.pid;
    mode = "container:" + container_of(shared);
  }
  return resolved;
}

std::string made_by(int operation) { return "#" + std::to_string(operation); }

int operation_in(std::string_view mode) {
  if (!mode.starts_with(made_prefix)) return 0;
  mode.remove_prefix(made_prefix.size());
  int operation = 0;
  const auto [end, error] = std::from_chars(mode.data(), mode.data() + mode.size(), operation);
  return error == std::errc{} && end == mode.data() + mode.size() ? operation : 0;
}

}  // namespace stack::scheduler
