#include "reconciler/features/listen/listen.hpp"

#include "reconciler/manifest/values.hpp"

namespace mailstack::features::listen {

bool can_listen(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  if (colon == std::string::npos) return false;
  auto const host = endpoint.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    return manifest::parse_ipv6(host.substr(1, host.size() - 2)).has_value();
  return host.empty() || manifest::parse_ipv4(host).has_value();
}

std::string lines(std::vector<std::string> const& endpoints) {
  std::string text;
  bool named = false;
  for (auto const& endpoint : endpoints) {
    bool const any = endpoint.starts_with(':');
    text += "ListenStream=" + (any ? endpoint.substr(1) : endpoint) + "\n";
    named = named || !any;
  }
  return named ? text + "FreeBind=yes\n" : text;
}

std::string reached(std::string const& endpoint) {
  auto const port = endpoint.substr(endpoint.rfind(':'));
  if (endpoint.starts_with(':') || endpoint.starts_with("0.0.0.0:")) return "127.0.0.1" + port;
  return endpoint.starts_with("[::]:") ? "[::1]" + port : endpoint;
}

}  // namespace mailstack::features::listen
