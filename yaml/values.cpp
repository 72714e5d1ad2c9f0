#include "yaml/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "core/clock/clock.hpp"
#include "core/dns/name.hpp"
#include "core/mail/address/address.hpp"
#include "core/text/listed.hpp"

namespace mailstack::yaml {

namespace {

bool digits_only(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool valid_port(std::string_view text) {
  if (!digits_only(text) || text.size() > 5) return false;
  int port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port >= 1 && port <= 65535;
}

/// `user:password@` before the host (RFC 3986 3.2.1), whatever the scheme, or without one. A
/// password with a `/` in it ends the authority early, so the colon is enough then.
bool holds_user(std::string_view text) {
  if (auto const scheme = text.find("://"); scheme != text.npos) text.remove_prefix(scheme + 3);
  auto const at = text.find('@');
  if (at == text.npos) return false;
  auto const before = text.substr(0, at);
  auto const slash = before.find('/');
  if (slash == before.npos) return true;
  auto const colon = before.substr(0, slash).find(':');
  return colon != before.npos && !valid_port(before.substr(0, slash).substr(colon + 1));
}

/// `http://` or `https://`, a host, and no space or quote anywhere.
Result<> check_url(std::string_view text) {
  if (holds_user(text))
    return fail(ErrorCode::invalid, "a user or password does not stand in a URL");
  for (std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    std::string_view const rest = text.substr(scheme.size());
    if (rest.empty() || rest.front() == '/' || rest.front() == ':')
      return fail(ErrorCode::invalid, "the host is missing");
    if (text.find_first_of(" \"<>\\^`{|}") != std::string_view::npos)
      return fail(ErrorCode::invalid, "a character stands in it that a URL cannot hold");
    return {};
  }
  return fail(ErrorCode::invalid, "it does not start with https:// or http://");
}

Result<> name_form(std::string_view text) {
  auto const name = dns::Name::parse(text);
  if (!name) return fail(name.error());
  return name->check_host_name();
}

Result<> address_form(std::string_view text) {
  auto const address = mail::parse_address(text);
  if (!address) return fail(address.error());
  if (auto const host = address->domain.check_host_name(); !host)
    return fail(ErrorCode::invalid, address->domain.display() + ": " + host.error().what);
  return {};
}

/// `HOST:PORT`, `[v6]:PORT`, `:PORT`, an address or a host name alone.
Result<> check_endpoint(std::string_view text) {
  if (parse_ipv4(text) || parse_ipv6(text)) return {};
  std::size_t const colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    if (!valid_port(text.substr(colon + 1)))
      return fail(ErrorCode::invalid, "the port is not a number from 1 to 65535");
    if (host.empty() || parse_ipv4(host)) return {};
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    if (parse_ipv6(host.substr(1, host.size() - 2))) return {};
    return fail(ErrorCode::invalid, "no IPv6 address stands in the brackets");
  }
  if (host.find(':') != std::string_view::npos)
    return fail(ErrorCode::invalid, "an IPv6 address with a port stands in brackets");
  return name_form(host);
}

Result<> check_recipient(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return address_form(text);
  if (text.find_first_of(" ,;:<>()[]\\\"") != std::string_view::npos)
    return fail(ErrorCode::invalid, "this is neither a user name nor an address");
  return {};
}

Result<> check_form(keys::Key const& key, std::string_view text) {
  auto const as_void = [](auto const& result) -> Result<> {
    if (!result) return fail(result.error());
    return {};
  };
  switch (key.type) {
    case keys::Type::integer: return as_void(parse_integer(text));
    case keys::Type::size: return as_void(parse_size(text));
    case keys::Type::boolean: return as_void(parse_boolean(text));
    case keys::Type::duration: return as_void(parse_duration(text));
    case keys::Type::name: return name_form(text);
    case keys::Type::ipv4: return as_void(parse_ipv4(text));
    case keys::Type::ipv6: return as_void(parse_ipv6(text));
    case keys::Type::address: return address_form(text);
    case keys::Type::recipient: return check_recipient(text);
    case keys::Type::endpoint: return check_endpoint(text);
    case keys::Type::url: return check_url(text);
    case keys::Type::path:
      if (text.empty()) return fail(ErrorCode::invalid, "nothing stands in the quotes");
      // Paths stand in units and scripts, a line each.
      if (std::any_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }))
        return fail(ErrorCode::invalid, "a path holds no control characters");
      return {};
    case keys::Type::string:  // Empty is a text too: it switches some defaults off.
    case keys::Type::choice:
    case keys::Type::secret:
    case keys::Type::password:
    case keys::Type::text:
    case keys::Type::mapping: return {};
  }
  return {};
}

