#pragma once
// Which service needs which.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "compose/types.hpp"

namespace stack::scheduler {

class Graph {
public:
  Graph() = default;
  /// Of the enabled services; a dependency on a service that is not there (optional, or switched off) is left out.
  explicit Graph(const compose::Project& project);

  void add(const std::string& service, const std::set<std::string>& dependencies);

  /// Dependencies first, alphabetical where the order is free. Throws invalid_argument "dependency cycle: a -> b -> a".
  std::vector<std::string> order() const;
  /// The given services and all they need, directly or not.
  std::set<std::string> with_dependencies(const std::set<std::string>& services) const;
  /// The given services and all that need them, directly or not.
  std::set<std::string> with_dependents(const std::set<std::string>& services) const;
  const std::set<std::string>& dependencies(const std::string& service) const;
  std::set<std::string> dependents(const std::string& service) const;

private:
  std::map<std::string, std::set<std::string>> needs_;
};

}  // namespace stack::scheduler
