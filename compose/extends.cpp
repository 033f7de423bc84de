#include "compose/extends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "compose/merge.hpp"
#include "compose/resolve_paths.hpp"

namespace stack::compose {
namespace {

struct Step {
  std::string file, service;
  Location location;  ///< of its `extends`
  bool operator==(const Step& other) const { return file == other.file && service == other.service; }
};

/// What one service says it starts from.
struct Extension {
  std::string service;
  std::string file;  ///< as written; "": the same file
  Location location;
};

class Resolver {
public:
  Resolver(const Node& root, const ExtendsSource& source, Mistakes& mistakes)
      : root_(root), source_(source), mistakes_(mistakes) {}

  void resolve(Node& document, const std::string& path, const std::string& name) {
    Node* services = document.find("services");
    Node* service = services == nullptr ? nullptr : services->find(name);
    if (service == nullptr || !service->is_mapping()) return;
    const Node* written = service->find("extends");
    if (written == nullptr || !written->is_mapping() || written->merge_tag == MergeTag::reset) return;
    const Extension extension = read(*written);
    // Gone at once: a mistake in it is reported by the first service that leads here, and a circle ends.
    service->erase("extends");

    chain_.push_back({path, name, extension.location});
    if (const Node* base = find_base(document, path, extension)) {
      Node merged = *base;
      Node own = std::move(*service);
      merged.location = own.location;
      merged.merge_tag = own.merge_tag;
      merge_services(merged, std::move(own));
      *service = std::move(merged);
    }
    chain_.pop_back();
  }

private:
  static Extension read(const Node& written) {
    const Node* file = written.find("file");
    return {written.find("service")->text(), file == nullptr ? "" : file->text(), written.location};
  }

  /// The service it starts from, itself resolved; null after reporting what is wrong.
  const Node* find_base(Node& document, const std::string& path, const Extension& extension) {
    if (is_remote(extension.file)) {
      complain(extension, fmt::format("'{}': extending a service of a git repository or registry is not supported yet; copy "
                                      "the file here",
                                      extension.file));
      return nullptr;
    }
    const std::string base_path = extension.file.empty() ? path : source_.locate(extension.file, path);
    const Step base{base_path, extension.service, {}};
    if (const auto first = std::find(chain_.begin(), chain_.end(), base); first != chain_.end()) {
      mistakes_.add(first->location, fmt::format("services.{}.extends", first->service), "a circle: " + circle(first, base));
      return nullptr;
    }
    const bool same_document = base_path == path && &document == &root_;
    Node* base_document = same_document ? &document : load(base_path, extension);
    if (base_document == nullptr) return nullptr;
    const Node* services = base_document->find("services");
    if (services == nullptr || !services->is_mapping() || services->find(base.service) == nullptr) {
      complain(extension, missing(services, base.service, extension.file.empty() ? "this file" : base_path));
      return nullptr;
    }
    resolve(*base_document, base_path, base.service);
    return base_document->find("services")->find(base.service);
  }

  Node* load(const std::string& path, const Extension& extension) {
    try {
      return source_.load(path, extension.service, mistakes_);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::not_found)
        complain(extension, error.what());
      else if (reported_.insert(error.what()).second)
        mistakes_.add({}, "", error.what());  // it names its place
      return nullptr;
    }
  }

  std::string missing(const Node* services, const std::string& service, const std::string& where) const {
    std::vector<std::string_view> names;
    if (services != nullptr)
      for (const Node::Member& member : services->members())
        if (member.key != chain_.back().service) names.push_back(member.key);
    const std::string_view meant = nearest(service, names);
    return fmt::format("there is no service '{}' in {}{}", service, where,
                       meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
  }

  std::string circle(std::vector<Step>::const_iterator first, const Step& last) const {
    const bool one_file = std::all_of(first, chain_.cend(), [&](const Step& step) { return step.file == last.file; });
    const auto shown = [&](const Step& step) { return one_file ? step.service : step.service + " of " + step.file; };
    std::string out;
    for (auto step = first; step != chain_.end(); ++step) out += shown(*step) + " -> ";
    return out + shown(last);
  }

  void complain(const Extension& extension, std::string_view text) {
    mistakes_.add(extension.location, fmt::format("services.{}.extends", chain_.back().service), text);
  }

  const Node& root_;  ///< the document whose services are resolved; others come from source_
  const ExtendsSource& source_;
  Mistakes& mistakes_;
  std::vector<Step> chain_;
  std::set<std::string> reported_;  ///< mistakes of files that several services extend
};

}  // namespace

void resolve_extends(Node& document, const std::string& path, const ExtendsSource& source, Mistakes& mistakes) {
  const Node* services = document.find("services");
  if (services == nullptr || !services->is_mapping()) return;
  std::vector<std::string> names;
  for (const Node::Member& member : services->members()) names.push_back(member.key);
  Resolver resolver(document, source, mistakes);
  for (const std::string& name : names) resolver.resolve(document, path, name);
}

}  // namespace stack::compose
