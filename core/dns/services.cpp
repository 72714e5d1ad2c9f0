#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/dns/rdata.hpp"
#include "core/dns/words.hpp"

namespace mailstack::dns {
namespace {

/// SvcParams by key, each value as its octets on the wire. Both presentation and wire are read into
/// this, so that one printer decides the spelling.
using Services = std::map<std::uint16_t, std::string>;

enum Key : std::uint16_t { mandatory, alpn, no_default_alpn, port, ipv4hint, ech, ipv6hint };

// RFC 9460 14.3.2, RFC 9461 5, RFC 9540 6. The last two are written as key7 and key8.
constexpr std::array<std::string_view, 9> key_names{"mandatory", "alpn",     "no-default-alpn",
                                                    "port",      "ipv4hint", "ech",
                                                    "ipv6hint",  "dohpath",  "ohttp"};

tl::unexpected<Error> refuse(std::string what) { return fail(ErrorCode::invalid, std::move(what)); }

std::string key_text(unsigned key) {
  return key <= ipv6hint ? std::string(key_names[key]) : "key" + std::to_string(key);
}

Result<std::uint16_t> parse_key(std::string_view text) {
  auto const known = std::find(key_names.begin(), key_names.end(), text);
  if (known != key_names.end()) return static_cast<std::uint16_t>(known - key_names.begin());
  auto const number = text.starts_with("key") ? parse_number(text.substr(3), 65534) : std::nullopt;
  if (!number)
    return refuse("`" + std::string(text) + "` is no SvcParamKey; others are key0 to key65534");
  return static_cast<std::uint16_t>(*number);
}

void append_u16(std::string& out, unsigned number) {
  out += static_cast<char>(number / 256);
  out += static_cast<char>(number % 256);
}

unsigned u16_at(std::string_view wire, std::size_t at) {
  return static_cast<unsigned char>(wire[at]) * 256U + static_cast<unsigned char>(wire[at + 1]);
}

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t const padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const digit = i + padding < text.size() ? base64_digits.find(text[i]) : 0;
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if (i % 4 != 3) continue;
    for (unsigned shift : {16U, 8U, 0U}) out += static_cast<char>(bits >> shift & 255U);
    bits = 0;
  }
  out.resize(out.size() - padding);
  return out;
}

std::string encode_base64(std::string_view octets) {
  std::string out;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < octets.size() ? static_cast<unsigned char>(octets[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out += i + j <= octets.size() ? base64_digits[bits >> (18 - 6 * j) & 63U] : '=';
  }
  return out;
}

/// The items of a comma-separated value (RFC 9460 appendix A.1): `\,` and `\\` stand for the
/// character.
std::vector<std::string> split_list(std::string_view octets) {
  std::vector<std::string> items(1);
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (octets[i] == ',') {
      items.emplace_back();
      continue;
    }
    if (octets[i] == '\\' && i + 1 < octets.size()) ++i;
    items.back() += octets[i];
  }
  return items;
}

Result<std::string> addresses_to_wire(std::string_view octets, Type type) {
  std::string wire;
  for (auto const& item : split_list(octets)) {
    auto const address = canonical_rdata(type, item, Name{});
    if (!address) return fail(address.error());
    wire += address_octets(*address);
  }
  return wire;
}

/// The octets on the wire of a value in presentation form, escapes resolved. What no value at all
/// means is checked by check().
Result<std::string> value_to_wire(std::uint16_t key, std::string_view octets) {
  std::string wire;
  switch (key) {
    case mandatory: {
      std::vector<std::uint16_t> keys;
      for (auto const& item : split_list(octets)) {
        auto const parsed = parse_key(item);
        if (!parsed) return fail(parsed.error());
        keys.push_back(*parsed);
      }
      std::sort(keys.begin(), keys.end());
      for (auto const parsed : keys) append_u16(wire, parsed);
      return wire;
    }
    case alpn:
      for (auto const& item : split_list(octets)) {
        if (item.empty() || item.size() > 255) return refuse("an ALPN id has 1 to 255 octets");
        wire += static_cast<char>(item.size());
        wire += item;
      }
      return wire;
    case port: {
      auto const number = parse_number(octets, 65535);
      if (!number) return refuse("`" + std::string(octets) + "` is no port");
      append_u16(wire, *number);
      return wire;
    }
    case ipv4hint: return addresses_to_wire(octets, type::a);
    case ipv6hint: return addresses_to_wire(octets, type::aaaa);
    case ech: {
      auto const decoded = decode_base64(octets);
      if (!decoded) return refuse("must be base64");
      return *decoded;
    }
    default: return std::string(octets);
  }
}

std::string_view wrong_mandatory(std::string_view wire) {
  if (wire.empty() || wire.size() % 2 != 0) return "must name at least one key";
  for (std::size_t i = 0; i < wire.size(); i += 2) {
    if (u16_at(wire, i) == mandatory) return "must not name itself";
    if (i > 0 && u16_at(wire, i) <= u16_at(wire, i - 2)) return "names a key twice or out of order";
  }
  return {};
}

std::string_view wrong_ids(std::string_view wire) {
  if (wire.empty()) return "must hold at least one id";
  for (std::size_t i = 0; i < wire.size(); i += 1 + static_cast<unsigned char>(wire[i]))
    if (wire[i] == 0 || i + static_cast<unsigned char>(wire[i]) >= wire.size())
      return "the lengths of the ids do not add up";
  return {};
}

