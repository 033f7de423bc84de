// Ports, expose and volumes: the short forms with a grammar of their own.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "compose/resolve_paths.hpp"
#include "compose/short_forms.hpp"

namespace stack::compose::short_forms {
namespace {

constexpr std::size_t max_ports = 2U * 65535;  ///< of one service: each of two protocols

struct Range {
  std::uint32_t first = 0, last = 0;
  std::uint32_t count() const { return last - first + 1; }
};

/// "80" or "80-90"; false when it is none, upside down or beyond 65535.
bool read_range(std::string_view text, Range& range) {
  const auto port = [](std::string_view digits, std::uint32_t& value) {
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return !digits.empty() && result.ec == std::errc() && result.ptr == digits.data() + digits.size() && value <= 65535;
  };
  const std::size_t dash = text.find('-');
  if (!port(text.substr(0, dash), range.first)) return false;
  if (dash == std::string_view::npos) {
    range.last = range.first;
    return true;
  }
  return port(text.substr(dash + 1), range.last) && range.first <= range.last;
}

std::string print_range(const Range& range) {
  return range.first == range.last ? std::to_string(range.first) : fmt::format("{}-{}", range.first, range.last);
}

bool is_address(const std::string& text) {
  in6_addr buffer;
  return inet_pton(AF_INET, text.c_str(), &buffer) == 1 ||
         inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &buffer) == 1;
}

/// [[ADDRESS:][PUBLISHED]:]TARGET[/PROTOCOL]
struct PortSpec {
  std::string address, published, target, protocol = "tcp";
};

PortSpec split_port(std::string_view text) {
  PortSpec spec;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view protocol = text.substr(slash + 1);
    if (!protocol.empty()) spec.protocol = protocol.substr(0, protocol.find('/'));
    text = text.substr(0, slash);
  }
  const std::size_t last = text.rfind(':');
  spec.target = text.substr(last == std::string_view::npos ? 0 : last + 1);
  if (last == std::string_view::npos) return spec;
  text = text.substr(0, last);
  const std::size_t before = text.rfind(':');
  spec.published = text.substr(before == std::string_view::npos ? 0 : before + 1);
  if (before != std::string_view::npos) spec.address = text.substr(0, before);
  if (spec.address.starts_with('[') && spec.address.ends_with(']'))
    spec.address = spec.address.substr(1, spec.address.size() - 2);
  return spec;
}

Node port_node(const PortSpec& spec, std::uint32_t target, const std::string& published, const Location& where) {
  Node node = Node::mapping(where);
  node.set("mode", Node::string("ingress", where), where);
  if (!spec.address.empty()) node.set("host_ip", Node::string(spec.address, where), where);
  node.set("target", Node::integer(target, where), where);
  if (!published.empty()) node.set("published", Node::string(published, where), where);
  node.set("protocol", Node::string(spec.protocol, where), where);
  return node;
}

void expand_port(const Node& item, const std::string& path, Mistakes& mistakes, Node& out) {
  const std::string written = item.text();
  const auto complain = [&](std::string_view text) { mistakes.add(item.location, path, text); };
  const auto within = [&](const std::string& part) { return part == written ? std::string() : fmt::format("'{}': ", written); };
  PortSpec spec = split_port(written);
  for (char& c : spec.protocol)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (spec.protocol != "tcp" && spec.protocol != "udp" && spec.protocol != "sctp")
    return complain(fmt::format("'{}': the protocol must be tcp, udp or sctp, not '{}'", written, spec.protocol));
  Range target, published;
  if (!read_range(spec.target, target) || target.first == 0)
    return complain(fmt::format("{}'{}' is not a container port (1-65535)", within(spec.target), spec.target));
  if (!spec.published.empty() && !read_range(spec.published, published))
    return complain(fmt::format("{}'{}' is not a host port (0-65535)", within(spec.published), spec.published));
  if (!spec.address.empty() && !is_address(spec.address))
    return complain(fmt::format("{}'{}' is not an IP address", within(spec.address), spec.address));
  if (!spec.published.empty() && published.count() != target.count() && target.count() != 1)
    return complain(fmt::format("'{}': the ranges {} and {} differ in length", written, spec.published, spec.target));
  if (target.count() == 1 || spec.published.empty()) {
    for (std::uint32_t port = target.first; port <= target.last; ++port)
      out.append(port_node(spec, port, spec.published.empty() ? "" : print_range(published), item.location));
    return;
  }
  for (std::uint32_t i = 0; i < target.count(); ++i)
    out.append(port_node(spec, target.first + i, std::to_string(published.first + i), item.location));
}

bool is_file_path(std::string_view source) {
  return source.starts_with('.') || source.starts_with('/') || source.starts_with('~') || is_windows_path(source);
}

/// Colons part the sections, but not the one after a drive letter in front of a backslash, or those of "${NAME:-value}" in what
/// is not interpolated.
std::vector<std::string> split_volume(std::string_view text) {
  std::vector<std::string> parts{""};
  bool braces = true;  // as far as is known, one is closed behind here
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (braces && text.substr(i).starts_with("${")) {
      const std::size_t end = text.find('}', i);
      braces = end != std::string_view::npos;
      if (braces) {
        parts.back() += text.substr(i, end + 1 - i);
        i = end;
        continue;
      }
    }
    const bool drive = text[i] == ':' && parts.back().size() == 1 && i + 1 < text.size() && text[i + 1] == '\\' &&
                       std::isalpha(static_cast<unsigned char>(parts.back()[0])) != 0;
    if (text[i] == ':' && !drive)
      parts.emplace_back();
    else
      parts.back() += text[i];
  }
  return parts;
}

