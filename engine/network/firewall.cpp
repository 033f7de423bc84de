#include "engine/network/firewall.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/error.hpp"
#include "base/log.hpp"

namespace stack::engine::network {

namespace {

// Read with docs/adr/… beside it. `bridges`: all our networks. `same`: pairs that may talk on one bridge. Published ports are
// elements of maps, so that a change is an element and never a rule.
constexpr std::string_view chains = R"(
  chain raw_prerouting {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop comment "route_localnet must not open the host's loopback"
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump publish
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump publish
  }
  chain publish {
    dnat ip to ip daddr . meta l4proto . th dport map @published_on
    dnat ip to meta l4proto . th dport map @published
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname != @bridges oifname != @bridges accept
    iifname . oifname @same accept
    ct state established,related accept
    iifname @internal drop
    oifname @internal drop
    oifname @bridges ct status dnat accept
    oifname @bridges drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname @bridges ip saddr 127.0.0.0/8 masquerade
    oifname . ip saddr @hairpin ct status dnat masquerade
    ip saddr @outgoing oifname != @bridges masquerade
  }
)";

struct ElementList {
  std::string_view set;
  std::string elements;
  void add(const std::string& element) { elements += (elements.empty() ? "" : ", ") + element; }
};

/// The elements of each set, in a fixed order.
std::vector<ElementList> element_lists(const std::vector<FirewallNetwork>& networks, const std::vector<FirewallPort>& ports) {
  enum { bridges, internal, same, outgoing, hairpin, published, published_on };
  std::vector<ElementList> lists{{"bridges", {}}, {"internal", {}},  {"same", {}},        {"outgoing", {}},
                                 {"hairpin", {}}, {"published", {}}, {"published_on", {}}};
  for (const FirewallNetwork& network : networks) {
    const std::string bridge = "\"" + network.bridge + "\"";
    const std::string subnet = Ipv4Subnet{network.subnet.network(), network.subnet.bits}.to_string();
    lists[bridges].add(bridge);
    if (network.internal) lists[internal].add(bridge);
    if (network.inter_container) lists[same].add(bridge + " . " + bridge);
    if (network.masquerade && !network.internal) lists[outgoing].add(subnet);
    lists[hairpin].add(bridge + " . " + subnet);
  }
  for (const FirewallPort& port : ports) {
    const std::string target =
        fmt::format("{} . {} : {} . {}", to_string(port.protocol), port.host_port, port.address.to_string(), port.port);
    if (port.host_address == Ipv4{})
      lists[published].add(target);
    else
      lists[published_on].add(port.host_address.to_string() + " . " + target);
  }
  return lists;
}

std::string element_commands(const char* verb, const std::string& table, const std::vector<ElementList>& lists) {
  std::string commands;
  for (const ElementList& list : lists)
    if (!list.elements.empty()) commands += fmt::format("{} element ip {} {} {{ {} }}\n", verb, table, list.set, list.elements);
  return commands;
}

}  // namespace

std::string firewall_table(const std::string& table, const std::set<FirewallNetwork>& networks,
                           const std::set<FirewallPort>& ports) {
  std::string text = fmt::format("add table ip {0}\ndelete table ip {0}\ntable ip {0} {{\n", table);
  text += "  set bridges { type ifname; }\n  set internal { type ifname; }\n  set same { type ifname . ifname; }\n";
  text += "  set outgoing { type ipv4_addr; flags interval; }\n";
  text += "  set hairpin { type ifname . ipv4_addr; flags interval; }\n";
  text += "  map published { type inet_proto . inet_service : ipv4_addr . inet_service; }\n";
  text += "  map published_on { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }\n";
  text += chains;
  text += "}\n";
  return text + element_commands("add", table, element_lists({networks.begin(), networks.end()}, {ports.begin(), ports.end()}));
}

std::string firewall_elements(const std::string& table, const FirewallChange& change) {
  return element_commands("delete", table, element_lists(change.remove_networks, change.remove_ports)) +
         element_commands("add", table, element_lists(change.add_networks, change.add_ports));
}

Firewall::Firewall(std::string table, std::string bridge_pattern)
    : table_(std::move(table)), pattern_(std::move(bridge_pattern)), legacy_(table_) {}

