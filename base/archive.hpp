#pragma once
// Tar archives from and to outsiders: reading (plain, gzip, bzip2, zstd, xz), extraction that cannot write outside its root,
// and a deterministic writer. All calls block: run them in a pool thread.
#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/safe_path.hpp"

namespace stack::archive {

/// Fills the buffer with 1..size bytes and returns how many; 0 at the end. May block; throws Error on failure.
using Source = std::function<std::size_t(char* buffer, std::size_t size)>;
/// Takes the next bytes. Throwing ends the writer.
using Sink = std::function<void(std::string_view bytes)>;

Source from_memory(std::string bytes);
Source from_fd(int fd);  ///< the descriptor stays the caller's
/// Recognises gzip and bzip2 (several members too), zstd and xz by their first bytes; anything else passes unchanged.
/// Throws invalid_argument on corrupt data.
Source decompress(Source compressed);

/// What one member of an archive is. `path` and `link` are as written in the archive.
struct Member {
  enum class Type { file, directory, symlink, hard_link, character_device, block_device, fifo };
  std::string path;
  Type type = Type::file;
  std::string link;  ///< target of a symlink or hard link
  mode_t mode = 0;   ///< permission, setuid, setgid and sticky bits
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t size = 0;  ///< of a file's content
  timespec mtime{};
  dev_t device = 0;
  std::map<std::string, std::string> xattrs;
};

/// One member after the other; the content of a file must be read before the next().
class Reader {
public:
  struct Plain {};
  explicit Reader(Source source);  ///< decompresses too
  Reader(Source source, Plain);    ///< the source is not compressed
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  /// Throws invalid_argument when the archive is damaged; empty at its end.
  std::optional<Member> next();
  /// A piece of the current file with its offset; false at its end. Holes of sparse files are not delivered.
  bool read(std::string_view& bytes, std::uint64_t& offset);

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How ".wh." names of image layers are treated.
enum class Whiteouts {
  plain,    ///< ordinary files
  overlay,  ///< become overlayfs whiteouts (device 0:0) and opaque directories (trusted.overlay.opaque)
};

struct ExtractOptions {
  Whiteouts whiteouts = Whiteouts::plain;
  std::optional<RootDir::Owner> owner;  ///< everything belongs to this owner instead of the one in the archive
  bool xattrs = true;
  bool devices = true;            ///< device nodes; false: they are an error (build contexts)
  bool replace_directory = true;  ///< false: a file never replaces a directory nor the reverse (Docker's noOverwriteDirNonDir)
  std::uint64_t max_bytes = std::uint64_t{1} << 40;  ///< of content; more is an error
  std::uint64_t max_members = 10'000'000;
  /// May change a member (its name, say) before anything is made of it; what it throws ends the extraction. Null: nothing.
  std::function<void(Member& member)> edit;
  /// Which members to extract, by clean path ("a/b"); null: all.
  std::function<bool(const std::string& path, const Member& member)> select;
  /// Called after each extracted member with its clean path; `digest` is the SHA-256 (hex) of a file's content when
  /// hash_files is set, else empty.
  std::function<void(const std::string& path, const Member& member, const std::string& digest)> extracted;
  bool hash_files = false;
  /// Sees the uncompressed stream piece by piece, before it is extracted.
  std::function<void(std::string_view bytes)> tap;
};

struct ExtractResult {
  std::uint64_t members = 0;
  std::uint64_t content_bytes = 0;  ///< sum of file sizes, as an image's size counts them
  std::string digest;  ///< "sha256:…" of the uncompressed tar stream, trailing padding included: the layer's diff id
};

/// Extracts a whole archive into `root`. Nothing is ever created, changed or read outside it, whatever names and links the
/// archive has: ".." and absolute names mean the root, links are followed only inside the root. Later members replace
/// earlier ones. Throws invalid_argument naming the member for what cannot be right.
ExtractResult extract(Source source, const RootDir& root, const ExtractOptions& options = {});

/// A filter's verdict on a name below the directory being written.
enum class Keep {
  yes,
  no,       ///< neither it nor, when a directory, anything below
  descend,  ///< a directory that is not written itself, but what is below may be
};
/// `path` is relative to the directory written, no leading "./".
using Filter = std::function<Keep(const std::string& path, const struct stat& status)>;

struct WriteOptions {
  Whiteouts whiteouts = Whiteouts::plain;  ///< overlay: device 0:0 becomes ".wh.name", an opaque directory gets ".wh..wh..opq"
  std::optional<RootDir::Owner> owner;     ///< written instead of the real one
  bool xattrs = true;                      ///< security.capability and user.*; never trusted.*
};

/// Writes the tree below `directory` (not itself) as a tar stream: names sorted by bytes, directories before what they hold,
/// hard links kept, pax headers only where needed, no access or change times: equal trees give equal bytes. Streams: no file is
/// held in memory. Sockets are left out. A file that shrinks meanwhile is padded with zeros.
void write_directory(const std::string& directory, const Filter& filter, const Sink& sink, const WriteOptions& options = {});
/// The same inside an open directory (e.g. of a detached mount).
void write_directory(int directory_fd, const Filter& filter, const Sink& sink, const WriteOptions& options = {});

/// Writes one file, link or directory (with what is below it) as a whole tar stream. Its names begin with `path`: "etc", "./"
/// and so on, whatever it is called on disk; "." as `name` is the directory `parent_fd` itself. The filter sees these names.
void write_entry(int parent_fd, const std::string& name, const std::string& path, const Filter& filter, const Sink& sink,
                 const WriteOptions& options = {});

/// A tar stream built member by member.
class Writer {
public:
  explicit Writer(Sink sink) : sink_(std::move(sink)) {}
  void add(const Member& member);  ///< the header; for a file exactly member.size content bytes must follow
  void content(std::string_view bytes);
  void finish();  ///< pads the last file and writes the end marker

private:
  void pad();
  Sink sink_;
  std::uint64_t written_ = 0;
};

}  // namespace stack::archive