std::optional<WrongValue> wrong_range(keys::Key const& key, std::string_view text) {
  long long value = 0;
  if (key.type == keys::Type::integer) {
    value = *parse_integer(text);
  } else if (key.type == keys::Type::size) {
    value = *parse_size(text);
  } else if (key.type == keys::Type::duration) {
    value = parse_duration(text)->count();
  } else {
    return std::nullopt;
  }
  if (value >= key.minimum && value <= key.maximum) return std::nullopt;
  auto const shown = [&](long long bound) {
    return key.type == keys::Type::duration ? format(Duration{bound}) : std::to_string(bound);
  };
  if (key.minimum == key.maximum)
    return WrongValue{"out-of-range", "only " + shown(key.minimum) + " is known"};
  bool const open = key.maximum >= 9'000'000'000'000'000;
  return WrongValue{"out-of-range",
                    open ? "it must be at least " + shown(key.minimum)
                         : "it must lie from " + shown(key.minimum) + " to " + shown(key.maximum)};
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view choices) {
  std::vector<std::string_view> words;
  while (!choices.empty()) {
    std::size_t const bar = std::min(choices.find('|'), choices.size());
    words.push_back(choices.substr(0, bar));
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return words;
}

Result<long long> parse_integer(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  if (!digits_only(digits)) return fail(ErrorCode::invalid, "it is not a decimal number");
  if (digits.size() > 1 && digits.front() == '0')
    return fail(ErrorCode::invalid, "a number does not start with 0 (some programs read octal)");
  long long value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return fail(ErrorCode::invalid, "the number is too large");
  return value;
}

Result<long long> parse_size(std::string_view text) {
  long long unit = 1;
  if (text.ends_with('K')) unit = 1LL << 10;
  if (text.ends_with('M')) unit = 1LL << 20;
  if (text.ends_with('G')) unit = 1LL << 30;
  if (unit > 1) text.remove_suffix(1);
  auto const number = parse_integer(text);
  if (!number) return fail(ErrorCode::invalid, "it is not a number with an optional K, M or G");
  if (*number < 0 || *number > std::numeric_limits<long long>::max() / unit)
    return fail(ErrorCode::invalid, "the size is out of bounds");
  return *number * unit;
}

Result<bool> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(ErrorCode::invalid, "only true and false are truth values");
}

Result<std::string> parse_ipv4(std::string_view text) {
  in_addr address{};
  std::array<char, INET_ADDRSTRLEN> canonical{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1 ||
      text.find('\0') != std::string_view::npos)
    return fail(ErrorCode::invalid, "it is not an IPv4 address");
  return std::string(inet_ntop(AF_INET, &address, canonical.data(), canonical.size()));
}

Result<std::string> parse_ipv6(std::string_view text) {
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1 ||
      text.find('\0') != std::string_view::npos)
    return fail(ErrorCode::invalid, "it is not an IPv6 address");
  return std::string(inet_ntop(AF_INET6, &address, canonical.data(), canonical.size()));
}

Result<std::string> parse_endpoint(std::string_view text, std::string_view default_port) {
  if (auto const form = check_endpoint(text); !form) return fail(form.error());
  if (auto const v6 = parse_ipv6(text)) return "[" + *v6 + "]:" + std::string(default_port);
  if (text.ends_with(']') || text.find(':') == std::string_view::npos)
    return std::string(text) + ":" + std::string(default_port);
  return std::string(text);
}

std::string expectation(keys::Key const& key) {
  switch (key.type) {
    case keys::Type::string: return "a text";
    case keys::Type::integer: return "a decimal number";
    case keys::Type::boolean: return "true or false";
    case keys::Type::duration: return "a duration such as 90s, 10m, 20h or 14d";
    case keys::Type::size: return "a size such as 50M or 1G";
    case keys::Type::name: return "a domain name";
    case keys::Type::ipv4: return "an IPv4 address";
    case keys::Type::ipv6: return "an IPv6 address";
    case keys::Type::address: return "a mail address";
    case keys::Type::recipient: return "a user name or a mail address";
    case keys::Type::endpoint: return "HOST:PORT, [IPv6]:PORT or :PORT";
    case keys::Type::url: return "a URL";
    case keys::Type::path: return "a path";
    case keys::Type::secret:
    case keys::Type::password: return "a reference such as {credential: NAME}";
    case keys::Type::text: return "a block of text (`|`)";
    case keys::Type::mapping: return "a mapping";
    case keys::Type::choice: break;
  }
  auto const words = listed(words_of(key.choices));
  return words.find(',') == std::string::npos ? words : "one of " + words;
}

std::string full_expectation(keys::Key const& key) {
  return key.list ? expectation(key) + ", or a list of them" : expectation(key);
}

std::optional<WrongValue> wrong_value(keys::Key const& key, Node const& scalar) {
  bool const written_as_text = key.type == keys::Type::integer || key.type == keys::Type::boolean;
  if (scalar.quoted && written_as_text) return WrongValue{"wrong-type", "in quotes it is text"};
  if (key.type == keys::Type::choice) {
    auto const words = words_of(key.choices);
    if (std::find(words.begin(), words.end(), scalar.scalar) != words.end()) return std::nullopt;
    return WrongValue{"unknown-choice", "it is not among its words"};
  }
  if (key.type == keys::Type::url && holds_user(scalar.scalar))
    return WrongValue{"literal-secret", "the manifest is committed and read by many"};
  if (auto const form = check_form(key, scalar.scalar); !form)
    return WrongValue{"wrong-type", form.error().what};
  return wrong_range(key, scalar.scalar);
}

std::vector<std::string> fallback_values(std::string_view fallback) {
  bool const list = fallback.starts_with('[') && fallback.ends_with(']');
  if (list) fallback = fallback.substr(1, fallback.size() - 2);
  std::vector<std::string> values;
  while (!fallback.empty()) {
    std::size_t const comma =
        list ? std::min(fallback.find(','), fallback.size()) : fallback.size();
    std::string_view one = fallback.substr(0, comma);
    fallback.remove_prefix(std::min(comma + 1, fallback.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.size() >= 2 && one.starts_with('"') && one.ends_with('"'))
      one = one.substr(1, one.size() - 2);
    if (!one.empty()) values.emplace_back(one);
  }
  return values;
}

}  // namespace mailstack::yaml
