#include "reconciler/features/mailstackd/units.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "reconciler/features/feature.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;
using namespace mailstack::features;

namespace {

void compare(std::string const& file, std::string const& content) {
  auto const path = support::in_source("packaging/systemd/") + file;
  auto const text =
      "# What `mailstack apply` writes; for a host without it "
      "(docs/migrating-from-chasquid.md).\n" +
      content;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream stream(path);
  std::string const found(std::istreambuf_iterator<char>(stream), {});
  CAPTURE(path);
  CHECK(found == text);
}

}  // namespace

TEST_CASE("packaging: its units are those that apply writes", "[cli][features]") {
  auto const facts = facts_for(manifest::Daemon::mailstackd);
  mailstackd::ServiceUnit unit{.program = "/usr/local/bin/mailstackd",
                               .conf = facts.conf_directory,
                               .account = facts.conf_group,
                               .sockets = {}};
  std::string const ports[] = {":25", ":587", ":465"};
  std::size_t i = 0;
  for (auto const& one : mailstackd::services) {
    unit.sockets += (unit.sockets.empty() ? "" : " ") + std::string(one.socket);
    compare(one.socket, mailstackd::socket_unit(one, {ports[i++]}));
  }
  compare("mailstackd.service", mailstackd::service_unit(unit));
  unit.mda = true;
  compare("with-mda/mailstackd.service", mailstackd::service_unit(unit));
}
