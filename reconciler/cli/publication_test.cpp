#include "reconciler/cli/publication.hpp"

#include <catch2/catch.hpp>

#include "reconciler/git/guard.hpp"
#include "reconciler/kinds/alias/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/user/spec.hpp"

using namespace mailstack;
using namespace mailstack::cli;

namespace {

engine::Row row_of(engine::Resource const& resource) {
  engine::Row row;
  row.address = resource.address;
  row.applied = resource.spec;
  row.lane = "host/mx1";
  return row;
}

}  // namespace

TEST_CASE("publication: the rendered files and the inventory, and no digest of a hash", "[cli]") {
  engine::Inventory inventory;
  auto const digest = std::string(64, 'a');
  auto user = row_of(kinds::user::user({.host = "mx1",
                                        .domain = "example.org",
                                        .name = "i",
                                        .path = "/etc/x/users",
                                        .state = "active",
                                        .hash_digest = digest,
                                        .secret = {},
                                        .group = "chasquid"}));
  user.departure = engine::Departure{};
  user.departure->state = {{"hash_digest", digest}};
  inventory.put(user);
  inventory.put(row_of(kinds::alias::alias("mx1", "example.org", "team", {"i", "b@example.net"},
                                           "/etc/x/aliases", "chasquid")));
  inventory.put(
      row_of(kinds::conf_file::file("mx1", "/etc/x/x.conf", "a: 1\n", "0644", "chasquid")));
  auto const contents = publication(inventory);
  CHECK(contents.at("conf/etc/x/users") == "i: password <scrypt>\n");
  CHECK(contents.at("conf/etc/x/aliases") == "team: i@example.org, b@example.net\n");
  CHECK(contents.at("conf/etc/x/x.conf") == "a: 1\n");
  for (auto const& [path, content] : contents) {
    CAPTURE(path);
    CHECK(content.find(digest) == std::string::npos);
    CHECK_FALSE(git::secret_in(content));
  }
  auto const back = engine::parse_inventory(contents.at("inventory.jsonl"));
  REQUIRE(back);
  CHECK(back->size() == 3);
}
