#include "reconciler/kinds/unit/served.hpp"

#include <algorithm>

namespace mailstack::kinds::unit {

namespace {

using engine::Fields;
using engine::Item;

bool is_open(Item const& item) { return std::holds_alternative<engine::Reference>(item); }

/// `tls 127.0.0.1:465`, `starttls 127.0.0.1:25`.
world::MailPort parse_port(std::string const& text) {
  auto const space = text.find(' ');
  return {text.substr(space + 1), text.substr(0, space) == "starttls"};
}

}  // namespace

std::vector<Item> served_wrong(world::TlsPeer& peer, Fields const& spec) {
  auto const* leaves = spec.find("leaves");
  auto const* list = leaves ? std::get_if<std::vector<Item>>(leaves) : nullptr;
  if (list == nullptr || std::any_of(list->begin(), list->end(), is_open)) return {};
  std::vector<Item> wrong;
  for (auto const& port : spec.texts("ports")) {
    auto const shown = peer.leaf(parse_port(port), spec.text("name"));
    if (!shown) {
      wrong.emplace_back(port + " ! " + shown.error().what);
    } else if (std::find(list->begin(), list->end(), Item(*shown)) == list->end()) {
      wrong.emplace_back(std::string(port).append(" ").append(*shown));
    }
  }
  return wrong;
}

}  // namespace mailstack::kinds::unit
