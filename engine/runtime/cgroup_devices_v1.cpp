// The device rules of cgroup v1: a default for all devices and a list of exceptions to it. The kernel takes an exception away
// only by its own type and numbers, and passes over in silence what it cannot express; that must not become a device that is
// open although a rule closes it.
#include <fcntl.h>

#include <algorithm>

#include "base/error.hpp"
#include "engine/runtime/cgroup_limits.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

std::string to_text(const DeviceRule& rule) {
  if (rule.type == 'a') return "a";
  const auto number = [](const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : std::string("*");
  };
  return std::string(1, rule.type) + " " + number(rule.major) + ":" + number(rule.minor) + " " + rule.access;
}

bool meet(const std::optional<std::int64_t>& one, const std::optional<std::int64_t>& other) {
  return !one || !other || *one == *other;
}

bool covers(const std::optional<std::int64_t>& whole, const std::optional<std::int64_t>& part) {
  return !whole || (part && *whole == *part);
}

std::string common_access(const DeviceRule& one, const DeviceRule& other) {
  std::string both;
  for (const char access : one.access)
    if (other.access.find(access) != std::string::npos) both += access;
  return both;
}

class DeviceRulesV1 {
public:
  explicit DeviceRulesV1(const std::string& directory) : directory_(directory) {}

  void apply(const DeviceRule& rule) {
    if (rule.type == 'a') {
      exceptions_.clear();
      allowed_by_default_ = rule.allow;
      write(rule);
    } else if (rule.allow != allowed_by_default_) {
      exceptions_.push_back(rule);
      write(rule);
    } else {
      take_away(rule);
    }
  }

private:
  void take_away(const DeviceRule& rule) {
    for (DeviceRule& exception : exceptions_) {
      const std::string access = common_access(exception, rule);
      if (exception.type != rule.type || access.empty()) continue;
      if (!meet(exception.major, rule.major) || !meet(exception.minor, rule.minor)) continue;
      if (!covers(rule.major, exception.major) || !covers(rule.minor, exception.minor))
        throw Error(ErrorCode::invalid_argument, "device rule \"" + to_text(rule) +
                                                     "\" is not supported by cgroup v1: it is a hole in \"" +
                                                     to_text(exception) + "\"");
      DeviceRule part = exception;
      part.access = access;
      part.allow = rule.allow;
      write(part);
      std::erase_if(exception.access, [&](char c) { return access.find(c) != std::string::npos; });
    }
  }

  void write(const DeviceRule& rule) const {
    const std::string path = directory_ + (rule.allow ? "/devices.allow" : "/devices.deny");
    if (const int error = sys::write_file(AT_FDCWD, path.c_str(), to_text(rule)))
      throw errno_error("write \"" + to_text(rule) + "\" to " + path, error);
  }

  const std::string& directory_;
  bool allowed_by_default_ = true;
  std::vector<DeviceRule> exceptions_;
};

}  // namespace

void write_device_rules(const std::string& directory, const std::vector<DeviceRule>& rules) {
  DeviceRulesV1 applied(directory);
  for (const DeviceRule& rule : rules) applied.apply(rule);
}

}  // namespace stack::engine::runtime
