#include "daemon/smtp/arguments.hpp"

#include <algorithm>
#include <cstddef>

namespace mailstack::smtp {
namespace {

char upper_of(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; }

bool alphanumeric(char c) {
  return (upper_of(c) >= 'A' && upper_of(c) <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Where the `>` stands that ends the path; npos without one.
std::size_t path_end(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (text[i] == '>' && !quoted)
      return i;
  }
  return text.npos;
}

bool keyword(std::string_view text) {
  return !text.empty() && alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return alphanumeric(c) || c == '-'; });
}

bool same_word_twice(std::vector<Parameter> const& seen, std::string_view word) {
  return std::any_of(seen.begin(), seen.end(), [&](Parameter const& one) {
    return std::equal(one.keyword.begin(), one.keyword.end(), word.begin(), word.end(),
                      [](char a, char b) { return upper_of(a) == upper_of(b); });
  });
}

bool parse_parameters(std::string_view text, std::vector<Parameter>& out) {
  for (text = trim(text); !text.empty(); text = trim(text)) {
    auto const word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    auto const equals = word.find('=');
    Parameter one{word.substr(0, equals), {}};
    if (equals != word.npos) one.value = word.substr(equals + 1);
    if (!keyword(one.keyword) ||
        (one.value && (one.value->empty() || one.value->find('=') != word.npos)) ||
        same_word_twice(out, one.keyword))
      return false;
    out.push_back(one);
  }
  return true;
}

}  // namespace

Line split_line(std::string_view line) {
  line = trim(line);
  auto const word = line.substr(0, line.find(' '));
  return {word, trim(line.substr(word.size()))};
}

bool same_word(std::string_view text, std::string_view upper) {
  return std::equal(text.begin(), text.end(), upper.begin(), upper.end(),
                    [](char a, char b) { return upper_of(a) == b; });
}

ArgumentFault parse_path_argument(std::string_view argument, std::string_view prefix,
                                  PathArgument& out) {
  out = {};
  if (!same_word(argument.substr(0, prefix.size()), prefix)) return ArgumentFault::path;
  auto rest = trim(argument.substr(prefix.size()));
  if (!rest.starts_with('<')) return ArgumentFault::path;
  rest.remove_prefix(1);
  auto const end = path_end(rest);
  if (end == rest.npos) return ArgumentFault::path;
  out.path = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (!rest.empty() && rest.front() != ' ') return ArgumentFault::path;
  return parse_parameters(rest, out.parameters) ? ArgumentFault::none : ArgumentFault::parameters;
}

bool host_like(std::string_view name) {
  static constexpr std::size_t most = 255;
  if (name.empty() || name.size() > most) return false;
  bool const literal = name.front() == '[';
  if (literal) {
    if (!name.ends_with(']')) return false;
    name = name.substr(1, name.size() - 2);
  }
  std::string_view const marks = literal ? ":.-" : "-._";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return alphanumeric(c) || marks.find(c) != marks.npos;
  });
}

bool xtext(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] <= ' ' || text[i] > '~' || text[i] == '=') return false;
    if (text[i] != '+') continue;
    auto const hex = text.substr(i + 1, 2);
    if (hex.size() != 2 || hex.find_first_not_of("0123456789ABCDEF") != hex.npos) return false;
    i += 2;
  }
  return true;
}

}  // namespace mailstack::smtp
