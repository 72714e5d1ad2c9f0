#include "daemon/conf/signature.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "core/files/descriptor.hpp"
#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

TEST_CASE("signature: equal while nothing is touched, another after each change", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", "");
  tree.write("elsewhere/fullchain.pem", "1");
  std::filesystem::create_directories(tree.path("certs/mx"));
  std::filesystem::create_symlink("../../elsewhere/fullchain.pem",
                                  tree.path("certs/mx/fullchain.pem"));
  auto last = tree_signature(tree.path());
  CHECK(tree_signature(tree.path()) == last);
  auto const changed = [&] {
    auto const now = tree_signature(tree.path());
    return std::exchange(last, now) != now;
  };
  tree.write("domains/example.org/users", "users {}");
  CHECK(changed());
  tree.write("mailstackd.yaml", "");
  CHECK(changed());
  ::chmod(tree.path("domains/example.org/users").c_str(), 0400);
  CHECK(changed());
  // The same size and the time of before, as `cp -p` and rsync leave it.
  std::filesystem::path const users = tree.path("domains/example.org/users");
  auto const written = std::filesystem::last_write_time(users);
  ::chmod(users.c_str(), 0600);
  CHECK(changed());
  std::ofstream(users) << "users<>\n";
  std::filesystem::last_write_time(users, written);
  CHECK(changed());
  tree.write("elsewhere/fullchain.pem", "22");
  CHECK(changed());
  tree.write("domains/b.example/aliases", "");
  CHECK(changed());
  tree.remove("domains/b.example");
  CHECK(changed());
  tree.write("unread", "");
  CHECK_FALSE(changed());
}

// A look comes every few seconds: it costs a few calls for each file, whatever the files hold.
TEST_CASE("signature: a look opens no file of the tree", "[conf]") {
  ConfTree tree;
  tree.write("domains/a.example/users", "users { key: \"i\" }\n");
  tree.certify("mx.example.org");
  files::Descriptor const watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  for (auto const* file :
       {"chasquid.conf", "domains/a.example/users", "certs/mx.example.org/privkey.pem"})
    REQUIRE(::inotify_add_watch(watch.number(), tree.path(file).c_str(), IN_OPEN) >= 0);
  auto const opened = [&] {
    std::array<char, 4096> room{};
    return ::read(watch.number(), room.data(), room.size()) > 0;
  };
  tree_signature(tree.path());
  CHECK_FALSE(opened());
  tree.load();
  CHECK(opened());
}

}  // namespace
}  // namespace mailstack::conf
