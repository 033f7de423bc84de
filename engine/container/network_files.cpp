#include "engine/container/network_files.hpp"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "base/error.hpp"

namespace stack::engine::container {

void write_in_place(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::trunc);
  file << content;
  file.close();
  if (!file) throw Error(ErrorCode::internal, "write " + path + " failed");
}

void add_host(const std::string& hosts_path, const std::string& address, const network::HostsFile& names) {
  std::ofstream file(hosts_path, std::ios::app);
  file << network::own_host_line(names, address);
  file.close();
  if (!file) throw Error(ErrorCode::internal, "write " + hosts_path + " failed");
}

void remove_host(const std::string& hosts_path, const std::string& address) {
  std::ifstream file(hosts_path);
  std::string kept;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first != address) kept += line + "\n";
  }
  write_in_place(hosts_path, kept);
}

void use_built_in_dns(const std::string& path, network::ResolvConfRequest request, std::int64_t started_at) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw errno_error("stat " + path);
  constexpr std::int64_t second = 1'000'000'000;
  if (info.st_mtim.tv_sec * second + info.st_mtim.tv_nsec > started_at) return;
  request.has_dns = true;
  write_in_place(path, network::resolv_conf(request, network::host_resolv_conf()));
}

}  // namespace stack::engine::container
