#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "cli/text_template/functions.hpp"
#include "cli/text_template/nodes.hpp"

namespace stack::cli::text_template {
namespace {

constexpr std::size_t most_steps = 1'000'000;  ///< nodes and rounds of loops
constexpr std::size_t most_output = std::size_t{64} << 20;
constexpr int deepest_call = 100;  ///< of templates that call themselves

/// The title of a column that has no other.
std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

class Executor {
public:
  Executor(const Program& program, const Options& options) : program_(program), options_(options) {}

  std::string run(const Json& data) {
    const Value root{.json = &data, .field = {}};
    variables_.emplace_back("$", root);
    run_list(program_.main, root);
    return std::move(out_);
  }

private:
  enum class Flow { onwards, out_of_loop, next_round };

  [[noreturn]] static void fail(const Place& place, const std::string& message) {
    throw TemplateError(place.line, place.column, message);
  }

  void count_step(const Place& place) {
    if (++steps_ > most_steps) fail(place, "the template does not end");
  }

  void write(const Place& place, std::string_view text) {
    if (out_.size() + text.size() > most_output) fail(place, "the template prints more than 64 MiB");
    out_ += text;
  }

  Flow run_list(const NodeList& nodes, const Value& dot) {
    for (const Node& node : nodes) {
      count_step(node.place);
      const Flow flow = run_node(node, dot);
      if (flow != Flow::onwards) return flow;
    }
    return Flow::onwards;
  }

  Flow run_node(const Node& node, const Value& dot) {
    switch (node.kind) {
      case Node::Kind::text: write(node.place, node.text); return Flow::onwards;
      case Node::Kind::action: {
        const Value value = evaluate(node.pipeline, dot);
        if (node.pipeline.variables.empty()) write(node.place, text_of(value, options_.schema));
        return Flow::onwards;
      }
      case Node::Kind::if_true:
      case Node::Kind::with: return run_branch(node, dot);
      case Node::Kind::range: return run_range(node, dot);
      case Node::Kind::call: run_call(node, dot); return Flow::onwards;
      case Node::Kind::break_loop: return Flow::out_of_loop;
      case Node::Kind::continue_loop: return Flow::next_round;
    }
    return Flow::onwards;
  }

  Flow run_branch(const Node& node, const Value& dot) {
    const std::size_t scope = variables_.size();
    const Value value = evaluate(node.pipeline, dot);
    const bool yes = is_true(value);
    const Value& inner = yes && node.kind == Node::Kind::with ? value : dot;
    const Flow flow = run_list(yes ? node.body : node.otherwise, inner);
    variables_.resize(scope);
    return flow;
  }

  Flow run_range(const Node& node, const Value& dot) {
    const std::size_t scope = variables_.size();
    const Value over = evaluate_commands(node.pipeline, dot);
    bool any = false;
    const auto round = [&](const Value& key, const Value& element) {
      any = true;
      count_step(node.place);
      const std::size_t before = variables_.size();
      bind_round(node.pipeline, key, element);
      const Flow flow = run_list(node.body, element);
      variables_.resize(before);
      return flow != Flow::out_of_loop;
    };
    for_each(node, over, round);
    Flow flow = Flow::onwards;
    if (!any) flow = run_list(node.otherwise, dot);
    variables_.resize(scope);
    return flow;
  }

  void bind_round(const Pipeline& pipeline, const Value& key, const Value& element) {
    const auto& names = pipeline.variables;
    if (names.empty()) return;
    const Value& first = names.size() > 1 ? key : element;
    bind(names.front(), pipeline.declares, first);
    if (names.size() > 1) bind(names.back(), pipeline.declares, element);
  }

  /// Objects in the order of their keys, as Go's maps.
  template <class Round>
  void for_each(const Node& node, const Value& over, const Round& round) {
    if (!over.json || over.json->is_null()) return;
    if (over.json->is_array()) {
      for (std::size_t i = 0; i < over.json->size(); ++i)
        if (!round(keep(node.place, i), Value{.json = &(*over.json)[i], .field = {}})) return;
    } else if (over.json->is_object()) {
      std::vector<std::string> keys;
      for (const auto& [key, _] : over.json->items()) keys.push_back(key);
      std::sort(keys.begin(), keys.end());
      for (const std::string& key : keys)
        if (!round(keep(node.place, key), Value{.json = &over.json->at(key), .field = {}})) return;
    } else if (over.json->is_number_integer()) {
      const auto count = over.json->get<std::int64_t>();
      for (std::int64_t i = 0; i < count; ++i) {
        const Value number = keep(node.place, i);
        if (!round(number, number)) return;
      }
    } else {
      fail(node.pipeline.place, fmt::format("range can't iterate over {}", type_name(over)));
    }
  }

  void run_call(const Node& node, const Value& dot) {
    const auto found = program_.templates.find(node.text);
    if (found == program_.templates.end()) fail(node.place, fmt::format("template \"{}\" not defined", node.text));
    if (++depth_ > deepest_call) fail(node.place, "templates call each other too deeply");
    const Value data = node.pipeline.commands.empty() ? Value() : evaluate(node.pipeline, dot);
    std::vector<std::pair<std::string, Value>> outer{{"$", data}};
    std::swap(outer, variables_);
    run_list(found->second, data);
    std::swap(outer, variables_);
    --depth_;
  }

