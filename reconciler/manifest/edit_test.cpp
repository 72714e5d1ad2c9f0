#include "reconciler/manifest/edit.hpp"

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"

using namespace mailstack;
using namespace mailstack::manifest;

namespace {

constexpr char const* main_text = R"(version: 1
include: ["d/*.yaml"]
domains:
  example.org:   # the main one
    users:
      I: {password: {hash: "$scrypt$old"}}   # the boss
    aliases: {team: [i, j]}
    catch_all: me@example.net
)";
constexpr char const* other_text = R"(domains:
  "bücher.example":
    aliases:
      sales:
        - rx  # reads it
    users: {rx: }
)";

struct World {
  files::MemoryFiles files;
  KeyTable table;
  World() {
    REQUIRE(files.make_directory("/m/d", {}));
    REQUIRE(files.write("/m/mailstack.yaml", main_text, {}));
    REQUIRE(files.write("/m/d/b.yaml", other_text, {}));
  }
  Editor editor() { return {files, "/m/mailstack.yaml", table}; }
};

std::string with(std::string text, std::string const& old, std::string const& fresh) {
  std::size_t const at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), fresh);
}

}  // namespace

TEST_CASE("edit: users", "[manifest]") {
  World world;
  auto editor = world.editor();
  auto const added = editor.add_user("j@example.org", PasswordForm{"hash_file", "secrets/j"});
  REQUIRE(added);
  CHECK(added->path == "/m/mailstack.yaml");
  CHECK(added->after == with(main_text, "# the boss\n",
                             "# the boss\n      j: {password: {hash_file: secrets/j}}\n"));
  CHECK(editor.add_user("i@EXAMPLE.org", std::nullopt).error().code == ErrorCode::conflict);
  CHECK(editor.add_user("i@example.com", std::nullopt).error().code == ErrorCode::not_found);
  CHECK(editor.add_user("example.org", std::nullopt).error().code == ErrorCode::invalid);
  CHECK(editor.add_user("a b@example.org", std::nullopt).error().code == ErrorCode::invalid);

  // The key is written as `I`: the same user.
  auto const passwd = editor.set_password("i@example.org", {"hash_file", "s/i"});
  REQUIRE(passwd);
  CHECK(passwd->after == with(main_text, "{hash: \"$scrypt$old\"}", "{hash_file: s/i}"));
  auto const same_form = editor.set_password("i@example.org", {"hash", "$scrypt$new"});
  REQUIRE(same_form);
  CHECK(same_form->after == with(main_text, "$scrypt$old", "$scrypt$new"));
  auto const unchanged = editor.set_password("i@example.org", {"hash", "$scrypt$old"});
  REQUIRE(unchanged);
  CHECK(unchanged->after == unchanged->before);

  auto const disabled = editor.set_user_state("i@example.org", "disabled");
  REQUIRE(disabled);
  CHECK(disabled->after == with(main_text, "old\"}}", "old\"}, state: disabled}"));
  auto const active = editor.set_user_state("i@example.org", "active");
  REQUIRE(active);
  CHECK(active->after == main_text);
  CHECK(editor.set_user_state("x@example.org", "disabled").error().code == ErrorCode::not_found);

  auto const removed = editor.remove_user("i@example.org");
  REQUIRE(removed);
  CHECK(removed->after ==
        with(main_text, "      I: {password: {hash: \"$scrypt$old\"}}   # the boss\n", ""));
  CHECK(editor.remove_user("x@example.org").error().code == ErrorCode::not_found);
}

TEST_CASE("edit: the included file that holds the domain is the one that changes", "[manifest]") {
  World world;
  auto editor = world.editor();
  auto const added = editor.add_user("a@xn--bcher-kva.example", std::nullopt);
  REQUIRE(added);
  CHECK(added->file == "/m/d/b.yaml");
  CHECK(added->after == with(other_text, "{rx: }", "{rx:, a: {} }"));
  auto const alias = editor.add_alias("sales@bücher.example", {"rx", "b@example.net"});
  REQUIRE(alias);
  CHECK(alias->after == with(other_text, "# reads it\n", "# reads it\n        - b@example.net\n"));
}

TEST_CASE("edit: aliases", "[manifest]") {
  World world;
  auto editor = world.editor();
  CHECK(editor.add_alias("new@example.org", {"i"})->after ==
        with(main_text, "[i, j]}", "[i, j], new: i}"));
  CHECK(editor.add_alias("team@example.org", {"j", "k"})->after ==
        with(main_text, "[i, j]", "[i, j, k]"));
  CHECK(editor.add_alias("team@example.org", {"j"})->after == main_text);
  CHECK(editor.add_alias("*@example.org", {"i"})->after ==
        with(main_text, "me@example.net", "[me@example.net, i]"));
  CHECK(editor.remove_alias("*@example.org")->after ==
        with(main_text, "    catch_all: me@example.net\n", ""));
  CHECK(editor.remove_alias("team@example.org")->after == with(main_text, "{team: [i, j]}", "{}"));
  CHECK(editor.remove_alias("x@example.org").error().code == ErrorCode::not_found);
  CHECK(editor.add_alias("x@example.org", {}).error().code == ErrorCode::invalid);
  CHECK(editor.add_alias("x@example.org", {"| /bin/sh"}).error().code == ErrorCode::invalid);
  CHECK(editor.add_alias("x@example.org", {"a@b@c"}).error().code == ErrorCode::invalid);
}

TEST_CASE("edit: a manifest with errors is not touched", "[manifest]") {
  World world;
  REQUIRE(world.files.write("/m/mailstack.yaml", "domains: {a: 1, a: 2}", {}));
  auto const refused = world.editor().add_user("i@example.org", std::nullopt);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().what.find("validate") != std::string::npos);
}
