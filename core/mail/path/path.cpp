#include "core/mail/path/path.hpp"

#include <unistr.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/dns/name.hpp"
#include "core/dns/rrset.hpp"

namespace mailstack::mail {
namespace {

constexpr std::size_t most_between_brackets = Path::most_octets - 2;

/// What may stand in a text without a second look, by octet.
struct Sets {
  std::array<bool, 256> atom{};    ///< RFC 5322 3.2.3 atext and the dot, RFC 6531 3.3
  std::array<bool, 256> domain{};  ///< letters, digits, `-`, `.`; `_`, which the world has; UTF-8
};

constexpr Sets sets = [] {
  Sets made;
  for (std::size_t c = 0; c < 256; ++c) {
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    made.atom[c] = made.domain[c] = letter || c >= 0x80;
  }
  for (char const c : std::string_view(".!#$%&'*+-/=?^_`{|}~"))
    made.atom[static_cast<unsigned char>(c)] = true;
  for (char const c : std::string_view(".-_")) made.domain[static_cast<unsigned char>(c)] = true;
  return made;
}();

bool all_of(std::string_view text, std::array<bool, 256> const& set) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return set[static_cast<unsigned char>(c)]; });
}

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// In any case; `word` is in lower case and without `@` and `[`.
bool says(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return a == b || (b >= 'a' && (a | 0x20) == b); });
}

auto refuse(char const* why) { return fail(ErrorCode::invalid, why); }

/// A dot too many. An empty text has none.
bool dots_apart(std::string_view text) {
  return !text.starts_with('.') && !text.ends_with('.') && text.find("..") == text.npos;
}

bool dot_string(std::string_view text) {
  return !text.empty() && dots_apart(text) && all_of(text, sets.atom);
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
      return refuse("a control character stands in the local part");
    local += text[i];
  }
  return refuse("the quoted local part has no closing quote");
}

/// Reads what stands before the `@` and moves `text` to it.
Result<std::string> take_local(std::string_view& text) {
  if (text.starts_with('"')) return take_quoted(text);
  auto const local = text.substr(0, text.find('@'));
  if (local.size() == text.size()) return refuse("there is no @");
  if (local.empty()) return refuse("nothing stands before the @");
  if (!dots_apart(local)) return refuse("a dot too many stands before the @");
  if (!all_of(local, sets.atom)) return refuse("what stands before the @ needs quotes");
  text.remove_prefix(local.size());
  return std::string(local);
}

/// RFC 5321 4.1.3. General literals are none that anybody has registered.
Result<std::string> parse_literal(std::string_view text) {
  static constexpr std::string_view tag = "ipv6:";
  if (!text.ends_with(']')) return refuse("the address literal has no closing bracket");
  auto address = text.substr(1, text.size() - 2);
  bool const six = says(address.substr(0, tag.size()), tag);
  if (six) address.remove_prefix(tag.size());
  // What reads addresses reads master files too: their blanks and comments are not for here.
  if (address.find_first_not_of("0123456789abcdefABCDEF.:") != address.npos)
    return refuse("the address literal is no address");
  auto const canonical = dns::canonical_rdata(six ? dns::type::aaaa : dns::type::a, address, {});
  if (!canonical) return refuse("the address literal is no address");
  return (six ? "[IPv6:" : "[") + *canonical + "]";
}

Result<std::string> parse_domain(std::string_view text) {
  if (text.starts_with('[')) return parse_literal(text);
  if (text.size() > Path::most_domain) return refuse("the domain is longer than 255 octets");
  if (text.empty()) return refuse("nothing stands after the @");
  if (!all_of(text, sets.domain))
    return refuse("a character that no domain has stands after the @");
  if (!dots_apart(text)) return refuse("a dot too many stands after the @");
  auto const name = dns::Name::parse(text);
  if (!name || !name->check_labels()) return refuse("what stands after the @ is no domain");
  return name->display();
}

/// `@a,@b:` in front of a mailbox: where to go by, which nobody obeys any more (RFC 5321 app. C).
Result<> drop_route(std::string_view& text) {
  auto const end = text.find(':');
  if (end == text.npos) return refuse("the source route has no end");
  auto route = text.substr(0, end);
  text.remove_prefix(end + 1);
  while (!route.empty()) {
    auto const hop = route.substr(0, route.find(','));
    if (hop.size() < 2 || hop.front() != '@' || !all_of(hop.substr(1), sets.domain))
      return refuse("the source route holds what is no domain");
    route.remove_prefix(std::min(route.size(), hop.size() + 1));
  }
  return {};
}

Result<Path> parse_mailbox(std::string_view text) {
  auto local = take_local(text);
  if (!local) return fail(local.error());
  if (local->size() > Path::most_local) return refuse("the local part is longer than 64 octets");
  if (!text.starts_with('@')) return refuse("no @ follows the quoted local part");
  auto domain = parse_domain(text.substr(1));
  if (!domain) return fail(domain.error());
  return Path{std::move(*local), std::move(*domain)};
}

}  // namespace

bool Path::needs_utf8() const { return !ascii(local); }

std::string Path::text() const {
  if (null()) return {};
  std::string all;
  all.reserve(local.size() + domain.size() + 3);
  if (dot_string(local)) {
    all = local;
  } else {
    all = '"';
    for (char const c : local) {
      if (c == '"' || c == '\\') all += '\\';
      all += c;
    }
    all += '"';
  }
  if (!domain.empty()) all.append("@").append(domain);
  return all;
}

Result<Path> parse_path(std::string_view text) {
  if (text.empty()) return Path{};
  if (says(text, "postmaster")) return Path{"postmaster", ""};
  if (u8_check(reinterpret_cast<std::uint8_t const*>(text.data()), text.size()) != nullptr)
    return refuse("it is no UTF-8");
  bool too_long = text.size() > most_between_brackets;
  if (text.starts_with('@'))
    if (auto const dropped = drop_route(text); !dropped) return fail(dropped.error());
  auto path = parse_mailbox(text);
  if (!path) return path;
  // A-labels are longer than the U-labels that came, and quotes may have to be added for others.
  too_long = too_long || path->text().size() > most_between_brackets;
  if (too_long) return refuse("the path is longer than 256 octets");
  return path;
}

}  // namespace mailstack::mail
