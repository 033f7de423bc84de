#include "scheduler/shared_namespaces.hpp"

#include <algorithm>
#include <charconv>

namespace stack::scheduler {

namespace {

constexpr std::string_view service_prefix = "service:";
constexpr std::string_view made_prefix = "container:#";
constexpr std::string_view container_prefix = "container:";

/// 0: it is none.
int number_in(std::string_view digits) {
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() ? number : 0;
}

}  // namespace

std::vector<SharedNamespace> shared_namespaces(const compose::Service& service) {
  std::vector<SharedNamespace> found;
  const auto look = [&](std::string_view attribute, const std::string& mode) {
    if (mode.starts_with(service_prefix)) found.push_back({attribute, mode.substr(service_prefix.size())});
  };
  look("network_mode", service.network_mode);
  look("ipc", service.ipc);
  look("pid", service.pid);
  for (const std::string& from : service.volumes_from)
    if (!from.starts_with(container_prefix)) found.push_back({"volumes_from", from.substr(0, from.find(':'))});
  return found;
}

compose::Service with_containers(const compose::Service& service,
                                 const std::function<std::string(const SharedNamespace&)>& container_of) {
  compose::Service resolved = service;
  for (std::string& from : resolved.volumes_from)
    if (!from.starts_with(container_prefix)) {
      const std::size_t mode = std::min(from.find(':'), from.size());
      from = container_of({"volumes_from", from.substr(0, mode)}) + from.substr(mode);
    }
  for (const SharedNamespace& shared : shared_namespaces(service)) {
    if (shared.attribute == "volumes_from") continue;
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
  return number_in(mode.substr(made_prefix.size()));
}

int operation_in_volumes_from(std::string_view item) {
  return item.starts_with('#') ? number_in(item.substr(1, item.find(':') - 1)) : 0;
}

compose::Service as_hashed(compose::Service resolved) {
  for (std::string& from : resolved.volumes_from)
    from = from.starts_with(container_prefix) ? from.substr(container_prefix.size()) : from.substr(0, from.find(':'));
  return resolved;
}

}  // namespace stack::scheduler
