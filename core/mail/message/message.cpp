#include "core/mail/message/message.hpp"

#include <algorithm>
#include <utility>

#include "core/text/ascii.hpp"

namespace mailstack::mail {
namespace {

constexpr std::string_view line_end = "\r\n";

bool white(char c) { return c == ' ' || c == '\t'; }

/// RFC 5322 3.6.8 ftext: printable ASCII but the colon.
bool ftext(char c) { return c > 0x20 && c < 0x7f && c != ':'; }

/// Where the field at `start` ends: the CRLF that no white space follows, or the end of the text.
std::size_t field_end(std::string_view text, std::size_t start) {
  for (auto at = text.find(line_end, start); at != text.npos; at = text.find(line_end, at + 2))
    if (at + 2 == text.size() || !white(text[at + 2])) return at;
  return text.size();
}

Result<HeaderField> parse_field(std::string_view text) {
  if (white(text.front())) return fail(ErrorCode::invalid, "continues a field that is not there");
  auto const name_end =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), ftext) - text.begin());
  auto colon = name_end;
  while (colon < text.size() && white(text[colon])) ++colon;
  if (colon == text.size() || text[colon] != ':' || name_end == 0)
    return fail(ErrorCode::invalid, "is neither a header field (`Name: value`) nor empty");
  return HeaderField{text.substr(0, name_end), text.substr(colon + 1)};
}

tl::unexpected<Error> in_line(std::string_view text, std::size_t at, std::string const& what) {
  std::size_t line = 1;
  for (std::size_t end = text.find('\n'); end < at; end = text.find('\n', end + 1)) ++line;
  return fail(ErrorCode::invalid, "line " + std::to_string(line) + " " + what);
}

}  // namespace

std::string with_crlf(std::string text) {
  auto const bare = [&](std::size_t lf) { return lf == 0 || text[lf - 1] != '\r'; };
  std::size_t missing = 0;
  for (auto lf = text.find('\n'); lf != text.npos; lf = text.find('\n', lf + 1))
    if (bare(lf)) ++missing;
  if (missing > 0) {
    std::string out;
    out.reserve(text.size() + missing + 1);
    std::size_t start = 0;
    for (auto lf = text.find('\n'); lf != text.npos; lf = text.find('\n', start)) {
      out.append(text, start, lf - start);
      out += bare(lf) ? line_end : "\n";
      start = lf + 1;
    }
    out.append(text, start);
    text = std::move(out);
  }
  if (text.ends_with('\r')) text += '\n';
  return text;
}

Result<Message> Message::parse(std::string text, LineEnds ends) {
  Message message;
  message.text_ = std::make_unique<std::string const>(
      ends == LineEnds::any ? with_crlf(std::move(text)) : std::move(text));
  std::string_view const all = *message.text_;
  std::size_t at = 0;
  while (at < all.size() && !all.substr(at).starts_with(line_end)) {
    auto const end = field_end(all, at);
    if (end > most_header_octets || message.fields_.size() == most_fields)
      return in_line(all, at, "is past what a header section may hold (1 MiB, 2,000 fields)");
    auto const field = parse_field(all.substr(at, end - at));
    if (!field) return in_line(all, at, field.error().what);
    message.fields_.push_back(*field);
    at = std::min(end + line_end.size(), all.size());
  }
  if (at < all.size()) message.body_ = all.substr(at + line_end.size());
  return message;
}

std::vector<HeaderField> Message::fields_called(std::string_view name) const {
  std::vector<HeaderField> found;
  auto const wanted = lower_field_name(name);
  std::copy_if(fields_.begin(), fields_.end(), std::back_inserter(found),
               [&](HeaderField const& field) { return lower_field_name(field.name) == wanted; });
  return found;
}

std::string lower_field_name(std::string_view name) { return ascii::lower(name); }

}  // namespace mailstack::mail
