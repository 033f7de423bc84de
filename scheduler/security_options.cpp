#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "scheduler/container_parts.hpp"

namespace stack::scheduler {

using compose::Project;
using compose::Service;

namespace {

[[noreturn]] void fail(const Service& service, const std::string& attribute, ErrorCode code, const std::string& why) {
  throw Error(code, service.where(attribute) + ": services." + service.name + "." + attribute + ": " + why);
}

/// The profile on one line. The order of its keys is kept: it is part of the container's configuration.
std::string read_profile(const Project& project, const Service& service, const std::string& attribute,
                         const std::string& file) {
  const std::string path = file.starts_with('/') ? file : project.working_dir + "/" + file;
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    fail(service, attribute, ErrorCode::not_found,
         fmt::format("opening seccomp profile ({}) failed: {}: {}", file, path, std::strerror(errno)));
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto profile = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!profile.is_object())
    fail(service, attribute, ErrorCode::invalid_argument, fmt::format("the seccomp profile {} is no JSON object", path));
  return profile.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void add_security_options(const Project& project, const Service& service, api::HostConfig& host) {
  for (std::size_t i = 0; i < service.security_opt.size(); ++i) {
    const std::string& option = service.security_opt[i];
    const std::string attribute = fmt::format("security_opt[{}]", i);
    const std::size_t separator = option.find_first_of("=:");
    const std::string key = option.substr(0, separator);
    const std::string value = separator == std::string::npos ? "" : option.substr(separator + 1);
    if (separator == std::string::npos && key != "no-new-privileges")
      fail(service, attribute, ErrorCode::invalid_argument, fmt::format("invalid security-opt: \"{}\"", option));
    if (option == "systempaths=unconfined") {  // said to the engine as lists without an entry
      host.masked_paths.emplace();
      host.readonly_paths.emplace();
    } else if (key == "seccomp" && value.empty()) {
      fail(service, attribute, ErrorCode::invalid_argument, "the name of a profile is missing after \"seccomp=\"");
    } else if (key == "seccomp" && value != "unconfined" && value != "builtin" && value != "default") {
      host.security_opt.push_back("seccomp=" + read_profile(project, service, attribute, value));
    } else {
      host.security_opt.push_back(option);
    }
  }
}

}  // namespace stack::scheduler
