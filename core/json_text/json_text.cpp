#include "core/json_text/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace mailstack::json_text {

namespace {

/// Stands for itself in a string.
bool plain(char c) {
  auto const octet = static_cast<unsigned char>(c);
  return octet >= 0x20 && octet < 0x80 && c != '"' && c != '\\';
}

bool digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && digit(text[end])) ++end;
  return end - at;
}

struct Number {
  std::size_t length = 0;  ///< 0: no number stands there
  bool whole = true;
};

/// RFC 8259 6.
Number measure_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  auto const whole = digits_at(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return {};
  at += whole;
  Number number{at, true};
  if (at < text.size() && text[at] == '.') {
    auto const fraction = digits_at(text, at + 1);
    if (fraction == 0) return {};
    at += 1 + fraction;
    number.whole = false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    auto const exponent = digits_at(text, at);
    if (exponent == 0) return {};
    at += exponent;
    number.whole = false;
  }
  number.length = at;
  return number;
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  if (std::all_of(text.begin(), text.end(), plain)) {
    out.append(1, '"').append(text).append(1, '"');
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Object::key(std::string_view name) {
  if (!empty_) out_ += ',';
  empty_ = false;
  append_string(out_, name);
  out_ += ':';
}

void Reader::skip_blanks() {
  while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) < 4)
    rest_.remove_prefix(1);
}

Reader::Sort Reader::next() {
  skip_blanks();
  if (rest_.empty()) return Sort::nothing;
  switch (rest_.front()) {
    case '{': return Sort::object;
    case '[': return Sort::array;
    case '"': return Sort::string;
    case 't':
    case 'f': return Sort::boolean;
    case 'n': return Sort::null;
    default: return rest_.front() == '-' || digit(rest_.front()) ? Sort::number : Sort::nothing;
  }
}

bool Reader::ended() {
  skip_blanks();
  return !failed_ && rest_.empty();
}

void Reader::enter(char bracket) {
  skip_blanks();
  if (!rest_.starts_with(bracket)) return fail();
  rest_.remove_prefix(1);
  fresh_ = true;
}

bool Reader::more(char bracket) {
  bool const first = std::exchange(fresh_, false);
  skip_blanks();
  if (rest_.starts_with(bracket)) {
    rest_.remove_prefix(1);
    return false;
  }
  if (!first) {
    if (!rest_.starts_with(',')) return fail(), false;
    rest_.remove_prefix(1);
  }
  return !failed_;
}

std::optional<std::string> Reader::member() {
  if (!more('}')) return std::nullopt;
  auto name = string();
  skip_blanks();
  if (!name || !rest_.starts_with(':')) return fail(), std::nullopt;
  rest_.remove_prefix(1);
  return name;
}

bool Reader::element() { return more(']'); }

std::optional<std::string> Reader::string() {
  skip_blanks();
  if (!rest_.starts_with('"')) return fail(), std::nullopt;
  std::size_t end = 1;
  while (end < rest_.size() && plain(rest_[end])) ++end;
  if (end < rest_.size() && rest_[end] == '"') {
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
  if (end >= rest_.size()) return fail(), std::nullopt;
  auto const parsed = nlohmann::json::parse(rest_.substr(0, end + 1), nullptr, false);
  if (!parsed.is_string()) return fail(), std::nullopt;
  rest_.remove_prefix(end + 1);
  return parsed.get<std::string>();
}

bool Reader::take(std::string_view literal) {
  if (!rest_.starts_with(literal)) return false;
  rest_.remove_prefix(literal.size());
  return true;
}

std::optional<bool> Reader::boolean() {
  skip_blanks();
  if (take("true")) return true;
  if (take("false")) return false;
  return fail(), std::nullopt;
}

std::optional<std::int64_t> Reader::integer() {
  skip_blanks();
  auto const number = measure_number(rest_);
  if (number.length == 0) return fail(), std::nullopt;
  auto const text = rest_.substr(0, number.length);
  rest_.remove_prefix(number.length);
  std::int64_t value = 0;
  auto const parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!number.whole || parsed.ec != std::errc()) return std::nullopt;
  return value;
}

void Reader::skip(unsigned depth) {
  if (depth == deepest) {
    too_deep_ = true;
    return fail();
  }
  switch (next()) {
    case Sort::object:
      for (enter_object(); member();) skip(depth + 1);
      return;
    case Sort::array:
      for (enter_array(); element();) skip(depth + 1);
      return;
    case Sort::string: (void)string(); return;
    case Sort::number: (void)integer(); return;
    case Sort::boolean: (void)boolean(); return;
    case Sort::null:
      if (!take("null")) fail();
      return;
    case Sort::nothing: return fail();
  }
}

}  // namespace mailstack::json_text
