// libarchive reads the tar formats (ustar, pax, GNU, sparse files of each); decompression is ours (ISA-L).
#include <archive.h>
#include <archive_entry.h>

#include <cerrno>

#include "base/archive.hpp"
#include "base/error.hpp"

namespace stack::archive {

struct Reader::State {
  Source source;
  std::string buffer = std::string(256 * 1024, '\0');
  std::unique_ptr<::archive, int (*)(::archive*)> handle{::archive_read_new(), ::archive_read_free};
  std::exception_ptr source_error;  // an exception must not cross the C library
  std::string member;

  static la_ssize_t read_block(::archive* handle, void* data, const void** block) {
    auto* state = static_cast<State*>(data);
    try {
      *block = state->buffer.data();
      return static_cast<la_ssize_t>(state->source(state->buffer.data(), state->buffer.size()));
    } catch (...) {
      state->source_error = std::current_exception();
      ::archive_set_error(handle, EIO, "source failed");
      return -1;
    }
  }

  [[noreturn]] void fail() const {
    if (source_error) std::rethrow_exception(source_error);
    const char* text = ::archive_error_string(handle.get());
    std::string message = "archive is damaged";
    if (!member.empty()) message += " after \"" + member + "\"";
    if (text != nullptr) message += std::string(": ") + text;
    throw Error(ErrorCode::invalid_argument, message);
  }
};

namespace {

Member::Type type_of(archive_entry* entry, const std::string& path) {
  if (::archive_entry_hardlink(entry) != nullptr) return Member::Type::hard_link;
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG: return Member::Type::file;
    case AE_IFDIR: return Member::Type::directory;
    case AE_IFLNK: return Member::Type::symlink;
    case AE_IFCHR: return Member::Type::character_device;
    case AE_IFBLK: return Member::Type::block_device;
    case AE_IFIFO: return Member::Type::fifo;
    default: throw Error(ErrorCode::invalid_argument, "archive member \"" + path + "\" has an unknown type");
  }
}

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

Member to_member(archive_entry* entry) {
  Member member;
  const char* path = ::archive_entry_pathname(entry);
  if (path == nullptr) throw Error(ErrorCode::invalid_argument, "archive member has no readable name");
  member.path = path;
  member.type = type_of(entry, member.path);
  if (member.type == Member::Type::hard_link) member.link = text_or_empty(::archive_entry_hardlink(entry));
  if (member.type == Member::Type::symlink) member.link = text_or_empty(::archive_entry_symlink(entry));
  member.mode = ::archive_entry_perm(entry);
  member.uid = static_cast<uid_t>(::archive_entry_uid(entry));
  member.gid = static_cast<gid_t>(::archive_entry_gid(entry));
  const la_int64_t size = ::archive_entry_size(entry);
  if (size < 0) throw Error(ErrorCode::invalid_argument, "archive member \"" + member.path + "\" has a negative size");
  member.size = static_cast<std::uint64_t>(size);
  member.mtime = {::archive_entry_mtime(entry), ::archive_entry_mtime_nsec(entry)};
  if (member.type == Member::Type::character_device || member.type == Member::Type::block_device)
    member.device = ::archive_entry_rdev(entry);
  ::archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t length = 0;
  while (::archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK)
    member.xattrs[name] = std::string(static_cast<const char*>(value), length);
  return member;
}

}  // namespace

Reader::Reader(Source source) : Reader(decompress(std::move(source)), Plain{}) {}

Reader::Reader(Source source, Plain) : state_(std::make_unique<State>()) {
  state_->source = std::move(source);
  ::archive_read_support_format_tar(state_->handle.get());
  ::archive_read_support_format_empty(state_->handle.get());
  if (::archive_read_open(state_->handle.get(), state_.get(), nullptr, State::read_block, nullptr) != ARCHIVE_OK)
    state_->fail();
}

Reader::~Reader() = default;

std::optional<Member> Reader::next() {
  archive_entry* entry = nullptr;
  const int result = ::archive_read_next_header(state_->handle.get(), &entry);
  if (result == ARCHIVE_EOF) return std::nullopt;
  // ARCHIVE_WARN: mostly a name that is not in the C locale; the raw bytes are there, and are what we want
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) state_->fail();
  Member member = to_member(entry);
  state_->member = member.path;
  return member;
}

bool Reader::read(std::string_view& bytes, std::uint64_t& offset) {
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t position = 0;
  const int result = ::archive_read_data_block(state_->handle.get(), &block, &size, &position);
  if (result == ARCHIVE_EOF) return false;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) state_->fail();
  bytes = {static_cast<const char*>(block), size};
  offset = static_cast<std::uint64_t>(position);
  return true;
}

}  // namespace stack::archive
