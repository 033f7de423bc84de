#pragma once
// Who owns which names: what the DNS server asks, and engine/network answers (name_table). Immutable snapshots, so that the
// DNS thread and the engine's loop share no lock: a change builds a new snapshot and swaps the pointer atomically.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dns/address.hpp"

namespace stack::dns {

/// The names one endpoint (a container) sees, over all its networks. Immutable; read by the DNS thread.
class View {
public:
  virtual ~View() = default;

  /// Appends the addresses (both families) of `name`: lower case, no trailing dot. False: not a name of ours, so it is
  /// forwarded; true with nothing appended: ours, without an address now (answered "no data", never forwarded).
  virtual bool find(std::string_view name, std::vector<Address>& addresses) const = 0;

  /// The name a reverse query for `address` gets ("web-1.shop_default"). Empty: not ours, forwarded.
  virtual std::string_view reverse(const Address& address) const = 0;
};

class Backend {
public:
  virtual ~Backend() = default;

  /// What `endpoint` sees now; null when it is not (any more) known, and then every name is forwarded. Called by the DNS thread
  /// once per batch of packets: must not block (load one atomic shared_ptr, find the endpoint in it).
  virtual std::shared_ptr<const View> view(std::string_view endpoint) const = 0;
};

}  // namespace stack::dns
