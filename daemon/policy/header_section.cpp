#include "daemon/policy/header_section.hpp"

#include <algorithm>
#include <string>

namespace mailstack::policy {

namespace {

constexpr std::string_view line_end = "\r\n";

bool white(char c) { return c == ' ' || c == '\t'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// Behind the CRLF that ends the field at `start`.
std::size_t field_end(std::string_view message, std::size_t start) {
  for (auto at = message.find(line_end, start); at != message.npos;
       at = message.find(line_end, at + 2))
    if (at + 2 == message.size() || !white(message[at + 2])) return at + 2;
  return message.size();
}

/// RFC 5322 3.6.8 ftext: printable ASCII but the colon.
bool ftext(char c) { return c > 0x20 && c < 0x7f && c != ':'; }

std::optional<FieldSpan> parse_field(std::string_view text) {
  std::size_t name = 0;
  while (name < text.size() && ftext(text[name])) ++name;
  auto colon = name;
  while (colon < text.size() && white(text[colon])) ++colon;  // RFC 5322 4.5
  if (name == 0 || colon == text.size() || text[colon] != ':') return std::nullopt;
  if (text.find('\0') != text.npos) return std::nullopt;
  auto value = text.substr(colon + 1);
  if (value.ends_with(line_end)) value.remove_suffix(line_end.size());
  return FieldSpan{text.substr(0, name), value, text};
}

/// White space, folds and comments, which nest (RFC 5322 3.2.2).
void skip_between(std::string_view& text) {
  std::size_t at = 0;
  for (std::size_t depth = 0; at < text.size(); ++at) {
    char const c = text[at];
    if (c == '(') {
      ++depth;
    } else if (depth == 0) {
      if (!white(c) && c != '\r' && c != '\n') break;
    } else if (c == ')') {
      --depth;
    } else if (c == '\\') {
      ++at;
    }
  }
  text.remove_prefix(std::min(at, text.size()));
}

/// A token or quoted string (RFC 8601 2.2 authserv-id).
std::string take_id(std::string_view& text) {
  std::string id;
  if (!text.starts_with('"')) {
    auto const end = std::min(text.find_first_of(" \t\r\n();,\"=/"), text.size());
    id = text.substr(0, end);
    text.remove_prefix(end);
    return id;
  }
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return id;
    }
    if (text[at] == '\\' && ++at == text.size()) break;
    id += text[at];
  }
  return {};
}

}  // namespace

bool FieldSpan::is(std::string_view lower_case_name) const {
  return same_name(name, lower_case_name);
}

std::optional<HeaderSection> parse_header_section(std::string_view message) {
  HeaderSection section;
  section.fields.reserve(32);
  std::size_t at = 0;
  while (at < message.size() && message.compare(at, line_end.size(), line_end) != 0) {
    auto const end = field_end(message, at);
    auto const field = parse_field(message.substr(at, end - at));
    if (!field) return std::nullopt;
    section.fields.push_back(*field);
    at = end;
  }
  if (section.fields.empty()) return std::nullopt;
  section.body_at = std::min(at + line_end.size(), message.size());
  return section;
}

bool forges_results(std::string_view value, std::string_view id) {
  skip_between(value);
  auto const named = take_id(value);
  if (named.empty() || same_name(named, id)) return true;
  skip_between(value);
  // `id 1; …`: a version may stand there.
  while (!value.empty() && value.front() >= '0' && value.front() <= '9') value.remove_prefix(1);
  skip_between(value);
  return !value.starts_with(';');
}

}  // namespace mailstack::policy
