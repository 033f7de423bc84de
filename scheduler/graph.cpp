#include "scheduler/graph.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace stack::scheduler {

Graph::Graph(const compose::Project& project) {
  for (const auto& [name, service] : project.services) {
    std::set<std::string> dependencies;
    for (const auto& [dependency, details] : service.depends_on)
      if (project.services.contains(dependency)) dependencies.insert(dependency);
    add(name, dependencies);
  }
}

void Graph::add(const std::string& service, const std::set<std::string>& dependencies) {
  needs_[service].insert(dependencies.begin(), dependencies.end());
  for (const std::string& dependency : dependencies) needs_.try_emplace(dependency);
}

namespace {

/// Depth first, alphabetical; `path` is the way from a root to here, for the message about a cycle.
class Sorter {
public:
  explicit Sorter(const std::map<std::string, std::set<std::string>>& needs) : needs_(needs) {}

  void visit(const std::string& service) {
    if (done_.contains(service)) return;
    const bool again = std::find(path_.begin(), path_.end(), service) != path_.end();
    path_.push_back(service);
    if (again) fail(service);
    for (const std::string& dependency : needs_.at(service)) visit(dependency);
    path_.pop_back();
    done_.insert(service);
    order.push_back(service);
  }

  std::vector<std::string> order;

private:
  [[noreturn]] void fail(const std::string& service) const {
    std::string text;
    for (auto at = std::find(path_.begin(), path_.end(), service); at != path_.end(); ++at)
      text += (text.empty() ? "" : " -> ") + *at;
    throw Error(ErrorCode::invalid_argument, "dependency cycle: " + text);
  }

  const std::map<std::string, std::set<std::string>>& needs_;
  std::set<std::string> done_;
  std::vector<std::string> path_;
};

}  // namespace

std::vector<std::string> Graph::order() const {
  Sorter sorter(needs_);
  for (const auto& [service, dependencies] : needs_) sorter.visit(service);
  return std::move(sorter.order);
}

std::set<std::string> Graph::with_dependencies(const std::set<std::string>& services) const {
  std::set<std::string> found;
  std::vector<std::string> open(services.begin(), services.end());
  while (!open.empty()) {
    const std::string service = std::move(open.back());
    open.pop_back();
    if (!found.insert(service).second) continue;
    const auto& needed = dependencies(service);
    open.insert(open.end(), needed.begin(), needed.end());
  }
  return found;
}

std::set<std::string> Graph::with_dependents(const std::set<std::string>& services) const {
  Graph reversed;
  for (const auto& [service, needed] : needs_)
    for (const std::string& dependency : needed) reversed.add(dependency, {service});
  return reversed.with_dependencies(services);
}

const std::set<std::string>& Graph::dependencies(const std::string& service) const {
  static const std::set<std::string> none;
  const auto found = needs_.find(service);
  return found == needs_.end() ? none : found->second;
}

std::set<std::string> Graph::dependents(const std::string& service) const {
  std::set<std::string> found;
  for (const auto& [name, needed] : needs_)
    if (needed.contains(service)) found.insert(name);
  return found;
}

}  // namespace stack::scheduler
