#pragma once
// What a template can call.
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "cli/text_template/value.hpp"

namespace stack::cli::text_template {

/// Values that were made while a template ran. A template can double a text in each of its steps: there is a bound.
class MadeValues {
public:
  /// Throws invalid_argument when too much was made.
  Value keep(Json value);

private:
  std::deque<Json> values_;
  std::size_t bytes_ = 0;
};

struct Call {
  std::string_view function;
  std::span<const Value> arguments;
  const Schema& schema;
  MadeValues& made;
};

bool is_function(std::string_view name);

/// Of what is_function(), but `and` and `or`, whose arguments are not always looked at. Throws invalid_argument for arguments
/// it cannot take.
Value call_function(const Call& call);

/// The same in a row of titles: functions that change a text leave titles as they are.
Value call_in_header(const Call& call);

/// Go's fmt.Sprintf; mistakes show in the text, as there: "%!d(string=x)".
std::string print_formatted(std::string_view format, std::span<const Value> arguments, const Schema& schema);

}  // namespace stack::cli::text_template