/// Paths inside a container; Windows' stay as they are.
std::string clean_target(const std::string& path) { return is_windows_path(path) ? path : clean_path(path); }

void volume_options(std::string_view options, Node& volume, const Location& where) {
  const auto within = [&](const std::string& group, const std::string& key, Node value) {
    Node* mapping = volume.find(group);
    if (mapping == nullptr) mapping = &volume.set(group, Node::mapping(where), where);
    mapping->set(key, std::move(value), where);
  };
  while (!options.empty()) {
    const std::size_t end = std::min(options.find(','), options.size());
    const std::string_view option = options.substr(0, end);
    options.remove_prefix(std::min(end + 1, options.size()));
    if (option == "ro") volume.set("read_only", Node::boolean(true, where), where);
    if (option == "rw") volume.erase("read_only");
    if (option == "nocopy") within("volume", "nocopy", Node::boolean(true, where));
    if (option == "z" || option == "Z") within("bind", "selinux", Node::string(std::string(option), where));
    for (const std::string_view propagation : {"private", "rprivate", "shared", "rshared", "slave", "rslave"})
      if (option == propagation) within("bind", "propagation", Node::string(std::string(option), where));
  }
}

}  // namespace

void ports(Node& node, LongForm& form) {
  if (!node.is_sequence()) return;
  Node result = Node::sequence(node.location);
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    Node& item = node.items()[i];
    if (result.items().size() >= max_ports) {
      form.mistakes.add(item.location, join_path(form.path, i), fmt::format("more than {} ports", max_ports));
      result.items().clear();
      break;
    }
    if (item.is_mapping())
      result.append(std::move(item));
    else if (item.is_string() || item.is_integer())
      expand_port(item, join_path(form.path, i), form.mistakes, result);
    else
      form.mistakes.add(item.location, join_path(form.path, i),
                        fmt::format("expected a port like \"8080:80\" or a mapping, found {}", item.kind_name()));
  }
  node = std::move(result);
}

void port(Node& node, LongForm& form) {
  if (!node.is_mapping()) return;
  if (node.find("target") == nullptr) form.mistakes.add(node.location, form.path, "'target' is missing");
  const Node* address = node.find("host_ip");
  if (address != nullptr && address->is_string() && !address->as_string().empty() && !is_address(address->as_string()))
    form.mistakes.add(address->location, join_path(form.path, "host_ip"),
                      fmt::format("'{}' is not an IP address", address->as_string()));
  if (node.find("mode") == nullptr) node.set("mode", Node::string("ingress", node.location), node.location);
  if (node.find("protocol") == nullptr) node.set("protocol", Node::string("tcp", node.location), node.location);
}

void publish_range(Node& node, LongForm& form) {
  text(node, form);
  Range range;
  if (node.is_string() && !node.as_string().empty() && !read_range(node.as_string(), range))
    form.mistakes.add(node.location, form.path, fmt::format("'{}' is not a host port or a range of them", node.as_string()));
}

void expose(Node& node, LongForm& form) {
  if (!node.is_sequence()) return;
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    Node& item = node.items()[i];
    text(item, form);
    const std::string_view written = item.as_string();
    const std::size_t slash = written.find('/');
    Range range;
    const std::string_view protocol = slash == std::string_view::npos ? "tcp" : written.substr(slash + 1);
    // docker compose takes any text here, so files with such mistakes are about
    if (!read_range(written.substr(0, slash), range) || (protocol != "tcp" && protocol != "udp" && protocol != "sctp"))
      form.mistakes.warn(item.location, join_path(form.path, i), fmt::format("'{}' is not PORT[-PORT][/PROTOCOL]", written));
  }
}

void mount_type(Node& node, LongForm& form) {
  const std::string& type = node.as_string();
  for (const std::string_view known : {"bind", "volume", "tmpfs", "image", "cluster", "npipe"})
    if (type == known) return;
  form.mistakes.add(node.location, form.path,
                    fmt::format("'{}' is not one of bind, volume, tmpfs, image, cluster, npipe", type));
}

void volume(Node& node, LongForm& form) {
  const auto complain = [&](std::string_view text) { form.mistakes.add(node.location, form.path, text); };
  if (node.is_mapping()) {
    if (node.find("type") == nullptr) complain("'type' is missing (bind, volume, tmpfs or image)");
    if (Node* target = node.find("target"); target != nullptr && target->is_string() && !target->as_string().empty())
      target->as_string() = clean_target(target->as_string());
    return;
  }
  if (!node.is_string()) return;
  const std::string whole = node.as_string();
  const Location where = node.location;
  const std::vector<std::string> parts = split_volume(whole);
  if (whole.empty()) return complain("the volume is empty");
  if (parts.size() > 3) return complain(fmt::format("'{}': too many colons; expected SOURCE:TARGET[:OPTIONS]", whole));
  for (const std::string& part : parts)
    if (part.empty()) return complain(fmt::format("'{}': a section between colons is empty", whole));
  Node result = Node::mapping(where);
  const bool named = parts.size() > 1;
  const bool bind = named && is_file_path(parts[0]);
  result.set("type", Node::string(bind ? "bind" : "volume", where), where);
  if (named) result.set("source", Node::string(parts[0], where), where);
  result.set("target", Node::string(clean_target(parts[named ? 1 : 0]), where), where);
  if (parts.size() == 3) volume_options(parts[2], result, where);
  if (bind) {
    Node* options = result.find("bind");
    if (options == nullptr) options = &result.set("bind", Node::mapping(where), where);
    options->set("create_host_path", Node::boolean(true, where), where);
  } else if (result.find("volume") == nullptr && whole.size() > 2) {
    result.set("volume", Node::mapping(where), where);
  }
  node = std::move(result);
}

}  // namespace stack::compose::short_forms
