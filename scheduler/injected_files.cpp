#include "scheduler/injected_files.hpp"

#include <charconv>
#include <cstdlib>
#include <ctime>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "scheduler/container_parts.hpp"

namespace stack::scheduler {

using compose::FileObject;
using compose::FileReference;
using compose::Project;
using compose::Service;

namespace {

constexpr std::uint32_t default_mode = 0444;

/// Secrets or configs of one service with where they are written and what they refer to.
struct Kind {
  const char* word;    ///< "secret"
  std::string plural;  ///< the attribute
  const std::vector<FileReference>& references;
  const std::map<std::string, FileObject>& objects;
};

std::array<Kind, 2> kinds(const Project& project, const Service& service) {
  return {Kind{"secret", "secrets", service.secrets, project.secrets},
          Kind{"config", "configs", service.configs, project.configs}};
}

bool is_injected(const FileObject& object) { return object.content.has_value() || !object.environment.empty(); }

[[noreturn]] void fail(const Service& service, const std::string& attribute, const std::string& why) {
  throw Error(ErrorCode::invalid_argument,
              service.where(attribute) + ": services." + service.name + "." + attribute + ": " + why);
}

std::uint32_t number_of(const Service& service, const std::string& attribute, const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty()) return 0;
  if (error != std::errc{} || end != text.data() + text.size())
    fail(service, attribute, "\"" + text + "\" is no number: names are not looked up in the container");
  return number;
}

InjectedFile injected_file(const Service& service, const Kind& kind, const std::string& attribute,
                           const FileReference& reference, const FileObject& object) {
  if (!object.content)
    fail(service, attribute,
         "environment variable \"" + object.environment + "\" required by " + kind.word + " \"" + reference.source +
             "\" is not set");
  if (service.read_only && !object.content->empty())
    fail(service, attribute,
         std::string("cannot create ") + kind.word + " \"" + reference.source + "\" in read-only service " + service.name +
             ": `file` is the sole supported option");
  InjectedFile file;
  file.what = std::string(kind.word) + " \"" + reference.source + "\"";
  file.target = file_target(kind.plural, reference);
  file.uid = number_of(service, attribute + ".uid", reference.uid);
  file.gid = number_of(service, attribute + ".gid", reference.gid);
  file.mode = reference.mode.value_or(default_mode);
  file.environment = object.environment;
  file.content = object.content;
  return file;
}

std::string content_of(const InjectedFile& file) {
  if (file.content) return *file.content;
  const char* value = std::getenv(file.environment.c_str());
  if (value == nullptr)
    throw Error(ErrorCode::invalid_argument,
                "the value of " + file.what + " is not written into plans: set the environment variable " + file.environment);
  return value;
}

/// One archive with all of them. Names are absolute, as docker compose sends them.
std::string archive_of(const std::vector<InjectedFile>& files) {
  std::string tar;
  archive::Writer writer([&tar](std::string_view bytes) { tar += bytes; });
  for (const InjectedFile& file : files) {
    const std::string content = content_of(file);
    archive::Member member;
    member.path = file.target;
    member.mode = file.mode;
    member.uid = file.uid;
    member.gid = file.gid;
    member.size = content.size();
    member.mtime.tv_sec = std::time(nullptr);
    writer.add(member);
    writer.content(content);
  }
  writer.finish();
  return tar;
}

}  // namespace

bool has_injected_files(const Project& project, const Service& service) {
  for (const Kind& kind : kinds(project, service))
    for (const FileReference& reference : kind.references)
      if (const auto object = kind.objects.find(reference.source); object != kind.objects.end() && is_injected(object->second))
        return true;
  return false;
}

std::vector<InjectedFile> injected_files(const Project& project, const Service& service) {
  std::vector<InjectedFile> files;
  for (const Kind& kind : kinds(project, service))
    for (std::size_t i = 0; i < kind.references.size(); ++i) {
      const auto object = kind.objects.find(kind.references[i].source);
      if (object == kind.objects.end() || !is_injected(object->second)) continue;
      const std::string attribute = kind.plural + "[" + std::to_string(i) + "]";
      InjectedFile file = injected_file(service, kind, attribute, kind.references[i], object->second);
      if (!file.content->empty()) files.push_back(std::move(file));
    }
  return files;
}

std::vector<std::string> file_warnings(const Project& project, const Service& service) {
  std::vector<std::string> warnings;
  for (const Kind& kind : kinds(project, service))
    for (const FileReference& reference : kind.references) {
      const auto object = kind.objects.find(reference.source);
      if (object == kind.objects.end() || is_injected(object->second)) continue;
      if (reference.uid.empty() && reference.gid.empty() && !reference.mode) continue;
      warnings.push_back("services." + service.name + "." + kind.plural +
                         ": `uid`, `gid` and `mode` are not supported for files of the host, they will be ignored");
      break;
    }
  return warnings;
}

boost::asio::awaitable<void> inject_files(api::Client& client, std::string container, std::vector<InjectedFile> files) {
  if (files.empty()) co_return;
  std::string tar = archive_of(files);
  api::StringSource body(std::move(tar));
  const std::string root = "/";
  co_await client.put_archive(std::move(container), root, body);
}

}  // namespace stack::scheduler
