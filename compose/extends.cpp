#include "compose/extends.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "compose/merge.hpp"

namespace stack::compose {
namespace {

[[noreturn]] void refuse(const Location& where, std::string_view text) {
  throw Error(ErrorCode::invalid_argument, fmt::format("{}: {}", to_string(where), text));
}

struct Step {
  std::string file, service;
  bool operator==(const Step&) const = default;
};

class Resolver {
public:
  explicit Resolver(const ExtendsSource& source) : source_(source) {}

  void resolve(Node& document, const std::string& path, const std::string& name) {
    Node* services = document.find("services");
    Node* service = services == nullptr ? nullptr : services->find(name);
    const Node* extends = service == nullptr || !service->is_mapping() ? nullptr : service->find("extends");
    if (extends == nullptr || !extends->is_mapping()) return;

    const Location where = extends->location;
    const std::string base_name = extends->find("service")->text();
    const Node* file = extends->find("file");
    const std::string base_path = file == nullptr ? path : source_.locate(file->text(), path);
    push({path, name}, where);
    Node& base_document = base_path == path ? document : source_.load(base_path, where);
    Node* base_services = base_document.find("services");
    if (base_services == nullptr || base_services->find(base_name) == nullptr)
      refuse(where, fmt::format("services.{}.extends: there is no service '{}' in {}", name, base_name,
                                file == nullptr ? "this file" : base_path));
    if (base_path == path && base_name == name) refuse(where, fmt::format("services.{0}.extends: a circle: {0} -> {0}", name));
    resolve(base_document, base_path, base_name);
    chain_.pop_back();

    Node merged = *base_services->find(base_name);
    Node own = std::move(*service);
    own.erase("extends");
    merged.location = own.location;
    merge_services(merged, std::move(own));
    *service = std::move(merged);
  }

private:
  void push(Step step, const Location& where) {
    for (const Step& earlier : chain_) {
      if (!(earlier == step)) continue;
      std::string circle;
      for (const Step& each : chain_) circle += each.service + " -> ";
      refuse(where, fmt::format("services.{}.extends: a circle: {}{}", step.service, circle, step.service));
    }
    chain_.push_back(std::move(step));
  }

  const ExtendsSource& source_;
  std::vector<Step> chain_;
};

}  // namespace

void resolve_extends(Node& document, const std::string& path, const ExtendsSource& source) {
  const Node* services = document.find("services");
  if (services == nullptr || !services->is_mapping()) return;
  std::vector<std::string> names;
  for (const Node::Member& member : services->members()) names.push_back(member.key);
  Resolver resolver(source);
  for (const std::string& name : names) resolver.resolve(document, path, name);
}

}  // namespace stack::compose
