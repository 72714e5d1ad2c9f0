#include "reconciler/manifest/include.hpp"

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"

using namespace mailstack;
using namespace mailstack::manifest;

namespace {

struct Tree {
  files::MemoryFiles files;
  KeyTable table;
  Diagnostics diagnostics;

  void write(std::string const& path, std::string const& text) {
    REQUIRE(files.make_directory(path.substr(0, path.rfind('/')), {}));
    REQUIRE(files.write(path, text, {}));
  }
  std::optional<Joined> read() {
    return read_and_join(files, "/m/mailstack.yaml", table, diagnostics);
  }
  [[nodiscard]] std::string code() const {
    return diagnostics.all().empty() ? "" : diagnostics.all().front().code;
  }
};

}  // namespace

TEST_CASE("include: collections are joined, named things stand in one file", "[manifest]") {
  Tree tree;
  tree.write("/m/mailstack.yaml", "version: 1\ninclude: d/*.yaml\ndomains: {a.example: {}}\n");
  tree.write("/m/d/b.yaml", "version: 1\ndomains: {b.example: {}}\nhosts: {mx1: {}}\n");
  tree.write("/m/d/c.yaml", "domains:\n");
  tree.write("/m/d/.hidden.yaml", "domains: {h.example: {}}\n");
  tree.write("/m/d/note.txt", "[");
  auto const joined = tree.read();
  REQUIRE(joined);
  CHECK(tree.code().empty());
  CHECK(joined->files.size() == 3);
  CHECK(joined->root.find("domains")->entries.size() == 2);
  CHECK(joined->root.find("domains")->entries[1].key_place.at.file == "/m/d/b.yaml");
  CHECK(joined->root.find("hosts") != nullptr);
  auto const digest = digest_of(joined->files);
  CHECK(digest.size() == 64);
  tree.write("/m/d/c.yaml", "domains: \n");
  CHECK(digest_of(tree.read()->files) != digest);
}

TEST_CASE("include: what is refused", "[manifest]") {
  Tree tree;
  tree.write("/m/mailstack.yaml", "version: 1\ninclude: [d/*.yaml]\ndomains: {a.example: {}}\n");
  SECTION("a glob without a match") {
    tree.write("/m/d/b.yml", "");
    CHECK(tree.read());
    CHECK(tree.code() == "include-no-match");
  }
  SECTION("a domain in two files, both places said") {
    tree.write("/m/d/b.yaml", "domains: {a.example: {}}\n");
    CHECK(tree.read());
    REQUIRE(tree.code() == "duplicate-key");
    auto const& one = tree.diagnostics.all().front();
    CHECK(one.place.at.file == "/m/d/b.yaml");
    CHECK(one.related.front().first.at.file == "/m/mailstack.yaml");
  }
  SECTION("another version") {
    tree.write("/m/d/b.yaml", "version: 2\n");
    CHECK(tree.read());
    CHECK(tree.code() == "duplicate-key");
  }
  SECTION("an include in an included file") {
    tree.write("/m/d/b.yaml", "include: [x]\n");
    CHECK(tree.read());
    CHECK(tree.code() == "include-nested");
  }
  SECTION("a list") {
    tree.write("/m/d/b.yaml", "- a\n");
    CHECK(tree.read());
    CHECK(tree.code() == "wrong-type");
  }
  SECTION("one that cannot be read; the others are still looked at") {
    tree.write("/m/d/b.yaml", "a: 1\na: 2\n");
    tree.write("/m/e.yaml", "a: [\n");
    tree.write("/m/mailstack.yaml", "include: [e.yaml, d/b.yaml]\n");
    auto const joined = tree.read();
    REQUIRE(joined);
    CHECK(joined->lost);
    CHECK(tree.diagnostics.all().size() == 2);
  }
  SECTION("regression: a file that was never meant as a manifest is not read, so never quoted") {
    tree.write("/m/token", "hunter2\n");
    for (auto const* pattern : {"token", "./token", "tok*"}) {
      tree.diagnostics = {};
      tree.write("/m/mailstack.yaml", "include: [" + std::string(pattern) + "]\n");
      CHECK(tree.read());
      REQUIRE(tree.diagnostics.all().size() == 1);
      CHECK(tree.code() == "include-not-yaml");
      CHECK(tree.diagnostics.all().front().place.at.file == "/m/mailstack.yaml");
    }
  }
}

TEST_CASE("include: no manifest at all", "[manifest]") {
  Tree tree;
  CHECK_FALSE(tree.read());
  CHECK(tree.code() == "manifest-unreadable");
  CHECK(tree.diagnostics.all().front().remedy.find("init") != std::string::npos);
}
