#include "core/userdb/text_proto.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <tuple>

#include "core/userdb/utf8.hpp"

namespace mailstack::userdb {

namespace {

constexpr unsigned most_nested = 100;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t rune) {
  auto const tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | ((rune >> shift) & 0x3FU));
  };
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0U | (rune >> 6U));
    tail(0);
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0U | (rune >> 12U));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0U | (rune >> 18U));
    tail(12), tail(6), tail(0);
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<TextMessage> parse() {
    TextMessage message;
    // A byte order mark is no white space to protobuf; the message would name an invisible octet.
    if (text_.starts_with("\xEF\xBB\xBF")) return error_at(0, "starts with a byte order mark");
    if (auto done = fields(message, '\0', 0); !done) return fail(done.error());
    return message;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }

  /// Line and column are counted only where they are needed, from where they were counted last.
  std::pair<unsigned, unsigned> place_of(std::size_t offset) {
    for (; counted_ < offset; ++counted_)
      if (text_[counted_] == '\n') {
        ++line_;
        line_start_ = counted_ + 1;
      }
    return {line_, static_cast<unsigned>(offset - line_start_ + 1)};
  }

  tl::unexpected<Error> error_at(std::size_t offset, std::string const& what) {
    auto const [line, column] = place_of(std::max(offset, counted_));
    return fail(ErrorCode::invalid, "line " + std::to_string(line) + ", column " +
                                        std::to_string(column) + ": " + what);
  }
  tl::unexpected<Error> error(std::string const& what) { return error_at(at_, what); }

  void skip_space() {
    while (!at_end()) {
      if (is_space(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }

  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// Fields up to `closing` (taken), or to the end of the text where that is '\0'.
  Result<> fields(TextMessage& message, char closing, unsigned depth) {
    if (depth > most_nested) return error("messages nest too deep");
    for (;;) {
      skip_space();
      if (at_end()) {
        if (closing == '\0') return {};
        return error(std::string("the file ends where '") + closing + "' is missing");
      }
      if (closing != '\0' && take(closing)) return {};
      if (auto done = field(message, depth); !done) return done;
      skip_space();
      if (!take(',')) take(';');
    }
  }

  Result<> field(TextMessage& message, unsigned depth) {
    auto const start = at_;
    while (!at_end() && (is_letter(text_[at_]) || (at_ > start && is_digit(text_[at_])))) ++at_;
    if (at_ == start) return error("expected the name of a field" + found());
    TextField field;
    field.name = std::string(text_.substr(start, at_ - start));
    std::tie(field.line, field.column) = place_of(start);
    skip_space();
    bool const colon = take(':');
    skip_space();
    if (take('[')) return list(message, field, colon, depth);
    if (auto done = value(field, colon, depth); !done) return done;
    message.fields.push_back(std::move(field));
    return {};
  }

  Result<> list(TextMessage& message, TextField const& field, bool colon, unsigned depth) {
    skip_space();
    if (take(']')) return {};
    for (;;) {
      TextField element{field.name, {}, true, field.line, field.column};
      skip_space();
      if (auto done = value(element, colon, depth); !done) return done;
      message.fields.push_back(std::move(element));
      skip_space();
      if (take(']')) return {};
      if (!take(',')) return error("expected ',' or ']'" + found());
    }
  }

  Result<> value(TextField& field, bool colon, unsigned depth) {
    char const c = peek();
    if (c == '{' || c == '<') {
      ++at_;
      TextMessage inner;
      if (auto done = fields(inner, c == '{' ? '}' : '>', depth + 1); !done) return done;
      field.value = std::move(inner);
      return {};
    }
    if (!colon) return error("expected ':' or '{' after " + field.name + found());
    if (c == '"' || c == '\'') return strings(field);
    return token(field);
  }

  Result<> token(TextField& field) {
    auto const start = at_;
    if (peek() == '-') ++at_;
    while (!at_end() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.' ||
                         ((text_[at_] == '+' || text_[at_] == '-') && at_ > start &&
                          (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E'))))
      ++at_;
    auto const text = text_.substr(start, at_ - start);
    if (text.empty() || text == "-") return error("expected a value" + found());
    field.value = TextToken{std::string(text)};
    return {};
  }

  /// One string, and all that stand right after it.
  Result<> strings(TextField& field) {
    std::string octets;
    while (peek() == '"' || peek() == '\'') {
      if (auto done = string(octets); !done) return done;
      skip_space();
    }
    field.value = std::move(octets);
    return {};
  }

  Result<> string(std::string& out) {
    auto const start = at_;
    char const quote = text_[at_++];
    while (!at_end()) {
      char const c = text_[at_];
      if (take(quote)) return {};
      if (c == '\n') break;
      if (c == '\0') return error("a NUL octet in a string");
      if (c == '\\') {
        if (auto done = escape(out); !done) return done;
        continue;
      }
      auto const length = utf8_length(text_.substr(at_, 4));
      if (length == 0) return error("octets that are not UTF-8 in a string");
      out += text_.substr(at_, length);
      at_ += length;
    }
    return error_at(start, "a string without its closing quote");
  }

  Result<> escape(std::string& out) {
    auto const start = at_++;
    char const c = peek();
    static constexpr std::string_view names = "abfnrtv\"'\\?";
    static constexpr std::string_view octets = "\a\b\f\n\r\t\v\"'\\?";
    if (auto const i = names.find(c); i != std::string_view::npos && !at_end()) {
      ++at_;
      out += octets[i];
      return {};
    }
    if (is_octal(c)) {
      unsigned octet = 0;
      for (unsigned i = 0; i < 3 && is_octal(peek()); ++i)
        octet = octet * 8 + static_cast<unsigned>(text_[at_++] - '0');
      if (octet > 0xFF) return error_at(start, "an octal escape above \\377");
      out += static_cast<char>(octet);
      return {};
    }
    if (c == 'x') {
      ++at_;
      auto const octet = hexadecimal(1, 2);
      if (!octet) return error_at(start, "\\x without a hexadecimal digit");
      out += static_cast<char>(*octet);
      return {};
    }
    if (c == 'u' || c == 'U') return unicode(out, start);
    return error_at(start, "an unknown escape in a string");
  }

  std::optional<std::uint32_t> hexadecimal(unsigned least, unsigned most) {
    std::uint32_t number = 0;
    unsigned digits = 0;
    for (; digits < most && !at_end() && hex_digit(text_[at_]) >= 0; ++digits, ++at_)
      number = number * 16 + static_cast<unsigned>(hex_digit(text_[at_]));
    if (digits < least) return std::nullopt;
    return number;
  }

  Result<> unicode(std::string& out, std::size_t start) {
    unsigned const digits = text_[at_++] == 'u' ? 4 : 8;
    auto rune = hexadecimal(digits, digits);
    if (rune && *rune >= 0xD800 && *rune <= 0xDBFF && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      auto const low = hexadecimal(4, 4);
      rune = low && *low >= 0xDC00 && *low <= 0xDFFF
                 ? std::optional(0x10000 + ((*rune - 0xD800) << 10U) + (*low - 0xDC00))
                 : std::nullopt;
    }
    if (!rune || *rune > 0x10FFFF || (*rune >= 0xD800 && *rune <= 0xDFFF))
      return error_at(start, "an escape that is no Unicode character");
    append_utf8(out, *rune);
    return {};
  }

  /// Only this much: the character that stands there may be one of a password.
  [[nodiscard]] std::string found() const {
    return at_end() ? ", found the end of the file" : std::string();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;
  std::size_t line_start_ = 0;
  unsigned line_ = 1;
};

bool same_token(TextToken const& a, TextToken const& b) {
  if (a.text == b.text) return true;
  auto const x = parse_integer(a);
  auto const y = parse_integer(b);
  if (x && y) return *x == *y;
  auto const word = [](std::string const& text) -> std::string_view {
    if (text == "t" || text == "True") return "true";
    if (text == "f" || text == "False") return "false";
    return text;
  };
  return word(a.text) == word(b.text);
}

bool same_value(TextField const& a, TextField const& b) {
  if (a.value.index() != b.value.index()) return false;
  if (auto const* token = std::get_if<TextToken>(&a.value))
    return same_token(*token, std::get<TextToken>(b.value));
  if (auto const* octets = std::get_if<std::string>(&a.value))
    return *octets == std::get<std::string>(b.value);
  return same_message(std::get<TextMessage>(a.value), std::get<TextMessage>(b.value));
}

std::vector<TextField const*> by_name(TextMessage const& message) {
  std::vector<TextField const*> fields;
  fields.reserve(message.fields.size());
  for (auto const& field : message.fields) fields.push_back(&field);
  std::stable_sort(fields.begin(), fields.end(),
                   [](auto const* a, auto const* b) { return a->name < b->name; });
  return fields;
}

}  // namespace

Result<TextMessage> parse_text_proto(std::string_view text) { return Parser(text).parse(); }

bool same_message(TextMessage const& a, TextMessage const& b) {
  auto const ours = by_name(a);
  auto const theirs = by_name(b);
  return std::equal(
      ours.begin(), ours.end(), theirs.begin(), theirs.end(),
      [](auto const* x, auto const* y) { return x->name == y->name && same_value(*x, *y); });
}

std::string format_text_string(std::string_view octets) {
  std::string out = "\"";
  for (char const c : octets) {
    auto const octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (octet >= 0x20 && octet < 0x7f) {
      out += c;
    } else {
      // Always three digits: a digit that follows must not be read as part of the escape.
      out += '\\';
      for (unsigned const shift : {6U, 3U, 0U})
        out += static_cast<char>('0' + ((octet >> shift) & 7U));
    }
  }
  return out + '"';
}

Result<std::uint64_t> parse_unsigned(TextToken const& token) {
  std::string_view text = token.text;
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
    text.remove_prefix(1);
  }
  std::uint64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::invalid, "not an integer of 0 to 2^64-1");
  return number;
}

Result<std::int64_t> parse_integer(TextToken const& token) {
  bool const negative = token.text.starts_with('-');
  auto const size = parse_unsigned({token.text.substr(negative ? 1 : 0)});
  constexpr auto most = std::uint64_t{1} << 63U;
  if (!size || *size > (negative ? most : most - 1))
    return fail(ErrorCode::invalid, "not an integer of 64 bits");
  return static_cast<std::int64_t>(negative ? ~*size + 1 : *size);
}

}  // namespace mailstack::userdb
