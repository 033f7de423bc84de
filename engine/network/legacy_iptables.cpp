#include "engine/network/legacy_iptables.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/process.hpp"

namespace stack::engine::network {

namespace {

using Words = std::vector<std::string>;

std::vector<Words> rules_in(std::string_view listing) {
  std::vector<Words> rules;
  std::istringstream lines{std::string(listing)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    Words words;
    for (std::string word; fields >> word;) words.push_back(word);
    if (words.size() >= 3) rules.push_back(std::move(words));
  }
  return rules;
}

bool ends_in_drop(const Words& rule) {
  const auto jump = std::find(rule.begin(), rule.end(), "-j");
  return jump != rule.end() && jump + 1 != rule.end() && (*(jump + 1) == "DROP" || *(jump + 1) == "REJECT");
}

/// The kernel lists the tables that this namespace has; asking the program for one that it has not would make it.
bool has_filter_table() {
  std::ifstream names("/proc/thread-self/net/ip_tables_names");
  for (std::string name; std::getline(names, name);)
    if (name == "filter") return true;
  return false;
}

std::string find_program() {
  for (const char* path : {"/usr/sbin/iptables-legacy", "/sbin/iptables-legacy", "/usr/local/sbin/iptables-legacy"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

/// Runs the program and returns what it printed. Throws internal with that when it fails.
std::string run(const std::string& program, Words arguments) {
  const UniqueFd output(::memfd_create("iptables", MFD_CLOEXEC));
  if (!output) throw errno_error("memfd");
  SpawnOptions options;
  options.path = program;
  options.argv = {"iptables-legacy", "-w", "5"};  // seconds that another program may hold its lock
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
  options.descriptors = {{output.get(), 1}, {output.get(), 2}};
  const int status = wait_for(spawn(options));
  std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(output.get(), 0, SEEK_END), 0)), '\0');
  if (::pread(output.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) throw errno_error("memfd");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error(ErrorCode::internal, "iptables-legacy: " + text.substr(0, text.find('\n')));
  return text;
}

Words accept_rule(const char* direction, std::string interface, const std::string& comment) {
  if (interface.ends_with('*')) interface.back() = '+';
  return {"FORWARD", direction, interface, "-m", "comment", "--comment", comment, "-j", "ACCEPT"};
}

}  // namespace

bool legacy_forward_drops(std::string_view listing) {
  for (const Words& rule : rules_in(listing)) {
    if (rule[0] == "-P" && rule[1] == "FORWARD" && rule[2] != "ACCEPT") return true;
    if (rule[0] == "-A" && rule[1] != "INPUT" && rule[1] != "OUTPUT" && ends_in_drop(rule)) return true;
  }
  return false;
}

std::vector<std::vector<std::string>> legacy_rules_of(std::string_view listing, const std::string& comment) {
  std::vector<Words> found;
  for (const Words& rule : rules_in(listing)) {
    const auto option = std::find(rule.begin(), rule.end(), "--comment");
    if (rule[0] == "-A" && option != rule.end() && option + 1 != rule.end() && *(option + 1) == comment)
      found.emplace_back(rule.begin() + 1, rule.end());
  }
  return found;
}

std::string LegacyIptables::pass(const std::set<std::string>& interfaces) const {
  if (!has_filter_table()) return {};
  const std::string program = find_program();
  const char* consequence = "containers may not reach the outside, nor be reached from there";
  if (program.empty()) {
    return fmt::format(
        "this host has rules of iptables-legacy, which cannot be looked at without that program (Debian package "
        "iptables): where its FORWARD chain drops, {}",
        consequence);
  }
  try {
    const std::string listing = run(program, {"-S"});
    if (!legacy_forward_drops(listing)) return {};
    std::vector<Words> missing;
    const auto there = legacy_rules_of(listing, comment_);
    for (const std::string& interface : interfaces)
      for (const char* direction : {"-i", "-o"}) {
        Words rule = accept_rule(direction, interface, comment_);
        if (std::find(there.begin(), there.end(), rule) == there.end()) missing.push_back(std::move(rule));
      }
    for (Words& rule : missing) {
      rule.insert(rule.begin(), "-I");
      run(program, std::move(rule));
    }
    if (!missing.empty())
      log::info(
          "the FORWARD chain of iptables-legacy drops packets: added rules there that accept traffic of our bridges "
          "(comment {})",
          comment_);
    return {};
  } catch (const Error& error) {
    return fmt::format("the FORWARD chain of iptables-legacy could not be looked at or changed: where it drops, {} ({})",
                       consequence, error.what());
  }
}

void LegacyIptables::remove() const {
  const std::string program = has_filter_table() ? find_program() : std::string();
  if (program.empty()) return;
  try {
    for (Words& rule : legacy_rules_of(run(program, {"-S"}), comment_)) {
      rule.insert(rule.begin(), "-D");
      run(program, std::move(rule));
    }
  } catch (const Error& error) {
    log::warning("rules with the comment {} stay in iptables-legacy's FORWARD chain: {}", comment_, error.what());
  }
}

}  // namespace stack::engine::network
