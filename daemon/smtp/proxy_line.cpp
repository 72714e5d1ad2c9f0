#include "daemon/smtp/proxy_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/dns/rrset.hpp"

namespace mailstack::smtp {
namespace {

constexpr std::size_t most_line = 107;
constexpr std::string_view signature = "PROXY ";

using Fate = ProxyLine::Fate;

std::string_view take_word(std::string_view& text) {
  auto const word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

std::optional<std::uint16_t> port(std::string_view text) {
  std::uint16_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The address in canonical form; empty where it is none.
std::string address(std::string_view text, dns::Type type) {
  if (text.find_first_not_of("0123456789abcdefABCDEF.:") != text.npos) return {};
  return dns::canonical_rdata(type, text, {}).value_or("");
}

/// What stands between `PROXY ` and CRLF.
ProxyLine parse_words(std::string_view text) {
  auto const family = take_word(text);
  if (family == "UNKNOWN") return {Fate::whole, {}};
  if (family != "TCP4" && family != "TCP6") return {Fate::wrong, {}};
  auto const type = family == "TCP4" ? dns::type::a : dns::type::aaaa;
  auto source = address(take_word(text), type);
  auto const destination = address(take_word(text), type);
  auto const source_port = port(take_word(text));
  bool const right = !source.empty() && !destination.empty() && source_port && port(text);
  if (!right) return {Fate::wrong, {}};
  return {Fate::whole, std::move(source), *source_port};
}

}  // namespace

ProxyLine parse_proxy_line(std::string_view octets) {
  auto const begun = std::min(octets.size(), signature.size());
  if (octets.substr(0, begun) != signature.substr(0, begun)) return {Fate::wrong, {}};
  auto const end = octets.substr(0, most_line).find('\n');
  if (end == octets.npos) return {octets.size() < most_line ? Fate::incomplete : Fate::wrong, {}};
  if (octets[end - 1] != '\r') return {Fate::wrong, {}};
  auto line = parse_words(octets.substr(signature.size(), end - 1 - signature.size()));
  line.octets = end + 1;
  return line;
}

}  // namespace mailstack::smtp
