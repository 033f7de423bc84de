#pragma once
// libnftables, loaded when it is first needed: commands that touch no firewall do not pay for it and its libraries.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stack::engine::network {

class NetlinkSocket;

/// A chain on the forward hook that some other program made.
struct ForwardChain {
  std::uint8_t family = 0;  ///< NFPROTO_IPV4, NFPROTO_INET
  std::string table;
  std::string name;
  bool drops = false;  ///< its policy, or a rule that packets can reach, may drop or reject
};

struct CommentedRule {
  std::uint8_t family = 0;
  std::string table;
  std::string chain;
  std::uint64_t handle = 0;
};
/// nftables as one client of the kernel's: changes by libnftables, questions by a socket that stays open, because closing one
/// waits for the kernel to clear away what a change before it has removed (about 10 ms). Everything happens in the namespace of
/// the thread that called first, one call at a time.
class Nft {
public:
  Nft();  ///< loads nothing yet
  ~Nft();
  Nft(const Nft&) = delete;
  Nft& operator=(const Nft&) = delete;

  /// Runs nft commands, all or nothing. Throws internal with nft's own words, unavailable when the library is not installed.
  void run(const std::string& commands);

  /// Chains on the forward hook of tables other than `own_table`.
  std::vector<ForwardChain> forward_chains(const std::string& own_table);
  /// Rules with exactly this comment, wherever they are but in `own_table`.
  std::vector<CommentedRule> commented_rules(const std::string& comment, const std::string& own_table);
  /// Names of tables of family ip, e.g. to see whether one is there.
  std::vector<std::string> tables();

private:
  NetlinkSocket& questions();
  struct Library;
  std::unique_ptr<Library> library_;
  std::unique_ptr<NetlinkSocket> questions_;
};

const char* nft_family(std::uint8_t family);  ///< "ip", "inet"

}  // namespace stack::engine::network
