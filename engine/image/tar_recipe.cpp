#include "engine/image/tar_recipe.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <unordered_set>

#include "base/error.hpp"

namespace stack::engine::image {

// The file: zstd of a magic text, then records: 'L' length bytes (of the stream, as they are) or 'F' size length name (the next
// `size` bytes of the stream are this file's content), numbers being 64 bits little-endian; 'E' and the stream's size end it.
namespace {

constexpr std::string_view magic = "stack tar recipe 1\n";
constexpr std::size_t block = 512;
constexpr std::size_t literal_limit = 64 * 1024;
constexpr std::size_t extension_limit = 1 << 20;  // of a pax header or long name that is looked into
constexpr std::size_t name_limit = 64 * 1024;

std::string_view field(const char* header, std::size_t offset, std::size_t size) {
  const std::string_view text(header + offset, size);
  return text.substr(0, text.find('\0'));
}

std::uint64_t number(const char* header, std::size_t offset, std::size_t size) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(header) + offset;
  std::uint64_t value = 0;
  if ((bytes[0] & 0x80) != 0) {  // base 256
    for (std::size_t i = 1; i < size; ++i) value = value << 8 | bytes[i];
    return value;
  }
  for (std::size_t i = 0; i < size; ++i)
    if (bytes[i] >= '0' && bytes[i] <= '7') value = value * 8 + (bytes[i] - '0');
  return value;
}

/// What a pax header or a GNU long name says about the member that follows.
struct Extension {
  std::string path;
  std::optional<std::uint64_t> size;
  bool sparse = false;
};

void read_pax(std::string_view text, Extension& extension) {
  while (!text.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || length <= digits + 1 || length > text.size()) return;
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    text.remove_prefix(length);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (key == "path") extension.path = value;
    if (key.starts_with("GNU.sparse")) extension.sparse = true;
    if (key == "size") {
      std::uint64_t size = 0;
      std::from_chars(value.data(), value.data() + value.size(), size);
      extension.size = size;
    }
  }
}

void put_number(std::string& to, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) to += static_cast<char>(value >> shift & 255);
}

void write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw errno_error("write the recipe of a layer");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

struct TarRecipeWriter::State {
  explicit State(const std::string& path)
      : file(path),
        fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)),
        context(::ZSTD_createCCtx(), ::ZSTD_freeCCtx) {
    if (!fd) throw errno_error("create " + path);
    ::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, 1);
    compress(magic, ZSTD_e_continue);
  }

  void compress(std::string_view bytes, ZSTD_EndDirective mode);
  void literal(std::string_view bytes);
  void flush_literal();
  void content_of_next_file(const std::string& path, std::uint64_t size);
  std::size_t take(std::string_view bytes);
  void header();
  void extension_read();
  void end_of_entry();

  std::string file;
  UniqueFd fd;
  std::unique_ptr<ZSTD_CCtx, decltype(&::ZSTD_freeCCtx)> context;
  std::array<char, 32 * 1024> out{};
  std::string pending;  // literal bytes not yet written down
  std::uint64_t total = 0;
  std::unordered_set<std::uint64_t> names;  // hashes of names that were content
  bool repeatable = true;

  enum class At { header, extension, content, other, padding } at = At::header;
  std::string buffer;         // of a header, or of an extension's text
  std::uint64_t left = 0;     // of the part that `at` names
  std::uint64_t padding = 0;  // that follows it
  char kind = 0;              // type flag of the current extension
  Extension extension;        // for the member that follows
};

void TarRecipeWriter::State::compress(std::string_view bytes, ZSTD_EndDirective mode) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer made{out.data(), out.size(), 0};
    const std::size_t rest = ::ZSTD_compressStream2(context.get(), &made, &in, mode);
    if (::ZSTD_isError(rest) != 0) throw Error(ErrorCode::internal, std::string("zstd: ") + ::ZSTD_getErrorName(rest));
    write_whole(fd.get(), {out.data(), made.pos});
    if (mode == ZSTD_e_continue ? in.pos == in.size : rest == 0) return;
  }
}

void TarRecipeWriter::State::flush_literal() {
  if (pending.empty()) return;
  std::string record = "L";
  put_number(record, pending.size());
  compress(record, ZSTD_e_continue);
  compress(pending, ZSTD_e_continue);
  pending.clear();
}

void TarRecipeWriter::State::literal(std::string_view bytes) {
  pending += bytes;
  if (pending.size() >= literal_limit) flush_literal();
}

void TarRecipeWriter::State::content_of_next_file(const std::string& path, std::uint64_t size) {
  flush_literal();
  std::string record = "F";
  put_number(record, size);
  put_number(record, path.size());
  compress(record + path, ZSTD_e_continue);
}

/// A complete header block is in `buffer`.
void TarRecipeWriter::State::header() {
  const char* bytes = buffer.data();
  literal(buffer);
  kind = bytes[156];
  std::uint64_t size = number(bytes, 124, 12);
  const bool is_extension = kind == 'x' || kind == 'L' || kind == 'K' || kind == 'g';
  if (!is_extension && extension.size) size = *extension.size;
  left = size;
  padding = (block - size % block) % block;
  if (is_extension) {
    buffer.clear();
    at = (kind == 'x' || kind == 'L') && size <= extension_limit ? At::extension : At::other;
    return;
  }
  std::string name = extension.path;
  if (name.empty()) {
    name = field(bytes, 0, 100);
    const std::string_view prefix =
        std::string_view(bytes + 257, 5) == "ustar" && bytes[262] == '\0' ? field(bytes, 345, 155) : "";
    if (!prefix.empty()) name = std::string(prefix) + "/" + name;
  }
  const bool sparse = extension.sparse || kind == 'S';
  extension = {};
  buffer.clear();
  const std::string path = clean_path(name);
  const std::uint64_t hash = std::hash<std::string>{}(path);
  if (!path.empty() && names.contains(hash)) repeatable = false;
  // links, directories and devices have no content; some writers give them a size all the same
  const bool no_content = kind >= '1' && kind <= '6';
  if (no_content) left = padding = 0;
  const bool regular = kind == '0' || kind == '\0' || kind == '7';
  const std::size_t base = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  const bool whiteout = std::string_view(path).substr(base).starts_with(".wh.");
  at = At::other;
  if (!regular || sparse || whiteout || left == 0 || path.size() > name_limit) return;
  at = At::content;
  names.insert(hash);
  content_of_next_file(path, left);
}

