#include "tests/compose_corpus/sandbox.hpp"

#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "compose/config_output.hpp"

namespace stack::corpus {
namespace {

namespace fs = std::filesystem;

const fs::path project = "/corpus/project";

/// The case's command line.
struct CommandLine {
  compose::LoadOptions loading;
  compose::ConfigRequest request;
  bool quiet = false;

  CommandLine(const Case& wanted, const std::vector<std::string>& extra) {
    loading.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"HOME", "/root"}};
    loading.cwd = (project / wanted.directory).lexically_normal();
    if (loading.cwd.ends_with('/')) loading.cwd.pop_back();
    loading.environment["PWD"] = loading.cwd;
    for (const auto& [name, value] : wanted.environment) loading.environment[name] = value;
    read_before(wanted.before);
    std::vector<std::string> after = wanted.after;
    after.insert(after.end(), extra.begin(), extra.end());
    read_after(after);
    compose::prepare(loading, request);
  }

private:
  void read_before(const std::vector<std::string>& arguments) {
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
      const std::string& name = arguments[i];
      const std::string& value = arguments[i + 1];
      if (name == "-f")
        loading.files.push_back(value);
      else if (name == "-p")
        loading.project_name = value;
      else if (name == "--profile")
        loading.profiles.push_back(value);
      else if (name == "--env-file")
        loading.env_files.push_back(value);
      else if (name == "--project-directory")
        loading.project_directory = value;
      else
        throw std::runtime_error("the corpus test does not know " + name);
    }
  }

  void read_after(const std::vector<std::string>& arguments) {
    using compose::ConfigPart;
    static const std::map<std::string, ConfigPart> parts{{"--services", ConfigPart::services},
                                                         {"--images", ConfigPart::images},
                                                         {"--volumes", ConfigPart::volumes},
                                                         {"--networks", ConfigPart::networks},
                                                         {"--models", ConfigPart::models},
                                                         {"--profiles", ConfigPart::profiles},
                                                         {"--hash", ConfigPart::hashes},
                                                         {"--variables", ConfigPart::variables},
                                                         {"--environment", ConfigPart::environment}};
    const std::map<std::string, bool*> switches{{"--no-interpolate", &loading.interpolate},
                                                {"--no-normalize", &loading.normalize},
                                                {"--no-path-resolution", &loading.resolve_paths},
                                                {"--no-env-resolution", &loading.resolve_env_files},
                                                {"--no-consistency", &loading.check_consistency}};
    std::set<ConfigPart> asked{ConfigPart::document};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string& name = arguments[i];
      if (const auto part = parts.find(name); part != parts.end()) asked.insert(part->second);
      if (name == "--hash" && arguments.at(i + 1) != "*") read_hashed(arguments.at(i + 1));
      if (name == "--format") {
        request.json = arguments.at(i + 1) == "json";
        request.table = false;
      }
      if (name == "--hash" || name == "--format") {
        ++i;
      } else if (const auto off = switches.find(name); off != switches.end()) {
        *off->second = false;
      } else if (name == "-q" || name == "--quiet") {
        quiet = true;
      } else if (!name.starts_with('-')) {
        request.services.push_back(name);
      } else if (!parts.contains(name)) {
        throw std::runtime_error("the corpus test does not know " + name);
      }
    }
    request.part = *asked.begin();
    loading.services = request.services;
  }

  void read_hashed(const std::string& list) {
    std::istringstream names(list);
    for (std::string name; std::getline(names, name, ',');) request.hashed.push_back(name);
  }
};

}  // namespace

TemporaryRoot::TemporaryRoot() : path_(fs::temp_directory_path() / "stack-corpus-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) throw errno_error("make a temporary directory");
  fs::create_directories(path_ + "/dev");
  std::ofstream(path_ + "/dev/null");
}

TemporaryRoot::~TemporaryRoot() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

bool TemporaryRoot::enter() const {
  if (::geteuid() != 0 && ::unshare(CLONE_NEWUSER) != 0) return false;
  return ::chroot(path_.c_str()) == 0 && ::chdir("/") == 0;
}

void Sandbox::lay_out(const Case& wanted) const {
  fs::current_path("/");
  fs::remove_all("/corpus");
  fs::create_directories(project / wanted.directory);
  for (const auto& [name, text] : wanted.files) {
    const fs::path path = (project / name).lexically_normal();
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
}

Output Sandbox::run(const Case& wanted, const std::vector<std::string>& extra) const {
  CommandLine line(wanted, extra);
  fs::current_path(project / wanted.directory);
  std::istringstream standard_input(wanted.standard_input);
  line.loading.standard_input = &standard_input;
  Output result;
  try {
    compose::LoadResult loaded = compose::load(line.loading);
    if (!line.quiet || line.request.part != compose::ConfigPart::document)
      result.out = compose::config_output(std::move(loaded), line.loading, line.request);
    if (line.request.part == compose::ConfigPart::document && line.request.json) result.out += '\n';
  } catch (const Error& error) {
    result.status = 1;
    result.errors = error.what();
  }
  return result;
}

}  // namespace stack::corpus
