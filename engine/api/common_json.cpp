#include <charconv>
#include <ctime>

#include "base/error.hpp"
#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;

nlohmann::json parse_body(std::string_view body) {
  try {
    return nlohmann::json::parse(body);
  } catch (const nlohmann::json::parse_error& error) {
    throw Error(ErrorCode::invalid_argument, "invalid JSON: syntax error at byte " + std::to_string(error.byte));
  }
}

std::string print_body(const nlohmann::json& body) {
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string format_timestamp(const std::optional<Timestamp>& time) {
  if (!time) return "0001-01-01T00:00:00Z";
  const auto day = std::chrono::floor<std::chrono::days>(*time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(*time - day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto nanos = clock.subseconds().count(); nanos != 0) {  // as Go's RFC3339Nano: no trailing zeros
    std::string decimals = fmt::format(".{:09}", nanos);
    decimals.erase(decimals.find_last_not_of('0') + 1);
    text += decimals;
  }
  return text + "Z";
}

namespace {

/// Reads the pieces of a timestamp from left to right; any mismatch throws.
class TimeScanner {
public:
  explicit TimeScanner(std::string_view text) : text_(text), rest_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    if (rest_.size() < digits) fail();
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + digits, value);
    if (error != std::errc{} || end != rest_.data() + digits || value < 0) fail();
    rest_.remove_prefix(digits);
    return value;
  }
  bool accept(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) fail();
  }
  std::chrono::nanoseconds decimals() {
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), ++count)
      if (count < 9) value = value * 10 + (rest_.front() - '0');
    if (count == 0) fail();
    for (; count < 9; ++count) value *= 10;
    return std::chrono::nanoseconds(value);
  }
  bool at_end() const { return rest_.empty(); }
  [[noreturn]] void fail() const {
    throw Error(ErrorCode::invalid_argument, "\"" + std::string(text_) + "\" is no time as in RFC 3339");
  }

private:
  std::string_view text_, rest_;
};

std::chrono::minutes scan_offset(TimeScanner& scan) {
  if (scan.accept('Z') || scan.accept('z')) return std::chrono::minutes(0);
  const bool west = scan.accept('-');
  if (!west) scan.expect('+');
  const int hours = scan.number(2);
  scan.expect(':');
  const int minutes = scan.number(2);
  const std::chrono::minutes offset(hours * 60 + minutes);
  return west ? -offset : offset;
}

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  TimeScanner scan(text);
  const int y = scan.number(4);
  scan.expect('-');
  const int m = scan.number(2);
  scan.expect('-');
  const int d = scan.number(2);
  const year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  if (!date.ok() || !(scan.accept('T') || scan.accept('t') || scan.accept(' '))) scan.fail();
  const int hour = scan.number(2);
  scan.expect(':');
  const int minute = scan.number(2);
  scan.expect(':');
  const int second = scan.number(2);
  if (hour > 23 || minute > 59 || second > 60) scan.fail();
  const nanoseconds fraction = scan.accept('.') ? scan.decimals() : nanoseconds(0);
  const std::chrono::minutes offset = scan_offset(scan);
  if (!scan.at_end()) scan.fail();
  if (y < 1678 || y > 2261) return std::nullopt;  // beyond 64-bit nanoseconds; the zero time is the one that occurs
  return Timestamp(sys_days(date)) + hours(hour) + std::chrono::minutes(minute) + seconds(second) + fraction - offset;
}

template <class V>
void fields(V& v, ErrorBody& x) {
  v("message", x.message);
}

template <class V>
void fields(V& v, IdResponse& x) {
  v("Id", x.id);
}

template <class V>
void fields(V& v, CreateResponse& x) {
  v("Id", x.id);
  v("Warnings", x.warnings, Empty::keep);
}

template <class V>
void fields(V& v, ProgressMessage::Detail& x) {
  v("current", x.current, Empty::omit);
  v("total", x.total, Empty::omit);
}

template <class V>
void fields(V& v, ProgressMessage& x) {
  v("stream", x.stream, Empty::omit);
  v("status", x.status, Empty::omit);
  v("progressDetail", x.progress_detail, Empty::omit);
  v("progress", x.progress, Empty::omit);
  v("id", x.id, Empty::omit);
  if (V::reading || !x.aux_id.empty()) v.object("aux", [&](auto& aux) { aux("ID", x.aux_id); });
  if (V::reading || !x.error.empty()) v.object("errorDetail", [&](auto& detail) { detail("message", x.error); });
  v("error", x.error, Empty::omit);
}

STACK_API_JSON(ErrorBody)
STACK_API_JSON(IdResponse)
STACK_API_JSON(CreateResponse)
STACK_API_JSON(ProgressMessage)

}  // namespace stack::engine::api
