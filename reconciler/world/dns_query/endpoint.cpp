#include "reconciler/world/dns_query/endpoint.hpp"

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace mailstack::world {
namespace {

/// Address and port; the port is empty where there is none.
std::pair<std::string, std::string> split(std::string const& text) {
  if (text.starts_with('[')) {
    auto const end = text.find(']');
    if (end == std::string::npos) return {text, {}};
    auto const rest = text.substr(end + 1);
    if (rest.empty()) return {text.substr(1, end - 1), {}};
    if (rest.starts_with(':') && rest.size() > 1) return {text.substr(1, end - 1), rest.substr(1)};
    return {text, {}};
  }
  // More than one colon and no brackets is an IPv6 address alone.
  if (std::count(text.begin(), text.end(), ':') != 1) return {text, {}};
  auto const colon = text.find(':');
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string const& text) {
  auto const [host, port] = split(text);
  bool const number =
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* raw = nullptr;
  bool const good =
      number && port.size() <= 5 && std::atoi(port.c_str()) <= 65535 && !host.empty() &&
      ::getaddrinfo(host.c_str(), port.empty() ? "53" : port.c_str(), &hints, &raw) == 0;
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const found(raw, &::freeaddrinfo);
  if (!good)
    return fail(
        ErrorCode::invalid,
        "name server `" + text + "` is no address; write 192.0.2.53:53 or [2001:db8::53]:53");
  Endpoint endpoint;
  std::memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
  endpoint.size = found->ai_addrlen;
  return endpoint;
}

std::string with_port(std::string const& text) {
  auto const [host, port] = split(text);
  if (!parse_endpoint(text)) return text;
  auto const shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + (port.empty() ? "53" : port);
}

Result<files::Descriptor> open_socket(Endpoint const& endpoint, int type) {
  files::Descriptor socket(
      ::socket(endpoint.address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.open() &&
      (::connect(socket.number(), reinterpret_cast<sockaddr const*>(&endpoint.address),
                 endpoint.size) == 0 ||
       errno == EINPROGRESS))
    return socket;
  return fail(ErrorCode::unavailable, std::strerror(errno));
}

}  // namespace mailstack::world
