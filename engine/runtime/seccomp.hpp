#pragma once
// Seccomp profiles compiled to one BPF program for x86_64, i386 and x32: the default one (moby's rules), and those of users.
// Compiling costs about 10 ms, so programs are cached in memory and in the data root, by what they are made from.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/runtime/seccomp_program.hpp"

namespace stack::engine::runtime {

/// The default profile for a container with these capabilities.
SeccompTables default_seccomp_tables(const std::vector<std::string>& capabilities);

/// struct sock_filter[] as bytes. Throws internal.
std::string compile_default_seccomp(const std::vector<std::string>& capabilities);

class SeccompCache {
public:
  explicit SeccompCache(std::string directory);  ///< <data root>/cache/seccomp; created when needed; empty: memory only
  /// Thread-safe.
  std::shared_ptr<const std::string> get(const std::vector<std::string>& capabilities);
  /// A profile of the user (seccomp_file.hpp). Null: it asks for no filter. Throws invalid_argument.
  std::shared_ptr<const std::string> get(const std::string& profile, const std::vector<std::string>& capabilities);

private:
  std::shared_ptr<const std::string> get_or_make(const std::string& key, const std::function<std::string()>& make);
  void write(const std::string& path, const std::string& program) const;

  std::string directory_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>> programs_;
};

}  // namespace stack::engine::runtime
