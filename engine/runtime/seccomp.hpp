#pragma once
// The default seccomp profile (moby's rules) compiled to one BPF program for x86_64, i386 and x32. Compiling costs about
// 10 ms, so programs are cached in memory and in the data root, by profile version and the capabilities that matter.
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace stack::engine::runtime {

/// struct sock_filter[] as bytes. Throws internal.
std::string compile_default_seccomp(const std::vector<std::string>& capabilities);

class SeccompCache {
public:
  explicit SeccompCache(std::string directory);  ///< <data root>/cache/seccomp; created when needed; empty: memory only
  /// Thread-safe.
  std::shared_ptr<const std::string> get(const std::vector<std::string>& capabilities);

private:
  std::string directory_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>> programs_;
};

}  // namespace stack::engine::runtime
