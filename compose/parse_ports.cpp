#include "compose/parse_ports.hpp"

#include "compose/mistakes.hpp"
#include "compose/short_forms.hpp"

namespace stack::compose {
namespace {

std::string text_at(const Node& port, std::string_view key) {
  const Node* value = port.find(key);
  return value ? value->text() : std::string();
}

}  // namespace

std::vector<Port> parse_ports(const std::vector<std::string>& texts, const std::string& where) {
  Node list = Node::sequence();
  for (const std::string& text : texts) list.append(Node::string(text));
  Mistakes mistakes;
  LongForm form{where, mistakes};
  short_forms::ports(list, form);
  mistakes.throw_if_any();
  std::vector<Port> ports;
  for (const Node& item : list.items()) {
    Port& port = ports.emplace_back();
    port.host_ip = text_at(item, "host_ip");
    port.target = static_cast<std::uint32_t>(item.find("target")->as_integer());
    port.published = text_at(item, "published");
    port.protocol = text_at(item, "protocol");
  }
  return ports;
}

}  // namespace stack::compose
