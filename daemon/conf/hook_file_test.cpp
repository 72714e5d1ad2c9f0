#include "daemon/conf/hook_file.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "daemon/conf/account.hpp"
#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

TEST_CASE("check: a hook that cannot be run is an error, as the daemon says it", "[conf]") {
  ConfTree tree;
  auto const path = tree.path("hooks/post-data");
  auto const checked = [&](std::string_view text, mode_t mode) {
    tree.write("hooks/post-data", text);
    ::chmod(path.c_str(), mode);
    std::string told;
    for (auto const& one : check(tree.path()))
      if (one.path == path) told += format(one).substr(path.size()) + "\n";
    return told;
  };
  CHECK(checked("#!/bin/sh\nexit 0\n", 0755).empty());
  CHECK(checked("#! /bin/sh -e", 0755).empty());
  CHECK(checked("#!/bin/sh\n", 0600) ==
        ": error: the hook cannot be executed: Permission denied; make it executable, or take it "
        "away; until then no mail is taken\n");
  CHECK(
      checked("#!/no/such/shell -x\n", 0755) ==
      ":1: error: the hook's first line names `/no/such/shell`, which cannot be run: No such file "
      "or directory; name a program that is there; until then no mail is taken\n");
  // As an editor of another system ends its lines.
  CHECK(checked("#!/bin/sh\r\n", 0755).find("names `/bin/sh?`") != std::string::npos);
  CHECK(checked("#!\n", 0755).find("error") != std::string::npos);
  CHECK(checked("exit 0\n", 0755).starts_with(": warning: the hook is no program"));
  CHECK(checked("#!/usr/bin/env sh\n", 0755).empty());
  CHECK(checked("#!/usr/bin/env -S no-such-shell\n", 0755).empty());
  CHECK(checked("#!/usr/bin/env no-such-shell\n", 0755)
            .starts_with(":1: warning: the hook's first line asks env for it: "));
  tree.remove("hooks/post-data");
  std::filesystem::create_directory(path);
  Problems problems;
  CHECK(find_hook(tree.path(), problems) == path);
  CHECK(failed(problems));
  tree.remove("hooks/post-data");
  problems.clear();
  std::filesystem::create_symlink("gone", path);
  CHECK(find_hook(tree.path(), problems) == path);
  CHECK(failed(problems));
  tree.remove("hooks");
  problems.clear();
  CHECK(find_hook(tree.path(), problems).empty());
  CHECK(problems.empty());
}

// All mail got 451 from its shell, and check config had nothing to say.
TEST_CASE("check: a hook that may be executed and not read is told, since no shell can read it",
          "[conf]") {
  ConfTree tree;
  tree.write("hooks/post-data", "#!/bin/sh\nexit 0\n");
  auto const path = tree.path("hooks/post-data");
  ::chmod(tree.path().c_str(), 0755);
  ::chmod(tree.path("hooks").c_str(), 0755);
  ::chmod(path.c_str(), ::geteuid() == 0 ? 0711 : 0311);
  auto const warned = [&] {
    Problems problems;
    return find_hook(tree.path(), problems) == path &&
           format(problems) == path +
                                   ": warning: the hook may be executed and not read: no script "
                                   "can be run so, only a binary; let who serves read it\n";
  };
  // Root reads everything.
  auto const nobody = find_account("nobody");
  REQUIRE(nobody);
  auto const child = ::fork();
  if (child == 0) ::_exit((::geteuid() != 0 || ::setuid(nobody->user) == 0) && warned() ? 0 : 1);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

}  // namespace
}  // namespace mailstack::conf