/// Why `wire` is no value of `key`; empty where it is one.
std::string_view wrong_value(std::uint16_t key, std::string_view wire) {
  switch (key) {
    case mandatory: return wrong_mandatory(wire);
    case alpn: return wrong_ids(wire);
    case no_default_alpn: return wire.empty() ? "" : "takes no value";
    case port: return wire.size() == 2 ? "" : "must be two octets";
    case ipv4hint: return !wire.empty() && wire.size() % 4 == 0 ? "" : "must hold IPv4 addresses";
    case ipv6hint: return !wire.empty() && wire.size() % 16 == 0 ? "" : "must hold IPv6 addresses";
    case ech: return wire.empty() ? "must not be empty" : "";
    default: return {};
  }
}

/// RFC 9460 2.2, 7.1, 8: the rules of one parameter and those between them.
Result<> check(Services const& services) {
  std::size_t length = 0;
  for (auto const& [key, wire] : services) {
    if (auto const why = wrong_value(key, wire); !why.empty())
      return refuse(key_text(key) + " " + std::string(why));
    length += 4 + wire.size();
  }
  if (length > 65000) return refuse("too long for one record");
  if (services.contains(no_default_alpn) && !services.contains(alpn))
    return refuse("no-default-alpn needs alpn");
  auto const required = services.find(mandatory);
  if (required == services.end()) return {};
  for (std::size_t i = 0; i < required->second.size(); i += 2) {
    unsigned const key = u16_at(required->second, i);
    if (!services.contains(static_cast<std::uint16_t>(key)))
      return refuse("mandatory names " + key_text(key) + ", which is absent");
  }
  return {};
}

/// Adds one octet of a value that stands without quotes.
void append_bare(std::string& out, char c) {
  auto const octet = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (octet <= 0x20 || octet >= 0x7f || c == ';' || c == '(' || c == ')') {
    append_decimal_escape(out, octet);
  } else {
    out += c;
  }
}

void append_ids(std::string& out, std::string_view wire) {
  for (std::size_t i = 0; i < wire.size();) {
    std::size_t const length = static_cast<unsigned char>(wire[i]);
    if (i > 0) out += ',';
    for (char const c : wire.substr(i + 1, length)) {
      if (c == ',' || c == '\\') append_bare(out, '\\');
      append_bare(out, c);
    }
    i += 1 + length;
  }
}

void append_service(std::string& out, std::uint16_t key, std::string_view wire) {
  if (!out.empty()) out += ' ';
  out += key_text(key);
  if (key == no_default_alpn) return;
  out += '=';
  switch (key) {
    case mandatory:
      for (std::size_t i = 0; i < wire.size(); i += 2)
        out += (i > 0 ? "," : "") + key_text(u16_at(wire, i));
      break;
    case alpn: append_ids(out, wire); break;
    case port: out += std::to_string(u16_at(wire, 0)); break;
    case ipv4hint:
    case ipv6hint:
      for (std::size_t i = 0, size = key == ipv4hint ? 4 : 16; i < wire.size(); i += size)
        out += (i > 0 ? "," : "") + format_address(wire.substr(i, size));
      break;
    case ech: out += '"' + encode_base64(wire) + '"'; break;
    default: append_quoted(out, wire);
  }
}

Result<std::string> spell(Services const& services) {
  if (auto const checked = check(services); !checked) return fail(checked.error());
  std::string out;
  for (auto const& [key, wire] : services) append_service(out, key, wire);
  return out;
}

/// The value of one word, quotes and escapes gone: `alpn="h2,h3"` is `h2,h3`.
Result<std::string> value_of(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  return unescape(text);
}

/// Takes one word: `key`, `key=value` or `key="value"`.
Result<> add_service(Services& services, Word const& word) {
  auto const equals = word.text.find('=');
  auto const key = parse_key(word.text.substr(0, equals));
  if (word.quoted) return refuse("a parameter starts with its key");
  if (!key) return fail(key.error());
  Result<std::string> wire;
  if (equals != std::string_view::npos) {
    wire = value_of(word.text.substr(equals + 1));
    // `key3="…"` gives the octets themselves; a name says how the value is spelled.
    if (wire && !word.text.starts_with("key")) wire = value_to_wire(*key, *wire);
    if (!wire) return fail(within(wire.error(), key_text(*key)));
  }
  if (!services.emplace(*key, *std::move(wire)).second)
    return refuse(key_text(*key) + " stands twice");
  return {};
}

}  // namespace

Result<std::string> canonical_services(std::string_view text, unsigned priority) {
  Words words(text);
  Services services;
  while (auto const word = words.next())
    if (auto const added = add_service(services, *word); !added) return fail(added.error());
  if (!words.problem().empty()) return refuse(words.problem());
  if (priority == 0 && !services.empty())
    return refuse("priority 0 (alias mode) takes no parameters");
  return spell(services);
}

Result<std::string> services_from_wire(std::string_view wire) {
  Services services;
  while (!wire.empty()) {
    if (wire.size() < 4 || wire.size() - 4 < u16_at(wire, 2))
      return refuse("a parameter is cut short");
    std::size_t const length = u16_at(wire, 2);
    auto const key = static_cast<std::uint16_t>(u16_at(wire, 0));
    if (!services.empty() && services.rbegin()->first >= key) return refuse("keys out of order");
    services.emplace(key, wire.substr(4, length));
    wire.remove_prefix(4 + length);
  }
  return spell(services);
}

}  // namespace mailstack::dns
