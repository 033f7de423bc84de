#include "engine/build/context.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack::engine::build {

namespace {

using Type = archive::Member::Type;

/// One line per file; the path is relative to what is digested.
void hash_file(Sha256& hash, std::string_view path, const ContextFile& file) {
  std::string line(path);
  line += '\0';
  line += std::to_string(static_cast<int>(file.type));
  line += ' ';
  line += std::to_string(file.mode);
  line += ' ';
  line += file.content;
  line += '\n';
  hash.update(line);
}

std::string content_digest(int parent, const std::string& name) {
  const UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) throw errno_error("open " + name);
  Sha256 hash;
  std::string buffer(256 * 1024, '\0');
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error("read " + name);
    if (got == 0) return hash.hex();
    hash.update({buffer.data(), static_cast<std::size_t>(got)});
  }
}

/// Lists a tree as Context has it after receiving it.
void collect(int parent, const std::string& name, const std::string& path, std::map<std::string, ContextFile>& files) {
  struct stat status {};
  if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw errno_error("stat " + path);
  ContextFile file;
  file.mode = status.st_mode & 07777;
  if (S_ISLNK(status.st_mode)) {
    file.type = Type::symlink;
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(parent, name.c_str(), target.data(), target.size());
    if (size < 0) throw errno_error("readlink " + path);
    file.content = target.substr(0, static_cast<std::size_t>(size));
  } else if (S_ISREG(status.st_mode)) {
    file.content = content_digest(parent, name);
  } else if (S_ISDIR(status.st_mode)) {
    file.type = Type::directory;
    UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) throw errno_error("open " + path);
    const std::unique_ptr<DIR, int (*)(DIR*)> handle(::fdopendir(fd.get()), ::closedir);
    if (!handle) throw errno_error("open " + path);
    fd.release();
    while (const dirent* entry = ::readdir(handle.get())) {
      const std::string child = entry->d_name;
      if (child != "." && child != "..")
        collect(::dirfd(handle.get()), child, path.empty() ? child : path + "/" + child, files);
    }
  } else {
    file.type = Type::fifo;
  }
  files[path] = std::move(file);
}

}  // namespace

void Context::add(const std::string& path, const archive::Member& member, const std::string& digest) {
  if (path.empty()) return;
  // what was below a replaced directory, or a replaced file, is gone
  if (const auto found = files_.find(path);
      found != files_.end() && (found->second.type != Type::directory || member.type != Type::directory)) {
    for (auto entry = files_.lower_bound(path + "/"); entry != files_.end() && entry->first.starts_with(path + "/");)
      entry = files_.erase(entry);
  }
  ContextFile file;
  file.type = member.type;
  file.mode = member.mode;
  file.content = member.type == Type::symlink ? member.link : digest;
  if (member.type == Type::hard_link) {
    const auto target = files_.find(clean_path(member.link));
    if (target != files_.end()) file = target->second;
  }
  files_[path] = std::move(file);
}

void Context::receive(archive::Source source) {
  archive::ExtractOptions options;
  options.owner = RootDir::Owner{0, 0};
  options.devices = false;
  options.hash_files = true;
  options.extracted = [this](const std::string& path, const archive::Member& member, const std::string& digest) {
    add(path, member, digest);
  };
  archive::extract(std::move(source), root_, options);
}

void Context::apply(const IgnoreRules& rules) {
  if (rules.empty()) return;
  std::vector<std::string> ignored;
  for (const auto& [path, file] : files_)
    if (rules.ignored(path)) ignored.push_back(path);
  // deepest first: a directory goes after what was in it, or stays when something in it is kept
  for (auto path = ignored.rbegin(); path != ignored.rend(); ++path) {
    const RootDir::Entry name = root_.parent_of(*path);
    const bool is_directory = files_.at(*path).type == Type::directory;
    if (::unlinkat(name.parent.get(), name.name.c_str(), is_directory ? AT_REMOVEDIR : 0) == 0)
      files_.erase(*path);
    else if (!is_directory || errno != ENOTEMPTY)
      throw errno_error("leaving out " + *path);
  }
}

std::string Context::digest(const std::string& path) const {
  Sha256 hash;
  if (!path.empty()) {
    const auto self = files_.find(path);
    if (self != files_.end()) hash_file(hash, "", self->second);
  }
  const std::string prefix = path.empty() ? "" : path + "/";
  for (auto entry = files_.lower_bound(prefix); entry != files_.end() && entry->first.starts_with(prefix); ++entry)
    hash_file(hash, std::string_view(entry->first).substr(prefix.size()), entry->second);
  return hash.hex();
}

std::string digest_of(const RootDir& root, const std::string& path) {
  std::map<std::string, ContextFile> files;
  const std::string clean = clean_path(path);
  if (clean.empty()) {
    collect(root.fd(), ".", "", files);
    files.erase("");
  } else {
    const RootDir::Entry entry = root.parent_of(clean);
    collect(entry.parent.get(), entry.name, "", files);
  }
  Sha256 hash;
  for (const auto& [name, file] : files) hash_file(hash, name, file);
  return hash.hex();
}

}  // namespace stack::engine::build
