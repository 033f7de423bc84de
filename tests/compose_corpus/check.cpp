// check [--verbose] [--list] [GROUP | GROUP/CASE]...: runs `stack config` over the recorded cases, all in this process, and
// reports per group how many agree with what docker compose gave. Fails for a difference that known_differences.json does not
// list, and for a listed one that has gone: that file may only shrink. --list prints the names of all that differ, as JSON.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "tests/compose_corpus/corpus.hpp"
#include "tests/compose_corpus/sandbox.hpp"

namespace stack::corpus {
namespace {

using nlohmann::json;

constexpr int skipped = 77;

std::vector<std::string> flags_of(const std::string& output) {
  if (output == "json") return {"--format", "json"};
  if (output == "hash") return {"--hash", "*"};
  return {};
}

/// A text as it is compared: without blank lines at the end, a list's lines in order, for which the reference has none.
std::string comparable(const Case& wanted, std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  static const std::set<std::string> lists{"--services", "--images",      "--volumes",   "--networks", "--models",
                                           "--profiles", "--environment", "--variables", "--hash"};
  const auto& after = wanted.after;
  const bool list = std::any_of(after.begin(), after.end(), [](const std::string& flag) { return lists.contains(flag); });
  const auto asked = [&](const char* flag) { return std::find(after.begin(), after.end(), flag) != after.end(); };
  if (!list || (asked("--variables") && asked("--format"))) return text;
  std::istringstream stream(text);
  std::multiset<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) lines.insert(line);
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

/// Lines that only one has: "-" the reference, "+" we.
std::string line_difference(const std::string& reference, const std::string& ours) {
  const auto lines_of = [](const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  };
  const std::vector<std::string> a = lines_of(reference), b = lines_of(ours);
  const auto lacking = [](const std::vector<std::string>& from, const std::vector<std::string>& in, char mark) {
    std::multiset<std::string> left(in.begin(), in.end());
    std::string out;
    for (const std::string& line : from) {
      if (const auto found = left.find(line); found != left.end())
        left.erase(found);
      else
        out += fmt::format("{} {}\n", mark, line);
    }
    return out;
  };
  const std::string out = lacking(a, b, '-') + lacking(b, a, '+');
  return out.empty() ? "the order of lines differs:\n" + ours : out;
}

/// What differs, told for a reader; empty: nothing.
std::string difference(const Sandbox& sandbox, const Case& wanted) {
  sandbox.lay_out(wanted);
  if (const auto failure = wanted.expected.find("error"); failure != wanted.expected.end()) {
    const std::string expected = failure->second;
    const Output ours = sandbox.run(wanted, {});
    if (ours.status == 0) return "we accept it, the reference says:\n" + expected;
    const auto path = attribute_path(expected);
    if (path && !names_attribute(ours.errors, *path))
      return fmt::format("we do not name {}:\n{}\nthe reference says:\n{}", *path, ours.errors, expected);
    return {};
  }
  for (const auto& [output, expected] : wanted.expected) {
    const Output ours = sandbox.run(wanted, flags_of(output));
    if (ours.status != 0) return "we refuse it:\n" + ours.errors;
    if (output == "json") {
      const json document = json::parse(ours.out, nullptr, false);
      if (document.is_discarded()) return "we print what is no JSON:\n" + ours.out;
      if (document != expected)
        return "json differs (from the reference's to ours):\n" + json::diff(expected, document).dump(1);
    } else {
      const std::string reference = comparable(wanted, expected.get<std::string>()), text = comparable(wanted, ours.out);
      if (text != reference) return fmt::format("{} differs:\n{}", output, line_difference(reference, text));
    }
  }
  return {};
}

struct Options {
  bool verbose = false, list = false;
  std::vector<std::string> chosen;

  bool wants(const std::string& group, const std::string& name) const {
    const auto matches = [&](const std::string& entry) { return entry == group || entry == name; };
    return chosen.empty() || std::any_of(chosen.begin(), chosen.end(), matches);
  }
};

struct Report {
  std::set<std::string> known, seen;
  std::vector<std::string> differing, unexpected, gone;
  std::size_t total = 0;
};

void check_group(const Group& group, const Options& options, const Sandbox& sandbox, Report& report) {
  std::size_t agreeing = 0, run = 0, known = 0;
  for (const Case& wanted : group.cases) {
    const std::string name = group.name + '/' + wanted.name;
    if (!options.wants(group.name, name)) continue;
    ++run;
    report.seen.insert(name);
    const std::string text = difference(sandbox, wanted);
    const bool listed = report.known.contains(name);
    if (text.empty()) {
      ++agreeing;
      if (listed) report.gone.push_back(name);
      continue;
    }
    if (listed) ++known;
    report.differing.push_back(name);
    if (!listed) report.unexpected.push_back(name);
    if (options.list || (listed && !options.verbose)) continue;
    std::printf("---- %s\n", name.c_str());
    if (options.verbose)
      for (const auto& [file, content] : wanted.files) std::printf("== %s\n%s\n", file.c_str(), content.c_str());
    std::printf("%s\n", text.c_str());
  }
  report.total += run;
  if (run > 0 && !options.list)
    std::printf("%-28s %5zu of %5zu agree%s\n", group.name.c_str(), agreeing, run,
                known > 0 ? fmt::format(", {} known to differ", known).c_str() : "");
}

int report_to_status(const Report& report, const Options& options) {
  if (options.list) {
    std::printf("%s\n", json(report.differing).dump(0).c_str());
    return 0;
  }
  std::printf("%zu cases, %zu agree, %zu known to differ, %zu differ unexpectedly\n", report.total,
              report.total - report.differing.size(), report.differing.size() - report.unexpected.size(),
              report.unexpected.size());
  for (const std::string& name : report.gone)
    std::printf("%s agrees now: take it out of known_differences.json\n", name.c_str());
  bool stale = false;
  if (options.chosen.empty())
    for (const std::string& name : report.known)
      if (!report.seen.contains(name)) {
        std::printf("known_differences.json lists %s, which is no case\n", name.c_str());
        stale = true;
      }
  return report.unexpected.empty() && report.gone.empty() && !stale ? 0 : 1;
}

int check(const Options& options, const TemporaryRoot& root) {
  const std::filesystem::path source = STACK_SOURCE_DIR;
  const std::vector<Group> groups = read_groups(source / "tests/golden/compose_corpus");
  Report report;
  report.known = read_known_differences(source / "tests/compose_corpus/known_differences.json");
  if (!root.enter()) {
    std::puts("no permission to change the root directory: skipped");
    return skipped;
  }
  const Sandbox sandbox;
  for (const Group& group : groups) check_group(group, options, sandbox, report);
  return report_to_status(report, options);
}

/// In a child: a process that has changed its root cannot remove it.
int check_in_child(const Options& options) {
  const TemporaryRoot root;
  const pid_t child = ::fork();
  if (child == 0) {
    const int status = check(options, root);
    std::fflush(stdout);
    std::_Exit(status);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 1;
  return WEXITSTATUS(status);
}

}  // namespace
}  // namespace stack::corpus

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  stack::corpus::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--verbose")
      options.verbose = true;
    else if (argument == "--list")
      options.list = true;
    else
      options.chosen.push_back(argument);
  }
  return stack::corpus::check_in_child(options);
}
