#include "compose/decode.hpp"

#include "compose/codec.hpp"

namespace stack::compose {
namespace {

/// Each of them keeps the document, of which it knows its own part.
void remember(const std::shared_ptr<const Node>& document, const char* section, std::map<std::string, Service>& services) {
  const Node* written = document->find(section);
  for (auto& [name, service] : services) service.written = std::shared_ptr<const Node>(document, written->find(name));
}

}  // namespace

Project decode(const std::shared_ptr<const Node>& document) {
  Project project;
  read(*document, project);
  remember(document, "services", project.services);
  remember(document, "jobs", project.jobs);
  return project;
}

}  // namespace stack::compose
