#pragma once
// Does what `stack config` does in this process, in a root directory of its own: every case has /corpus/project, as it had with
// the reference, because paths are part of what is printed and hashed.
#include <string>

#include "tests/compose_corpus/corpus.hpp"

namespace stack::corpus {

struct Output {
  int status = 0;
  std::string out, errors;
};

/// A temporary directory, removed at the end.
class TemporaryRoot {
public:
  TemporaryRoot();
  ~TemporaryRoot();
  TemporaryRoot(const TemporaryRoot&) = delete;
  TemporaryRoot& operator=(const TemporaryRoot&) = delete;
  /// Makes it the root of this process. False when that is not permitted here.
  bool enter() const;

private:
  std::string path_;
};

class Sandbox {
public:
  /// Lays out the case's files; every case gets an empty directory.
  void lay_out(const Case& wanted) const;
  /// What `stack BEFORE config AFTER EXTRA` prints. The flags are read here: the command itself would bring the engine along.
  Output run(const Case& wanted, const std::vector<std::string>& extra) const;
};

}  // namespace stack::corpus
