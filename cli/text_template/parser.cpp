#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "cli/text_template/functions.hpp"
#include "cli/text_template/nodes.hpp"

namespace stack::cli::text_template {
namespace {

/// Of actions in actions, and of parentheses in parentheses: the parser and the executor call themselves for each.
constexpr int deepest = 100;

[[noreturn]] void fail(const Place& place, const std::string& message) {
  throw TemplateError(place.line, place.column, message);
}

Json number_of(const Token& token) {
  std::string_view text = token.text;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : letter == 'o' ? 8 : 10;
    if (base != 10) text.remove_prefix(2);
  }
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole, base);
  if (error == std::errc{} && end == text.data() + text.size()) return negative ? -whole : whole;
  double real = 0;
  const auto [real_end, real_error] = std::from_chars(text.data(), text.data() + text.size(), real);
  if (base == 10 && real_error == std::errc{} && real_end == text.data() + text.size()) return negative ? -real : real;
  fail(token.place, fmt::format("bad number \"{}\"", token.text));
}

class Parser {
public:
  explicit Parser(std::string_view text) : tokens_(tokens_of(text)) {}

  Program run() {
    program_.main = list();
    if (stop_) fail(peek().place, fmt::format("unexpected {{{{{}}}}}", *stop_));
    return std::move(program_);
  }

private:
  const Token& peek() const { return tokens_[at_]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool at_word(std::string_view word) const { return peek().kind == TokenKind::word && peek().text == word; }

  void expect(TokenKind kind, std::string_view what) {
    if (peek().kind != kind) fail(peek().place, fmt::format("{} is missing before \"{}\"", what, peek().text));
    take();
  }

  /// Up to the end of the text, or to an {{end}} or {{else …}}, whose word stop_ holds; {{else}} is left at what follows it.
  NodeList list() {
    NodeList nodes;
    stop_.reset();
    const std::size_t scope = variables_.size();
    while (peek().kind != TokenKind::end_of_text && !stop_) {
      if (peek().kind == TokenKind::text) {
        Token text = take();
        nodes.push_back({.kind = Node::Kind::text,
                         .place = text.place,
                         .text = std::move(text.text),
                         .pipeline = {},
                         .body = {},
                         .otherwise = {}});
      } else {
        expect(TokenKind::open, "{{");
        action(nodes);
      }
    }
    variables_.resize(scope);
    return nodes;
  }

  void action(NodeList& nodes) {
    const Place place = peek().place;
    if (at_word("end") || at_word("else")) {
      stop_ = take().text;
      if (*stop_ == "end") expect(TokenKind::close, "}}");
      return;
    }
    if (at_word("define")) return define();
    Node node;
    node.place = place;
    if (at_word("if") || at_word("range") || at_word("with")) {
      block(node);
    } else if (at_word("break") || at_word("continue")) {
      loop_exit(node);
    } else if (at_word("template") || at_word("block")) {
      call(node);
    } else {
      node.kind = Node::Kind::action;
      node.pipeline = pipeline(TokenKind::close, "command");
    }
    nodes.push_back(std::move(node));
  }

  /// At `if`, `range` or `with`, also behind an `else`.
  void block(Node& node) {
    const Nested nested(*this, node.place);
    const std::string word = take().text;
    node.kind = word == "if" ? Node::Kind::if_true : word == "with" ? Node::Kind::with : Node::Kind::range;
    const std::size_t scope = variables_.size();
    in_range_header_ = node.kind == Node::Kind::range;
    node.pipeline = pipeline(TokenKind::close, word);
    loops_ += node.kind == Node::Kind::range ? 1 : 0;
    node.body = list();
    loops_ -= node.kind == Node::Kind::range ? 1 : 0;
    if (stop_ && *stop_ == "else") {
      if ((at_word("if") && word == "if") || (at_word("with") && word == "with")) {  // one {{end}} for the whole chain
        Node next;
        next.place = peek().place;
        block(next);
        node.otherwise.push_back(std::move(next));
        variables_.resize(scope);
        return;
      }
      expect(TokenKind::close, "}}");
      node.otherwise = list();
    }
    if (!stop_ || *stop_ != "end") fail(peek().place, fmt::format("{{{{end}}}} of {{{{{}}}}} is missing", word));
    stop_.reset();
    variables_.resize(scope);
  }

  void loop_exit(Node& node) {
    const Token word = take();
    if (loops_ == 0) fail(word.place, fmt::format("{{{{{}}}}} outside {{{{range}}}}", word.text));
    node.kind = word.text == "break" ? Node::Kind::break_loop : Node::Kind::continue_loop;
    expect(TokenKind::close, "}}");
  }

  /// {{template "name" data}} and {{block "name" data}}…{{end}}
  void call(Node& node) {
    const bool defines = take().text == "block";
    node.kind = Node::Kind::call;
    if (peek().kind != TokenKind::string) fail(peek().place, "the name of a template, in quotes, is missing");
    node.text = take().text;
    if (peek().kind == TokenKind::close)
      take();
    else
      node.pipeline = pipeline(TokenKind::close, "template");
    if (defines) body_of_template(node.text, node.place);
  }

  void define() {
    const Token word = take();
    if (peek().kind != TokenKind::string) fail(peek().place, "the name of a template, in quotes, is missing");
    const std::string name = take().text;
    expect(TokenKind::close, "}}");
    body_of_template(name, word.place);
  }

  /// Sees no variables but $, and is in no loop.
  void body_of_template(const std::string& name, const Place& place) {
    const Nested nested(*this, place);
    std::vector<std::string> outer{"$"};
    std::swap(outer, variables_);
    const int loops = std::exchange(loops_, 0);
    NodeList body = list();
    if (!stop_ || *stop_ != "end") fail(peek().place, "{{end}} of a template is missing");
    stop_.reset();
    std::swap(outer, variables_);
    loops_ = loops;
    program_.templates[name] = std::move(body);
  }

  Pipeline pipeline(TokenKind end, std::string_view of) {
    Pipeline result;
    result.place = peek().place;
    const std::vector<std::string> declared = variables(result);
    do {
      result.commands.push_back(command(end, of));
    } while (take().kind == TokenKind::pipe);  // else it was `end`, as command() has seen
    variables_.insert(variables_.end(), declared.begin(), declared.end());
    return result;
  }

  /// `$x :=`, `$x =` and, of a range, `$i, $x :=`. Returns those that are new.
  std::vector<std::string> variables(Pipeline& into) {
    const bool range = std::exchange(in_range_header_, false);
    if (peek().kind != TokenKind::variable) return {};
    const TokenKind second = tokens_[at_ + 1].kind;
    if (second != TokenKind::assign && second != TokenKind::declare && !(range && second == TokenKind::comma)) return {};
    const Place place = peek().place;
    into.variables.push_back(take().text);
    if (peek().kind == TokenKind::comma) {
      take();
      if (peek().kind != TokenKind::variable) fail(peek().place, "the second variable of a range is missing");
      into.variables.push_back(take().text);
    }
    into.declares = peek().kind == TokenKind::declare;
    if (!into.declares && peek().kind != TokenKind::assign) fail(peek().place, "\":=\" is missing");
    take();
    if (into.declares) return into.variables;
    for (const std::string& name : into.variables) check_variable(name, place);
    return {};
  }

  void check_variable(const std::string& name, const Place& place) const {
    if (std::find(variables_.begin(), variables_.end(), name) == variables_.end())
      fail(place, fmt::format("undefined variable \"{}\"", name));
  }

  CommandNode command(TokenKind end, std::string_view of) {
    CommandNode operands;
    while (peek().kind != end && peek().kind != TokenKind::pipe) operands.push_back(operand());
    if (operands.empty()) fail(peek().place, fmt::format("missing value for {}", of));
    return operands;
  }

  Operand operand() {
    Operand result;
    const Token token = take();
    result.place = token.place;
    switch (token.kind) {
      case TokenKind::dot: break;
      case TokenKind::field: result.fields.push_back(token.text); break;
      case TokenKind::variable:
        check_variable(token.text, token.place);
        result.kind = Operand::Kind::variable;
        result.name = token.text;
        break;
      case TokenKind::string: literal(result, token.text); break;
      case TokenKind::number: literal(result, number_of(token)); break;
      case TokenKind::word: word(result, token); break;
      case TokenKind::left: {
        const Nested nested(*this, token.place);
        result.kind = Operand::Kind::pipeline;
        result.pipeline = std::make_unique<Pipeline>(pipeline(TokenKind::right, "parenthesized pipeline"));
        break;
      }
      case TokenKind::close:
      case TokenKind::end_of_text: fail(token.place, "a parenthesis is not closed");
      default: fail(token.place, fmt::format("unexpected \"{}\"", token.text));
    }
    while (peek().kind == TokenKind::field && !peek().spaced) result.fields.push_back(take().text);
    return result;
  }

  static void literal(Operand& operand, Json value) {
    operand.kind = Operand::Kind::literal;
    operand.literal = std::move(value);
  }

  static void word(Operand& operand, const Token& token) {
    if (token.text == "true" || token.text == "false") return literal(operand, token.text == "true");
    if (token.text == "nil") {
      operand.kind = Operand::Kind::nil;
      return;
    }
    if (!is_function(token.text)) fail(token.place, fmt::format("function \"{}\" not defined", token.text));
    operand.kind = Operand::Kind::function;
    operand.name = token.text;
  }

  struct Nested {
    Nested(Parser& in, const Place& place) : parser(in) {
      if (++parser.depth_ > deepest) fail(place, "the template is nested too deeply");
    }
    ~Nested() { --parser.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    Parser& parser;
  };

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Program program_;
  std::vector<std::string> variables_{"$"};  ///< those that can be seen here
  std::optional<std::string> stop_;          ///< what ended the last list(): "end" or "else"
  bool in_range_header_ = false;
  int loops_ = 0, depth_ = 0;
};

}  // namespace

Program parse_program(std::string_view text) { return Parser(text).run(); }

}  // namespace stack::cli::text_template
