#include "reconciler/engine/inventory.hpp"

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"

using namespace mailstack;
using namespace mailstack::engine;

namespace {

TimePoint at(long long seconds) { return TimePoint(Duration(seconds)); }

Row full_row() {
  Row row;
  row.address = {"dns_record", "example.org./example.org./TXT/\"a/b\""};
  row.applied = {{"value", std::string("\"a/b\"")},
                 {"ttl", std::int64_t{300}},
                 {"needs", std::vector<Item>{Reference{{"shelf", "a/x"}, "same_since"}}}};
  row.lane = "provider/local";
  row.group = "example.org";
  row.reason = "records: of zone example.org";
  row.source = {"mailstack.yaml", 12, 9};
  row.applied_at = at(100);
  row.same_since = at(101);
  row.orphaned_since = at(102);
  row.departure = Departure{at(103),
                            at(104),
                            {{"value", std::string("\"c\"")}},
                            {{"dns_record", "example.org./example.org./TXT/\"c\""}}};
  row.neighbours = {{"dns_record", "example.org./example.org./TXT/\"d\""}};
  row.on_remove = {Hazard::mx, Hazard::spf};
  row.retirement = Retirement{"dkim/example.org/rsa2048", Duration(1209600)};
  row.heads = "dkim/example.org/rsa2048";
  return row;
}

}  // namespace

TEST_CASE("inventory: every member of a row survives the file", "[engine]") {
  Inventory inventory;
  inventory.manifest_digest = "d1";
  inventory.revision = "c0ffee";
  inventory.applied_at = at(99);
  inventory.looked_at = at(105);
  inventory.put(full_row());
  Row bare;
  bare.address = {"user", "mx1/example.org/i"};
  bare.applied = {{"state", std::string("active")}};
  inventory.put(bare);
  auto const text = format_inventory(inventory);
  auto const back = parse_inventory(text);
  REQUIRE(back);
  CHECK(format_inventory(*back) == text);
  CHECK(back->manifest_digest == "d1");
  CHECK(back->revision == "c0ffee");
  CHECK(back->applied_at == at(99));
  CHECK(back->looked_at == at(105));
  REQUIRE(back->find(full_row().address) != nullptr);
  CHECK(*back->find(full_row().address) == full_row());
  CHECK(*back->find(bare.address) == bare);
}

TEST_CASE("inventory: rows stand sorted, whatever order they came in", "[engine]") {
  Inventory one, two;
  for (auto const* name : {"a", "b", "c"}) {
    Row row;
    row.address = {"shelf", name};
    one.put(row);
  }
  for (auto const* name : {"c", "a", "b"}) {
    Row row;
    row.address = {"shelf", name};
    two.put(row);
  }
  CHECK(format_inventory(one) == format_inventory(two));
}

TEST_CASE("inventory: a missing file is empty, a damaged one says the line and the way on",
          "[engine]") {
  files::MemoryFiles files;
  REQUIRE(files.make_directory("/state", {}));
  auto const path = std::string("/state/inventory.jsonl");
  auto const none = load_inventory(files, path);
  REQUIRE(none);
  CHECK(none->size() == 0);
  Inventory inventory;
  inventory.put(full_row());
  REQUIRE(store_inventory(files, path, inventory));
  REQUIRE(load_inventory(files, path));
  REQUIRE(files.write(path, format_inventory(inventory) + "{\"address\":\"x\"\n", {}));
  auto const damaged = load_inventory(files, path);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().what.find("line 3") != std::string::npos);
  CHECK(damaged.error().what.find("move the file away") != std::string::npos);
}

TEST_CASE("inventory: a row is replaced in place, and references to rows survive growth",
          "[engine]") {
  Inventory inventory;
  inventory.put(full_row());
  auto const* first = inventory.find(full_row().address);
  for (int i = 0; i < 1000; ++i) {
    Row row;
    row.address = {"shelf", std::to_string(i)};
    inventory.put(row);
  }
  CHECK(inventory.find(full_row().address) == first);
  inventory.erase({"shelf", "7"});
  CHECK(inventory.find({"shelf", "7"}) == nullptr);
  CHECK(inventory.size() == 1000);
  CHECK(inventory.rows().size() == 1000);
}