void Firewall::change(const FirewallChange& wanted) {
  const auto networks_before = networks_;
  const auto ports_before = ports_;
  FirewallChange change;  // without what is already so
  for (const auto& network : wanted.remove_networks)
    if (networks_.erase(network) > 0) change.remove_networks.push_back(network);
  for (const auto& port : wanted.remove_ports)
    if (ports_.erase(port) > 0) change.remove_ports.push_back(port);
  for (const auto& network : wanted.add_networks)
    if (networks_.insert(network).second) change.add_networks.push_back(network);
  for (const auto& port : wanted.add_ports)
    if (ports_.insert(port).second) change.add_ports.push_back(port);
  if (change.empty()) return;
  try {
    if (networks_.empty())
      remove_everything();
    else if (networks_before.empty())
      nft_.run(firewall_table(table_, networks_, ports_));
    else
      apply(change);
    if (!change.add_networks.empty() && !networks_.empty()) pass_others();
  } catch (...) {
    networks_ = networks_before;
    ports_ = ports_before;
    throw;
  }
}

void Firewall::apply(const FirewallChange& change) {
  try {
    nft_.run(firewall_elements(table_, change));
  } catch (const Error& error) {
    log::warning("the table {} is not as it was left, making it anew ({})", table_, error.what());
    nft_.run(firewall_table(table_, networks_, ports_));
    pass_others();
  }
}

void Firewall::reset(const std::vector<FirewallNetwork>& networks, const std::vector<FirewallPort>& ports) {
  networks_ = {networks.begin(), networks.end()};
  ports_ = {ports.begin(), ports.end()};
  if (networks_.empty()) return remove_everything();
  nft_.run(firewall_table(table_, networks_, ports_));
  pass_others();
}

void Firewall::remove_everything() {
  remove_from_others();
  const auto tables = nft_.tables();
  if (std::find(tables.begin(), tables.end(), table_) != tables.end()) nft_.run("delete table ip " + table_ + "\n");
}

void Firewall::remove_from_others() {
  legacy_.remove();
  std::string commands;
  for (const CommentedRule& rule : nft_.commented_rules(table_, table_))
    commands += fmt::format("delete rule {} {} {} handle {}\n", nft_family(rule.family), rule.table, rule.chain, rule.handle);
  if (!commands.empty()) nft_.run(commands);
}

std::set<std::string> Firewall::interface_names() const {
  std::set<std::string> names{pattern_ + "*"};  // and bridges whose name the user chose
  for (const FirewallNetwork& network : networks_)
    if (network.bridge.rfind(pattern_, 0) != 0) names.insert(network.bridge);
  return names;
}

void Firewall::pass_others() {
  pass_nft_tables();
  std::string shortcoming = legacy_.pass(interface_names());
  if (!shortcoming.empty() && shortcoming != shortcoming_) log::warning("{}", shortcoming);
  shortcoming_ = std::move(shortcoming);
}

void Firewall::pass_nft_tables() {
  const std::vector<ForwardChain> chains_of_others = nft_.forward_chains(table_);
  if (std::none_of(chains_of_others.begin(), chains_of_others.end(), [](const ForwardChain& chain) { return chain.drops; }))
    return;
  const std::set<std::string> names = interface_names();
  const std::vector<CommentedRule> ours = nft_.commented_rules(table_, table_);
  std::string commands;
  for (const ForwardChain& chain : chains_of_others) {
    if (!chain.drops || chain.table.rfind("stack-", 0) == 0) continue;  // other engines' tables drop only what is theirs
    const auto there = static_cast<std::size_t>(std::count_if(ours.begin(), ours.end(), [&](const CommentedRule& rule) {
      return rule.family == chain.family && rule.table == chain.table && rule.chain == chain.name;
    }));
    if (there == 2 * names.size()) continue;
    for (const CommentedRule& rule : ours)
      if (rule.family == chain.family && rule.table == chain.table && rule.chain == chain.name)
        commands +=
            fmt::format("delete rule {} {} {} handle {}\n", nft_family(rule.family), rule.table, rule.chain, rule.handle);
    for (const std::string& name : names)
      for (const char* direction : {"iifname", "oifname"})
        commands += fmt::format("insert rule {} {} {} {} \"{}\" counter accept comment \"{}\"\n", nft_family(chain.family),
                                chain.table, chain.name, direction, name, table_);
    log::info(
        "the forward chain {} of table {} {} drops packets: added rules there that accept traffic of our bridges (comment {})",
        chain.name, nft_family(chain.family), chain.table, table_);
  }
  if (!commands.empty()) nft_.run(commands);
}

}  // namespace stack::engine::network