void TarRecipeWriter::State::extension_read() {
  if (kind == 'x') read_pax(buffer, extension);
  if (kind == 'L') extension.path = buffer.substr(0, buffer.find('\0'));
  buffer.clear();
}

void TarRecipeWriter::State::end_of_entry() {
  if (at == At::extension) extension_read();
  if (at != At::padding && padding > 0) {
    at = At::padding;
    left = std::exchange(padding, 0);
    return;
  }
  at = At::header;
}

/// Consumes what belongs to the current part.
std::size_t TarRecipeWriter::State::take(std::string_view bytes) {
  if (at == At::header) {
    const std::size_t count = std::min(block - buffer.size(), bytes.size());
    buffer.append(bytes.substr(0, count));
    if (buffer.size() < block) return count;
    if (buffer.find_first_not_of('\0') == std::string::npos) {  // the end marker and what follows it
      literal(buffer);
      buffer.clear();
    } else {
      header();
      if (left == 0) end_of_entry();
    }
    return count;
  }
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
  if (at != At::content) literal(bytes.substr(0, count));
  if (at == At::extension) buffer.append(bytes.substr(0, count));
  left -= count;
  if (left == 0) end_of_entry();
  return count;
}

TarRecipeWriter::TarRecipeWriter(const std::string& file) : state_(std::make_unique<State>(file)) {}
TarRecipeWriter::~TarRecipeWriter() = default;

void TarRecipeWriter::stream(std::string_view bytes) {
  state_->total += bytes.size();
  while (!bytes.empty()) bytes.remove_prefix(state_->take(bytes));
}

bool TarRecipeWriter::finish() {
  State& state = *state_;
  if (state.at == State::At::header) state.literal(std::exchange(state.buffer, {}));
  if (state.at == State::At::content) state.repeatable = false;
  state.flush_literal();
  std::string end = "E";
  put_number(end, state.total);
  state.compress(end, ZSTD_e_end);
  state.fd.reset();
  if (!state.repeatable) ::unlink(state.file.c_str());
  return state.repeatable;
}

// ── reading ──

namespace {

[[noreturn]] void damaged(const std::string& file) { throw Error(ErrorCode::internal, "the recipe " + file + " is damaged"); }

class RecipeReader {
public:
  explicit RecipeReader(const std::string& file) : file_(file), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!fd_) throw errno_error("open " + file);
    source_ = archive::decompress(archive::from_fd(fd_.get()));
    std::string start(magic.size(), '\0');
    read(start.data(), start.size());
    if (start != magic) damaged(file_);
  }

  char kind() {
    char letter = 0;
    read(&letter, 1);
    return letter;
  }
  std::uint64_t number() {
    std::array<unsigned char, 8> bytes{};
    read(reinterpret_cast<char*>(bytes.data()), bytes.size());
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    return value;
  }
  std::string text(std::uint64_t size) {
    if (size > 2 * literal_limit + extension_limit) damaged(file_);
    std::string bytes(size, '\0');
    read(bytes.data(), bytes.size());
    return bytes;
  }

private:
  void read(char* to, std::size_t size) {
    while (size > 0) {
      const std::size_t got = source_(to, size);
      if (got == 0) damaged(file_);
      to += got;
      size -= got;
    }
  }

  std::string file_;
  UniqueFd fd_;
  archive::Source source_;
};

/// Goes through the records; true when the end was reached.
template <class Literal, class Content>
std::uint64_t read_recipe(const std::string& file, Literal literal, Content content) {
  RecipeReader reader(file);
  for (;;) {
    switch (reader.kind()) {
      case 'L': literal(reader.text(reader.number())); break;
      case 'F': {
        const std::uint64_t size = reader.number();
        content(reader.text(reader.number()), size);
        break;
      }
      case 'E': return reader.number();
      default: damaged(file);
    }
  }
}

void copy_file(const RootDir& root, const std::string& path, std::uint64_t size, const archive::Sink& sink,
               std::string& buffer) {
  const UniqueFd fd = root.open(path, O_RDONLY | O_NOFOLLOW);
  while (size > 0) {
    const ssize_t got = ::read(fd.get(), buffer.data(), static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size())));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error("read " + path);
    if (got == 0) throw Error(ErrorCode::internal, "a layer's file is shorter than it was: " + path);
    sink({buffer.data(), static_cast<std::size_t>(got)});
    size -= static_cast<std::uint64_t>(got);
  }
}

}  // namespace

std::uint64_t tar_recipe_size(const std::string& file) {
  return read_recipe(
      file, [](const std::string&) {}, [](const std::string&, std::uint64_t) {});
}

void replay_tar_recipe(const std::string& file, const RootDir& root, const archive::Sink& sink) {
  std::string buffer(256 * 1024, '\0');
  read_recipe(
      file, [&](const std::string& bytes) { sink(bytes); },
      [&](const std::string& path, std::uint64_t size) { copy_file(root, path, size, sink, buffer); });
}

}  // namespace stack::engine::image
