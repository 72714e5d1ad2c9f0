#include "daemon/smtp/reply_reader.hpp"

#include <algorithm>
#include <utility>

namespace mailstack::smtp {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// The code at the beginning of a line; 0 where there is none.
int code_of(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !digit(line[1]) || !digit(line[2]))
    return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/// Digits at the front of `text`: one to three; they go.
bool take_number(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && digit(text[count])) ++count;
  text.remove_prefix(count);
  return count >= 1 && count <= 3;
}

/// How long the enhanced code at the front of `text` is, whose class must be that of the reply (RFC
/// 2034 4); 0: none.
std::size_t enhanced_size(std::string_view text, int code) {
  auto rest = text;
  if (rest.size() < 5 || rest[0] != static_cast<char>('0' + code / 100) || rest[1] != '.') return 0;
  rest.remove_prefix(2);
  if (!take_number(rest) || rest.empty() || rest[0] != '.') return 0;
  rest.remove_prefix(1);
  if (!take_number(rest) || (!rest.empty() && rest[0] != ' ')) return 0;
  return text.size() - rest.size();
}

char printable(char c) {
  auto const octet = static_cast<unsigned char>(c);
  return octet < 0x20 || octet == 0x7f ? '?' : c;
}

}  // namespace

void ReplyReader::clear() {
  begun_.clear();
  reply_ = {};
  lines_ = 0;
}

ReplyReader::Status ReplyReader::broken(std::string why) {
  why_ = std::move(why);
  return Status::broken;
}

ReplyReader::Status ReplyReader::read(std::string_view& octets, Reply& reply) {
  while (!octets.empty()) {
    auto const end = octets.find('\n');
    auto const part = octets.substr(0, end);
    if (begun_.size() + part.size() > most_line) return broken("a line of a reply is too long");
    if (end == octets.npos) {
      begun_ += part;
      octets = {};
      return Status::more;
    }
    octets.remove_prefix(end + 1);
    auto status = Status::more;
    if (begun_.empty()) {
      status = take_line(part, reply);
    } else {
      begun_ += part;
      status = take_line(begun_, reply);
      begun_.clear();
    }
    if (status != Status::more) return status;
  }
  return Status::more;
}

ReplyReader::Status ReplyReader::take_line(std::string_view line, Reply& reply) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  int const code = code_of(line);
  if (code == 0) return broken("what came is no reply of SMTP");
  if (reply_.code != 0 && reply_.code != code) return broken("the code changed inside of a reply");
  if (++lines_ > most_lines) return broken("a reply has too many lines");
  reply_.code = code;
  line.remove_prefix(3);
  // RFC 5321 4.2.1: a client should take a code without text.
  bool const last = line.empty() || line[0] != '-';
  if (last && !line.empty() && line[0] != ' ') return broken("what came is no reply of SMTP");
  take_text(line.empty() ? line : line.substr(1));
  if (!last) return Status::more;
  reply = std::exchange(reply_, {});
  lines_ = 0;
  return Status::whole;
}

void ReplyReader::take_text(std::string_view text) {
  auto const size = enhanced_size(text, reply_.code);
  auto const enhanced = text.substr(0, size);
  if (lines_ == 1) reply_.enhanced = enhanced;
  if (size > 0 && enhanced == reply_.enhanced) text.remove_prefix(std::min(size + 1, text.size()));
  if (lines_ > 1 && reply_.text.size() < most_text) reply_.text += '\n';
  text = text.substr(0, most_text - std::min(most_text, reply_.text.size()));
  auto const begin = reply_.text.size();
  reply_.text += text;
  std::transform(reply_.text.begin() + static_cast<std::ptrdiff_t>(begin), reply_.text.end(),
                 reply_.text.begin() + static_cast<std::ptrdiff_t>(begin), printable);
}

}  // namespace mailstack::smtp
