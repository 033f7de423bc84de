#pragma once
// The language of --format: Go's text/template as the docker tools offer it, over JSON.
//
//   {{.State.Status}} {{range $name, $to := .NetworkSettings.Networks}}{{$name}} {{$to.IPAddress}}{{end}} {{json .Mounts}}
//
// Lexer → parser → nodes → executor, a pair of files each; functions.cpp is the table of what can be called.
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace stack::cli::text_template {

using Json = nlohmann::ordered_json;

/// What is wrong with a template, and where: "template:1:8: …", line and column from 1 in bytes.
class TemplateError : public Error {
public:
  TemplateError(std::size_t line, std::size_t column, const std::string& message);
};

/// What a JSON document does not tell about itself: Go prints and looks up maps and structs differently, and leaves some fields
/// out. The lists are names of fields, wherever they occur, or below another one: "LogConfig.Config".
struct Schema {
  std::span<const std::string_view> maps;            ///< objects with any keys: "Labels"; a key that is missing is no error
  std::span<const std::string_view> optional;        ///< fields that are nil when they are not there: "Health"
  std::span<const std::string_view> durations = {};  ///< nanoseconds that are printed as "1m30s"
};

struct Options {
  Schema schema;
  /// The row of titles above a table: the data are titles by field, those that are not just the field's name in capitals, and
  /// functions leave titles as they are.
  bool header = false;
  /// What `{{.Label "x"}}` calls.
  std::function<std::string(std::string_view argument)> label = {};
};

struct Program;

class Template {
public:
  /// Throws TemplateError.
  explicit Template(std::string_view text);
  ~Template();
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;

  /// Throws TemplateError: a field that does not exist, a function that cannot take what it is given, a template that never
  /// ends.
  std::string execute(const Json& data, const Options& options = {}) const;

private:
  std::unique_ptr<const Program> program_;
};

}  // namespace stack::cli::text_template
