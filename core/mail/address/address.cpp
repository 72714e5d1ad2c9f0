#include "core/mail/address/address.hpp"

#include <algorithm>

namespace mailstack::mail {
namespace {

constexpr std::size_t local_limit = 64;  // octets, RFC 5321 4.5.3.1.1

/// RFC 5322 3.2.3 atext, and UTF8-non-ascii (RFC 6531 3.3).
bool atext(char c) {
  auto const octet = static_cast<unsigned char>(c);
  if (octet >= 0x80) return true;
  bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool dot_string(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != text.npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || atext(c); });
}

/// Reads a quoted string at the start of `text` and moves `text` behind it (RFC 5321 4.1.2).
Result<std::string> take_quoted(std::string_view& text) {
  std::string local;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return local;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    if (static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7f)
      return fail(ErrorCode::invalid, "a control character stands before the @");
    local += text[i];
  }
  return fail(ErrorCode::invalid, "the quoted local part has no closing quote");
}

Result<std::string> take_local(std::string_view& text) {
  if (text.starts_with('"')) return take_quoted(text);
  auto const at = text.rfind('@');
  if (at == text.npos) return fail(ErrorCode::invalid, "'" + std::string(text) + "' has no @");
  std::string local(text.substr(0, at));
  if (!dot_string(local))
    return fail(ErrorCode::invalid, local.empty() ? "nothing stands before the @"
                                                  : "'" + local + "' needs quotes before an @");
  text.remove_prefix(at);
  return local;
}

}  // namespace

std::string Address::text() const {
  if (dot_string(local)) return local + "@" + domain.display();
  std::string quoted = "\"";
  for (char const c : local) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"@" + domain.display();
}

Result<Address> parse_address(std::string_view text) {
  auto local = take_local(text);
  if (!local) return fail(local.error());
  if (local->size() > local_limit)
    return fail(ErrorCode::invalid, "the part before the @ is longer than 64 octets");
  if (!text.starts_with('@')) return fail(ErrorCode::invalid, "no @ follows the quoted local part");
  text.remove_prefix(1);
  if (text.starts_with('[')) return fail(ErrorCode::invalid, "an address literal is no domain");
  if (text.empty()) return fail(ErrorCode::invalid, "nothing stands after the @");
  auto domain = dns::Name::parse(text);
  if (!domain) return fail(within(domain.error(), "domain"));
  if (domain->label_count() < 2)
    return fail(ErrorCode::invalid, "the domain '" + std::string(text) + "' has one label only");
  return Address{std::move(*local), std::move(*domain)};
}

}  // namespace mailstack::mail
