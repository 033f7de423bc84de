#include "engine/network/nft.hpp"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "engine/network/netlink.hpp"

namespace stack::engine::network {

struct Nft::Library {
  using New = void* (*)(std::uint32_t);
  using Free = void (*)(void*);
  using Buffer = int (*)(void*);
  using Text = const char* (*)(void*);
  using Run = int (*)(void*, const char*);

  // By name: the program's RPATH ($ORIGIN/../lib/stack, where a relocatable folder has its own) comes before the system's.
  Library() : handle(::dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL)) {
    if (handle == nullptr)
      throw Error(ErrorCode::unavailable,
                  std::string("networks need libnftables (Debian package libnftables1): ") + ::dlerror());
    run = symbol<Run>("nft_run_cmd_from_buffer");
    error_text = symbol<Text>("nft_ctx_get_error_buffer");
    free = symbol<Free>("nft_ctx_free");
    context = symbol<New>("nft_ctx_new")(0);
    if (context == nullptr) throw Error(ErrorCode::internal, "nft_ctx_new failed");
    symbol<Buffer>("nft_ctx_buffer_error")(context);
    symbol<Buffer>("nft_ctx_buffer_output")(context);
  }
  ~Library() {
    if (context != nullptr) free(context);
  }  // the library itself stays: unloading gains nothing and its own libraries do not all survive it
  template <class F>
  F symbol(const char* name) const {
    void* address = ::dlsym(handle, name);
    if (address == nullptr) throw Error(ErrorCode::unavailable, std::string("libnftables has no ") + name);
    return reinterpret_cast<F>(address);
  }
  void* handle;
  void* context = nullptr;
  Run run = nullptr;
  Text error_text = nullptr;
  Free free = nullptr;
};

Nft::Nft() = default;
Nft::~Nft() = default;

void Nft::run(const std::string& commands) {
  if (!library_) library_ = std::make_unique<Library>();
  if (library_->run(library_->context, commands.c_str()) == 0) return;
  std::string text = library_->error_text(library_->context);
  throw Error(ErrorCode::internal, "nftables: " + text.substr(0, text.find('\n')));
}

NetlinkSocket& Nft::questions() {
  if (!questions_) questions_ = std::make_unique<NetlinkSocket>(NETLINK_NETFILTER);
  return *questions_;
}

namespace {

using Attributes = std::span<const char>;

NetlinkBatch get_request(int type, std::uint8_t family) {
  NetlinkBatch batch;
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), 0);
  batch.header(nfgenmsg{family, NFNETLINK_V0, 0});
  return batch;
}

std::string text_of(Attributes data) { return {data.data(), strnlen(data.data(), data.size())}; }
std::uint32_t number_of(Attributes data) { return ntohl(read_as<std::uint32_t>(data)); }

struct Chain {
  ForwardChain chain;
  bool is_base = false;
  bool on_forward = false;
};

std::vector<Chain> dump_chains(NetlinkSocket& socket) {
  NetlinkBatch request = get_request(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC);
  std::vector<Chain> chains;
  socket.dump(request, [&](const NetlinkReply& reply) {
    if (reply.body.size() < sizeof(nfgenmsg)) return;
    Chain found;
    found.chain.family = read_as<nfgenmsg>(reply.body).nfgen_family;
    each_attr(reply.body.subspan(sizeof(nfgenmsg)), [&](std::uint16_t type, Attributes data) {
      if (type == NFTA_CHAIN_TABLE) found.chain.table = text_of(data);
      if (type == NFTA_CHAIN_NAME) found.chain.name = text_of(data);
      if (type == NFTA_CHAIN_POLICY) found.chain.drops = number_of(data) == NF_DROP;
      if (type != NFTA_CHAIN_HOOK) return;
      found.is_base = true;
      each_attr(data, [&](std::uint16_t inner, Attributes hook) {
        if (inner == NFTA_HOOK_HOOKNUM) found.on_forward = number_of(hook) == NF_INET_FORWARD;
      });
    });
    const std::uint8_t family = found.chain.family;
    found.on_forward = found.on_forward && (family == NFPROTO_IPV4 || family == NFPROTO_INET);
    chains.push_back(std::move(found));
  });
  return chains;
}

