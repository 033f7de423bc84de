#pragma once
// libnftables, loaded when it is first needed: commands that touch no firewall do not pay for it and its libraries.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stack::engine::network {

class Nft {
public:
  Nft();  ///< loads nothing yet
  ~Nft();
  Nft(const Nft&) = delete;
  Nft& operator=(const Nft&) = delete;

  /// Runs nft commands, all or nothing, in the namespace of the thread that called first. Throws internal with nft's own words,
  /// unavailable when the library is not installed. One call at a time.
  void run(const std::string& commands);

private:
  struct Library;
  std::unique_ptr<Library> library_;
};

/// A chain on the forward hook that some other program made.
struct ForwardChain {
  std::uint8_t family = 0;  ///< NFPROTO_IPV4, NFPROTO_INET
  std::string table;
  std::string name;
  bool drops = false;  ///< its policy, or a rule that packets can reach, may drop or reject
};
/// Those of tables other than `own_table`, in the calling thread's namespace.
std::vector<ForwardChain> list_forward_chains(const std::string& own_table);

struct CommentedRule {
  std::uint8_t family = 0;
  std::string table;
  std::string chain;
  std::uint64_t handle = 0;
};
/// Rules with exactly this comment, wherever they are but in `own_table`.
std::vector<CommentedRule> list_commented_rules(const std::string& comment, const std::string& own_table);

/// Names of tables of family ip, e.g. to see whether one is there.
std::vector<std::string> list_tables();

const char* nft_family(std::uint8_t family);  ///< "ip", "inet"

}  // namespace stack::engine::network
