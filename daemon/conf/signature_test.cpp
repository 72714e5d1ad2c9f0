#include "daemon/conf/signature.hpp"

#include <catch2/catch.hpp>
#include <chrono>

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

TEST_CASE("signature: a thousand domains take milliseconds, and so does a reload", "[conf]") {
  ConfTree tree;
  for (int i = 0; i < 1000; ++i) {
    auto const domain = "domains/d" + std::to_string(i) + ".example/";
    tree.write(domain + "users", "users { key: \"i\" }\n");
    tree.write(domain + "aliases", "*: i\n");
  }
  auto const time = [](auto const& work) {
    auto const start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start)
        .count();
  };
  tree.load();
  auto const look = time([&] { tree_signature(tree.path()); });
  auto const reload = time([&] { tree.load(); });
  CHECK(tree.load()->mail.domains.size() == 1000);
  // In milliseconds, for a busy machine: a tenth of this is usual.
  CHECK(look < 500);
  CHECK(reload < 5000);
}

}  // namespace
}  // namespace mailstack::conf
