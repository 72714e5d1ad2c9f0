#include "core/files/working_directory.hpp"

#include <catch2/catch.hpp>

namespace mailstack::files {
namespace {

struct Typed {
  char const* directory;
  char const* path;
  char const* meant;
};

TEST_CASE("a path starts where the person stands", "[files]") {
  Typed const all[] = {
      {"/home/a", "mailstack.yaml", "/home/a/mailstack.yaml"},
      {"/home/a", "./b/c", "/home/a/b/c"},
      {"/home/a", ".//./b", "/home/a/b"},
      {"/home/a", "", "/home/a"},
      {"/home/a", ".", "/home/a"},
      {"/home/a", "/etc/x", "/etc/x"},
      {"/home/a", "../b", "/home/b"},
      {"/home/a", "../../b", "/b"},
      {"/home/a", "..", "/home"},
      {"/home", "../../..", "/"},
      {"/", "../b", "/b"},
      {"/", ".", "/"},
      {"/home/a", "b/../c", "/home/a/b/../c"},
      {"/home/a", "..b/c", "/home/a/..b/c"},
  };
  for (auto const& typed : all) {
    INFO(typed.directory << " + " << typed.path);
    CHECK(from(typed.directory, typed.path) == typed.meant);
  }
}

}  // namespace
}  // namespace mailstack::files
