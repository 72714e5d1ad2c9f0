#include "reconciler/kinds/unit/served.hpp"

namespace mailstack::kinds::unit {

namespace {

/// `tls 127.0.0.1:465`, `starttls 127.0.0.1:25`.
world::MailPort parse_port(std::string const& text) {
  auto const space = text.find(' ');
  return {text.substr(space + 1), text.substr(0, space) == "starttls"};
}

}  // namespace

std::vector<engine::Item> look_at_ports(world::TlsPeer& peer, engine::Fields const& spec) {
  std::vector<engine::Item> seen;
  for (auto const& port : spec.texts("ports")) {
    auto const shown = peer.leaf(parse_port(port), spec.text("name"));
    seen.emplace_back(port + (shown ? " " + *shown : " ! " + shown.error().what));
  }
  return seen;
}

}  // namespace mailstack::kinds::unit
