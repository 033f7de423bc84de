#pragma once
// Dockerfile text -> stages of checked instructions. No variables are replaced here.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/build/dockerfile_reader.hpp"

namespace stack::engine::build {

struct Instruction {
  enum class Kind {
    add,
    arg,
    cmd,
    copy,
    entrypoint,
    env,
    expose,
    from,
    healthcheck,
    label,
    maintainer,
    onbuild,
    run,
    shell,
    stopsignal,
    user,
    volume,
    workdir
  };
  Kind kind = Kind::run;
  int line = 0;          ///< of its first line, from 1
  std::string original;  ///< as written, continuation lines joined: for the progress output
  std::string rest;      ///< all behind the keyword and the flags
  struct Flag {
    std::string name, value;  ///< "--from=x": {"from", "x"}; "--link": {"link", "true"}
    Place at;
  };
  std::vector<Flag> flags;
  bool is_json = false;  ///< exec form: words are the array's strings
  std::vector<std::string>
      words;  ///< ENV, LABEL: "k=v" pairs flattened to k, v, k, v …; ARG: "k" or "k=v"; others: separated by blanks
  std::vector<HereDocument> heredocs;  ///< COPY, ADD: files to make, their words are not in `words`; RUN: see `script`
  bool script = false;                 ///< RUN <<EOF and nothing else: the only here-document is what to run

  std::optional<std::string> flag(std::string_view name) const;  ///< the last of that name
  bool is_set(std::string_view name) const;                      ///< --link, --link=true
};

/// "ENV", "COPY" …
std::string_view keyword(Instruction::Kind kind);

struct Stage {
  int line = 0;
  std::string name;  ///< lower case; empty: none
  Instruction from;
  std::string base;  ///< as written
  std::vector<Instruction> instructions;
};

struct Dockerfile {
  char escape = '\\';
  std::vector<Instruction> meta_args;  ///< ARG before the first FROM
  std::vector<Stage> stages;
};

/// Throws invalid_argument "dockerfile parse error on line N: …", with the column where a flag is at fault.
Dockerfile parse_dockerfile(std::string_view text);
/// One instruction by itself (ONBUILD triggers, ?changes=).
Instruction parse_instruction(std::string_view text, int line, char escape = '\\');

}  // namespace stack::engine::build
