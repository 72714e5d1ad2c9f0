#include "daemon/conf/addresses.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/text/host_port.hpp"

namespace mailstack::conf {

namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

using Octets = std::array<unsigned char, 16>;

/// The octets of `address` in the family of `octets`' first 4 or all; 0 where it is no address.
unsigned read_octets(std::string const& address, Octets& octets) {
  if (address.find('\0') != std::string::npos) return 0;
  if (inet_pton(AF_INET, address.c_str(), octets.data()) == 1) return 4;
  if (inet_pton(AF_INET6, address.c_str(), octets.data()) == 1) return 16;
  return 0;
}

std::string write_octets(Octets const& octets, unsigned count) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(count == 4 ? AF_INET : AF_INET6, octets.data(), text.data(), text.size());
  return text.data();
}

/// `host:port` in two; brackets are taken off. The port is empty where none stands there.
struct HostPort {
  std::string host;
  std::string_view port;
  bool bracketed = false;
};

Result<HostPort> split(std::string_view text) {
  if (text.starts_with('[')) {
    auto const close = text.find(']');
    if (close == text.npos) return fail(ErrorCode::invalid, "the closing bracket is missing");
    auto const rest = text.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':'))
      return fail(ErrorCode::invalid, "a port stands behind `]:`");
    return HostPort{std::string(text.substr(1, close - 1)),
                    rest.empty() ? std::string_view() : rest.substr(1), true};
  }
  auto const colon = text.find(':');
  if (colon == text.npos) return HostPort{std::string(text), {}, false};
  if (text.find(':', colon + 1) != text.npos) {
    Octets octets{};
    // An address of IPv6 alone; with a port it would need brackets.
    if (read_octets(std::string(text), octets) == 16) return HostPort{std::string(text), {}, true};
    return fail(ErrorCode::invalid, "an IPv6 address with a port stands in brackets: [::1]:25");
  }
  return HostPort{std::string(text.substr(0, colon)), text.substr(colon + 1), false};
}

Result<std::uint16_t> read_port(std::string_view text) {
  auto const port = whole_number<std::uint16_t>(text);
  if (!port || *port == 0)
    return fail(ErrorCode::invalid, "the port is not a number from 1 to 65535");
  return *port;
}

}  // namespace

Result<std::string> parse_numeric(std::string_view text) {
  Octets octets{};
  auto const count = read_octets(std::string(text), octets);
  if (count == 0) return fail(ErrorCode::invalid, "it is not a numeric address");
  return write_octets(octets, count);
}

Result<Listen> parse_listen(std::string_view text, smtp::Service service) {
  Listen listen{{}, 0, service, false};
  if (text == "systemd") {
    listen.systemd = true;
    return listen;
  }
  if (text.find('/') != text.npos) {
    listen.address = text;
    return listen;
  }
  auto parts = split(text);
  if (!parts) return fail(parts.error());
  if (parts->port.empty())
    return fail(ErrorCode::invalid, "the port is missing: write ADDRESS:PORT, :PORT or a path");
  auto const port = read_port(parts->port);
  if (!port) return fail(port.error());
  listen.port = *port;
  if (parts->host.empty() && !parts->bracketed) return listen;
  if (parts->host == "localhost") parts->host = "127.0.0.1";
  auto const address = parse_numeric(parts->host);
  if (!address)
    return fail(ErrorCode::invalid,
                "the host is not a numeric address: write 192.0.2.1:25, "
                "[2001:db8::1]:25, or :25 for every address");
  listen.address = *address;
  return listen;
}

Result<Network> parse_network(std::string_view text) {
  auto const slash = text.find('/');
  Octets octets{};
  auto const count = read_octets(std::string(text.substr(0, slash)), octets);
  if (count == 0)
    return fail(ErrorCode::invalid, "it is not a network such as 192.0.2.0/24 or 2001:db8::/32");
  auto const all = count * 8;
  auto const bits =
      slash == text.npos ? std::optional(all) : whole_number<unsigned>(text.substr(slash + 1));
  if (!bits || *bits > all)
    return fail(ErrorCode::invalid, "the prefix is not a number from 0 to " + std::to_string(all));
  Octets masked = octets;
  for (unsigned bit = *bits; bit < all; ++bit)
    masked[bit / 8] = static_cast<unsigned char>(masked[bit / 8] & ~(0x80U >> (bit % 8)));
  if (masked != octets)
    return fail(ErrorCode::invalid, "bits behind the prefix are set: write " +
                                        write_octets(masked, count) + "/" + std::to_string(*bits) +
                                        ", or the address alone");
  return Network{write_octets(octets, count), *bits};
}

Result<std::string> parse_numeric_endpoint(std::string_view text, std::uint16_t port) {
  auto const parts = split(text);
  if (!parts) return fail(parts.error());
  auto const address = parse_numeric(parts->host);
  if (!address) return fail(address.error());
  if (parts->port.empty() && port == 0)
    return fail(ErrorCode::invalid, "the port is missing: write ADDRESS:PORT");
  if (!parts->port.empty()) {
    auto const given = read_port(parts->port);
    if (!given) return fail(given.error());
    port = *given;
  }
  return host_port(*address, port);
}

std::string format(Listen const& at) {
  return at.address.find('/') != std::string::npos ? at.address : host_port(at.address, at.port);
}

}  // namespace mailstack::conf