/// Does an expression end in a drop: reject, a drop verdict, or iptables' REJECT target?
bool expression_drops(Attributes expression) {
  std::string name;
  bool drops = false;
  each_attr(expression, [&](std::uint16_t type, Attributes data) {
    if (type == NFTA_EXPR_NAME) name = text_of(data);
    if (type != NFTA_EXPR_DATA) return;
    each_attr(data, [&](std::uint16_t inner, Attributes value) {
      if (name == "target" && inner == NFTA_TARGET_NAME)
        drops = drops || text_of(value) == "REJECT" || text_of(value) == "DROP";
      if (name != "immediate" || inner != NFTA_IMMEDIATE_DATA) return;
      each_attr(value, [&](std::uint16_t kind, Attributes verdict) {
        if (kind != NFTA_DATA_VERDICT) return;
        each_attr(verdict, [&](std::uint16_t code, Attributes number) {
          if (code == NFTA_VERDICT_CODE) drops = drops || number_of(number) == NF_DROP;
        });
      });
    });
  });
  return drops || name == "reject";
}

struct Rule {
  CommentedRule where;
  std::string comment;
  bool drops = false;
};

constexpr std::uint8_t userdata_comment = 0;  // libnftnl's NFTNL_UDATA_RULE_COMMENT

std::string comment_in(Attributes userdata) {
  while (userdata.size() >= 2) {  // type, length, value
    const auto length = static_cast<std::uint8_t>(userdata[1]);
    if (userdata.size() < std::size_t{2} + length) return {};
    if (static_cast<std::uint8_t>(userdata[0]) == userdata_comment) return text_of(userdata.subspan(2, length));
    userdata = userdata.subspan(std::size_t{2} + length);
  }
  return {};
}

void dump_rules(NetlinkSocket& socket, const std::function<void(const Rule&)>& on_rule) {
  NetlinkBatch request = get_request(NFT_MSG_GETRULE, NFPROTO_UNSPEC);
  socket.dump(request, [&](const NetlinkReply& reply) {
    if (reply.body.size() < sizeof(nfgenmsg)) return;
    Rule rule;
    rule.where.family = read_as<nfgenmsg>(reply.body).nfgen_family;
    each_attr(reply.body.subspan(sizeof(nfgenmsg)), [&](std::uint16_t type, Attributes data) {
      if (type == NFTA_RULE_TABLE) rule.where.table = text_of(data);
      if (type == NFTA_RULE_CHAIN) rule.where.chain = text_of(data);
      if (type == NFTA_RULE_HANDLE) rule.where.handle = be64toh(read_as<std::uint64_t>(data));
      if (type == NFTA_RULE_USERDATA) rule.comment = comment_in(data);
      if (type == NFTA_RULE_EXPRESSIONS)
        each_attr(data, [&](std::uint16_t, Attributes element) { rule.drops = rule.drops || expression_drops(element); });
    });
    on_rule(rule);
  });
}

}  // namespace

std::vector<ForwardChain> Nft::forward_chains(const std::string& own_table) {
  NetlinkSocket& socket = questions();
  const std::vector<Chain> chains = dump_chains(socket);
  using Key = std::pair<std::uint8_t, std::string>;
  std::set<std::pair<Key, std::string>> other_hooks;  // packets on the forward hook never pass these
  std::vector<ForwardChain> forward;
  for (const Chain& entry : chains) {
    if (entry.chain.table == own_table) continue;
    if (entry.on_forward) forward.push_back(entry.chain);
    if (entry.is_base && !entry.on_forward) other_hooks.insert({{entry.chain.family, entry.chain.table}, entry.chain.name});
  }
  if (forward.empty()) return forward;
  std::set<Key> dropping_tables;
  dump_rules(socket, [&](const Rule& rule) {
    const Key table{rule.where.family, rule.where.table};
    if (rule.drops && other_hooks.count({table, rule.where.chain}) == 0) dropping_tables.insert(table);
  });
  for (ForwardChain& chain : forward) chain.drops = chain.drops || dropping_tables.count({chain.family, chain.table}) > 0;
  return forward;
}

std::vector<CommentedRule> Nft::commented_rules(const std::string& comment, const std::string& own_table) {
  std::vector<CommentedRule> found;
  dump_rules(questions(), [&](const Rule& rule) {
    if (rule.comment == comment && rule.where.table != own_table) found.push_back(rule.where);
  });
  return found;
}

std::vector<std::string> Nft::tables() {
  NetlinkBatch request = get_request(NFT_MSG_GETTABLE, NFPROTO_IPV4);
  std::vector<std::string> tables;
  questions().dump(request, [&](const NetlinkReply& reply) {
    if (reply.body.size() < sizeof(nfgenmsg)) return;
    each_attr(reply.body.subspan(sizeof(nfgenmsg)), [&](std::uint16_t type, Attributes data) {
      if (type == NFTA_TABLE_NAME) tables.push_back(text_of(data));
    });
  });
  return tables;
}

const char* nft_family(std::uint8_t family) { return family == NFPROTO_INET ? "inet" : "ip"; }

}  // namespace stack::engine::network
