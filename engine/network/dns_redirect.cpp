#include "engine/network/dns_redirect.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.hpp"
#include "base/net_address.hpp"

namespace stack::engine::network {

namespace {

constexpr Ipv4 server_address{0x7f00000b};  // 127.0.0.11, where Docker's clients expect it
constexpr std::uint16_t dns_port = 53;
constexpr const char* table_name = "stack_dns";

sockaddr_in socket_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(server_address.value);
  address.sin_port = htons(port);
  return address;
}

void message(NetlinkBatch& batch, int type, std::uint16_t flags, std::uint8_t family, std::uint16_t resource = 0) {
  batch.begin(static_cast<std::uint16_t>(type), flags);
  batch.header(nfgenmsg{family, NFNETLINK_V0, htons(resource)});
}

void nft(NetlinkBatch& batch, int type) { message(batch, NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_CREATE, NFPROTO_IPV4); }

/// Expressions of one rule; each adds itself.
class RuleBuilder {
public:
  explicit RuleBuilder(NetlinkBatch& batch) : batch_(batch) {
    nft(batch_, NFT_MSG_NEWRULE);
    batch_.attr_string(NFTA_RULE_TABLE, table_name);
    batch_.attr_string(NFTA_RULE_CHAIN, "output");
    list_ = batch_.nest(NFTA_RULE_EXPRESSIONS);
  }
  void finish() { batch_.end(list_); }

  void match_payload(std::uint32_t base, std::uint32_t offset, const void* value, std::size_t size) {
    begin("payload");
    batch_.attr_be32(NFTA_PAYLOAD_DREG, NFT_REG_1);
    batch_.attr_be32(NFTA_PAYLOAD_BASE, base);
    batch_.attr_be32(NFTA_PAYLOAD_OFFSET, offset);
    batch_.attr_be32(NFTA_PAYLOAD_LEN, static_cast<std::uint32_t>(size));
    end();
    compare(value, size);
  }
  void match_protocol(std::uint8_t protocol) {
    begin("meta");
    batch_.attr_be32(NFTA_META_DREG, NFT_REG_1);
    batch_.attr_be32(NFTA_META_KEY, NFT_META_L4PROTO);
    end();
    compare(&protocol, 1);
  }
  void do_not_track() {
    begin("notrack");
    end();
  }
  void write_port(std::uint32_t offset, std::uint16_t port, std::uint32_t checksum_offset) {
    const std::uint16_t value = htons(port);
    begin("immediate");
    batch_.attr_be32(NFTA_IMMEDIATE_DREG, NFT_REG_1);
    const std::size_t data = batch_.nest(NFTA_IMMEDIATE_DATA);
    batch_.attr(NFTA_DATA_VALUE, &value, sizeof value);
    batch_.end(data);
    end();
    begin("payload");
    batch_.attr_be32(NFTA_PAYLOAD_SREG, NFT_REG_1);
    batch_.attr_be32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
    batch_.attr_be32(NFTA_PAYLOAD_OFFSET, offset);
    batch_.attr_be32(NFTA_PAYLOAD_LEN, sizeof value);
    batch_.attr_be32(NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
    batch_.attr_be32(NFTA_PAYLOAD_CSUM_OFFSET, checksum_offset);
    end();
  }

private:
  void compare(const void* value, std::size_t size) {
    begin("cmp");
    batch_.attr_be32(NFTA_CMP_SREG, NFT_REG_1);
    batch_.attr_be32(NFTA_CMP_OP, NFT_CMP_EQ);
    const std::size_t data = batch_.nest(NFTA_CMP_DATA);
    batch_.attr(NFTA_DATA_VALUE, value, size);
    batch_.end(data);
    end();
  }
  void begin(const char* name) {
    element_ = batch_.nest(NFTA_LIST_ELEM);
    batch_.attr_string(NFTA_EXPR_NAME, name);
    data_ = batch_.nest(NFTA_EXPR_DATA);
  }
  void end() {
    batch_.end(data_);
    batch_.end(element_);
  }
  NetlinkBatch& batch_;
  std::size_t list_ = 0;
  std::size_t element_ = 0;
  std::size_t data_ = 0;
};

constexpr std::uint32_t ip_source = 12, ip_destination = 16;    // offsets in the IPv4 header
constexpr std::uint32_t source_port = 0, destination_port = 2;  // in the UDP and TCP headers
constexpr std::uint32_t udp_checksum = 6, tcp_checksum = 16;

/// `table ip stack_dns { chain output { type filter hook output priority raw; ip {s,d}addr 127.0.0.11 … notrack … set … } }`
void add_rule(NetlinkBatch& batch, std::uint8_t protocol, std::uint32_t address_offset, std::uint32_t port_offset,
              std::uint16_t from, std::uint16_t to) {
  const auto address = server_address.bytes();
  const std::uint16_t match = htons(from);
  RuleBuilder rule(batch);
  rule.match_payload(NFT_PAYLOAD_NETWORK_HEADER, address_offset, address.data(), address.size());
  rule.match_protocol(protocol);
  rule.match_payload(NFT_PAYLOAD_TRANSPORT_HEADER, port_offset, &match, sizeof match);
  rule.do_not_track();
  rule.write_port(port_offset, to, protocol == IPPROTO_UDP ? udp_checksum : tcp_checksum);
  rule.finish();
}

}  // namespace

DnsSockets open_dns_sockets() {
  for (int attempt = 0;; ++attempt) {
    DnsSockets sockets;
    sockets.udp = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockets.tcp = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!sockets.udp || !sockets.tcp) throw errno_error("DNS socket");
    sockaddr_in address = socket_address(0);
    socklen_t size = sizeof address;
    if (::bind(sockets.udp.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) throw errno_error("bind DNS socket");
    if (::getsockname(sockets.udp.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) throw errno_error("getsockname");
    sockets.port = ntohs(address.sin_port);
    if (::bind(sockets.tcp.get(), reinterpret_cast<sockaddr*>(&address), size) == 0) {
      if (::listen(sockets.tcp.get(), 64) != 0) throw errno_error("listen on DNS socket");
      return sockets;
    }
    if (errno != EADDRINUSE || attempt == 16) throw errno_error("bind DNS socket");
  }
}

void install_dns_redirect(NetlinkSocket& netfilter, std::uint16_t port) {
  NetlinkBatch batch;
  message(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  nft(batch, NFT_MSG_NEWTABLE);
  batch.attr_string(NFTA_TABLE_NAME, table_name);
  nft(batch, NFT_MSG_NEWCHAIN);
  batch.attr_string(NFTA_CHAIN_TABLE, table_name);
  batch.attr_string(NFTA_CHAIN_NAME, "output");
  batch.attr_string(NFTA_CHAIN_TYPE, "filter");
  const std::size_t hook = batch.nest(NFTA_CHAIN_HOOK);
  batch.attr_be32(NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
  batch.attr_be32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(NF_IP_PRI_RAW));
  batch.end(hook);
  for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_UDP}, std::uint8_t{IPPROTO_TCP}}) {
    add_rule(batch, protocol, ip_destination, destination_port, dns_port, port);
    add_rule(batch, protocol, ip_source, source_port, port, dns_port);
  }
  message(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  const auto errors = netfilter.transact_atomically(batch);
  if (!errors.empty())
    throw errno_error("redirect DNS inside the container's network namespace (nftables)", errors.front().error);
}

}  // namespace stack::engine::network
