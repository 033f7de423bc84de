#pragma once
// A parsed template.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/text_template/lexer.hpp"
#include "cli/text_template/text_template.hpp"

namespace stack::cli::text_template {

struct Pipeline;

/// One value that an action names, and the fields taken from it: `.A.B`, `$x.A`, `"text"`, `len`, `(index .A 0).B`.
struct Operand {
  enum class Kind { dot, variable, literal, nil, function, pipeline } kind = Kind::dot;
  Place place;
  std::string name;  ///< of the variable or function
  Json literal;
  std::unique_ptr<Pipeline> pipeline;
  std::vector<std::string> fields;
};

/// A function and its arguments, or one operand alone.
using CommandNode = std::vector<Operand>;

struct Pipeline {
  Place place;
  std::vector<std::string> variables;  ///< that take the result; `range` may have two
  bool declares = false;               ///< := rather than =
  std::vector<CommandNode> commands;   ///< the result of each is the last argument of the next
};

struct Node;
using NodeList = std::vector<Node>;

struct Node {
  enum class Kind { text, action, if_true, range, with, call, break_loop, continue_loop } kind = Kind::text;
  Place place;
  std::string text;   ///< of text; the name of the template that is called
  Pipeline pipeline;  ///< of a call it may have no commands: no data
  NodeList body, otherwise;
};

struct Program {
  NodeList main;
  std::map<std::string, NodeList> templates;  ///< by {{define}} and {{block}}
};

/// Throws TemplateError.
Program parse_program(std::string_view text);

}  // namespace stack::cli::text_template
