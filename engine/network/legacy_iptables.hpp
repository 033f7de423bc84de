#pragma once
// The FORWARD chain of the kernel's old packet filter (x_tables), which nftables neither shows nor changes: what the program
// iptables-legacy writes to. Only looked at where its filter table is in use; it is changed through that program, for its
// interface is no stable one.
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::network {

/// May packets on the forward hook be dropped or rejected, by the policy or by a rule they can reach? `listing`: the output of
/// `iptables-legacy -S`.
bool legacy_forward_drops(std::string_view listing);

/// The rules of a listing that have exactly this comment, as words that follow -D.
std::vector<std::vector<std::string>> legacy_rules_of(std::string_view listing, const std::string& comment);

/// Blocking; in the calling thread's network namespace.
class LegacyIptables {
public:
  explicit LegacyIptables(std::string comment) : comment_(std::move(comment)) {}

  /// Accepts traffic of these interfaces ("stk1a2b*": all that begin so) where FORWARD drops. Returns what a user must know
  /// when it drops and cannot be changed; empty: all is well. Does nothing where it is done.
  std::string pass(const std::set<std::string>& interfaces) const;
  void remove() const;  ///< our rules; failures are logged

private:
  std::string comment_;
};

}  // namespace stack::engine::network
