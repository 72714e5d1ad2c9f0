#include "daemon/conf/restart.hpp"

#include <tuple>

#include "daemon/conf/keys.hpp"

namespace mailstack::conf {

namespace {

bool same_smarthost(std::optional<Smarthost> const& a, std::optional<Smarthost> const& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return std::tie(a->host, a->port, a->tls, a->user, a->password.reveal()) ==
         std::tie(b->host, b->port, b->tls, b->user, b->password.reveal());
}

bool same(Row const& row, Settings const& a, Settings const& b) {
  if (row.key.path == "smarthost") return same_smarthost(a.smarthost, b.smarthost);
  return row.show == nullptr || row.show(a) == row.show(b);
}

}  // namespace

std::vector<std::string> changed_keys(Settings const& running, Settings const& loaded) {
  std::vector<std::string> keys;
  for (auto const& row : settings_rows())
    if (!same(row, running, loaded)) keys.emplace_back(row.key.path);
  return keys;
}

std::vector<std::string> needs_restart(Settings const& running, Settings const& loaded) {
  std::vector<std::string> keys;
  for (auto const& row : settings_rows())
    if (row.restart && !same(row, running, loaded)) keys.emplace_back(row.key.path);
  return keys;
}

}  // namespace mailstack::conf
