#pragma once
// Output of several containers, line by line, each line behind the name of the container it came from:
//   web-1  | listening
//   db-1   | ready
// A line may arrive in pieces; it is held until it is whole, so lines of two containers never mix.
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli::render {

enum class Stream { out, err };

class LogPrinter {
public:
  struct Options {
    bool prefix = true;
    bool color = false;
    int out_fd = 1;
    int err_fd = 1;  ///< where the containers' stderr goes
    /// What puts whole lines on a descriptor, when something else is drawn on the same terminal; false: nobody reads any more.
    std::function<bool(int fd, std::string_view lines)> output;
  };
  explicit LogPrinter(Options options) : options_(std::move(options)) {}

  /// A container to expect output of; one with the same name is the same. Add all that are known before the first write: the
  /// prefixes are aligned to the widest.
  std::size_t add(std::string name);

  /// Takes any piece of a container's output. Whole lines are printed at the next flush at the latest.
  void write(std::size_t source, Stream stream, std::string_view bytes);

  /// The container wrote its last byte: a line without an end gets one.
  void finish(std::size_t source);

  /// A line about a container, in its colour and without prefix: "web-1 exited with code 0".
  void note(std::size_t source, std::string_view text);

  /// Returns false once nobody reads any more.
  bool flush();

  const std::string& name(std::size_t source) const { return sources_[source].name; }

private:
  struct Source {
    std::string name;
    std::string prefix;
    std::array<std::string, 2> partial;  ///< by stream
  };
  void align();
  std::string& buffer_for(Stream stream);
  void write_buffer();
  void put_line(const Source& source, std::string& buffer, std::string_view head, std::string_view line) const;

  Options options_;
  std::vector<Source> sources_;
  std::size_t width_ = 0;
  std::string buffer_;
  Stream buffered_ = Stream::out;
  bool reader_gone_ = false;
};

}  // namespace stack::cli::render