  void bind(const std::string& name, bool declares, const Value& value) {
    if (declares) {
      variables_.emplace_back(name, value);
      return;
    }
    find_variable(name) = value;
  }

  /// The innermost of that name; the parser has seen that there is one.
  Value& find_variable(const std::string& name) {
    return std::find_if(variables_.rbegin(), variables_.rend(), [&](const auto& entry) { return entry.first == name; })->second;
  }

  /// Also sets the variables that take the result.
  Value evaluate(const Pipeline& pipeline, const Value& dot) {
    const Value value = evaluate_commands(pipeline, dot);
    for (const std::string& name : pipeline.variables) bind(name, pipeline.declares, value);
    return value;
  }

  Value evaluate_commands(const Pipeline& pipeline, const Value& dot) {
    Value value;
    for (const CommandNode& command : pipeline.commands) {
      const bool first = &command == &pipeline.commands.front();
      value = run_command(command, first ? nullptr : &value, dot);
    }
    return value;
  }

  /// `piped`: the result of the command before, or null.
  Value run_command(const CommandNode& command, const Value* piped, const Value& dot) {
    const Operand& head = command.front();
    if (head.kind == Operand::Kind::function && head.fields.empty()) return run_function(command, piped, dot);
    if (head.kind == Operand::Kind::nil) fail(head.place, "nil is not a command");
    if (options_.label && !head.fields.empty() && head.fields.back() == "Label" && command.size() == 2 && !piped)
      return label(command, dot);
    if (command.size() > 1 || piped) fail(head.place, "only a function can be given arguments");
    return value_of(head, dot);
  }

  Value label(const CommandNode& command, const Value& dot) {
    const Value name = value_of(command[1], dot);
    if (!name.json || !name.json->is_string()) fail(command[1].place, "Label wants a name in quotes");
    return keep(command.front().place, options_.label(name.json->get_ref<const std::string&>()));
  }

  Value run_function(const CommandNode& command, const Value* piped, const Value& dot) {
    const Operand& head = command.front();
    if (head.name == "and" || head.name == "or") return run_logical(command, piped, dot);
    std::vector<Value> arguments;
    for (std::size_t i = 1; i < command.size(); ++i) arguments.push_back(value_of(command[i], dot));
    if (piped) arguments.push_back(*piped);
    const Call call{.function = head.name, .arguments = arguments, .schema = options_.schema, .made = made_};
    try {
      return options_.header ? call_in_header(call) : call_function(call);
    } catch (const Error& error) {
      fail(head.place, error.what());
    }
  }

  /// The first argument that decides; those behind it are not looked at.
  Value run_logical(const CommandNode& command, const Value* piped, const Value& dot) {
    const bool stops_at = command.front().name == "or";
    if (command.size() == 1 && !piped) fail(command.front().place, fmt::format("{} wants an argument", command.front().name));
    Value value;
    for (std::size_t i = 1; i < command.size(); ++i) {
      value = value_of(command[i], dot);
      if (is_true(value) == stops_at) return value;
    }
    return piped ? *piped : value;
  }

  Value value_of(const Operand& operand, const Value& dot) {
    Value value = start_of(operand, dot);
    for (const std::string& field : operand.fields) {
      if (options_.header && (!value.json || !value.json->contains(field))) {
        value = keep(operand.place, upper_case(field));
        continue;
      }
      try {
        value = member_of(value, field, options_.schema);
      } catch (const Error& error) {
        fail(operand.place, error.what());
      }
    }
    return value;
  }

  Value start_of(const Operand& operand, const Value& dot) {
    static const Json nothing;
    switch (operand.kind) {
      case Operand::Kind::dot: return dot;
      case Operand::Kind::variable: return find_variable(operand.name);
      case Operand::Kind::literal: return {.json = &operand.literal, .field = {}};
      case Operand::Kind::nil: return {.json = &nothing, .field = {}};
      case Operand::Kind::pipeline: {
        const std::size_t scope = variables_.size();
        const Value value = evaluate(*operand.pipeline, dot);
        variables_.resize(scope);
        return value;
      }
      case Operand::Kind::function: {
        std::vector<Operand> call;  // a function without arguments, as an argument or with a field taken from it
        Operand& head = call.emplace_back();
        head.kind = Operand::Kind::function;
        head.place = operand.place;
        head.name = operand.name;
        return run_function(call, nullptr, dot);
      }
    }
    return {};
  }

  Value keep(const Place& place, Json value) {
    try {
      return made_.keep(std::move(value));
    } catch (const Error& error) {
      fail(place, error.what());
    }
  }

  const Program& program_;
  const Options& options_;
  MadeValues made_;
  std::vector<std::pair<std::string, Value>> variables_;
  std::string out_;
  std::size_t steps_ = 0;
  int depth_ = 0;
};

}  // namespace

TemplateError::TemplateError(std::size_t line, std::size_t column, const std::string& message)
    : Error(ErrorCode::invalid_argument, fmt::format("template:{}:{}: {}", line, column, message)) {}

Template::Template(std::string_view text) : program_(std::make_unique<const Program>(parse_program(text))) {}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;

std::string Template::execute(const Json& data, const Options& options) const { return Executor(*program_, options).run(data); }

}  // namespace stack::cli::text_template
