#include "daemon/serve/hook.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "daemon/conf/conf_tree_test.hpp"
#include "daemon/serve/reload.hpp"

namespace mailstack::serve {

namespace {

/// A conf tree with a hook; what was answered, and what its owner was told.
struct Hooked {
  explicit Hooked(std::string const& script) {
    tree.write("mailstackd.yaml", "state: " + tree.path("state") + "\nhostname: mx.example.org\n");
    tree.write("hooks/post-data", script);
    ::chmod(tree.path("hooks/post-data").c_str(), 0700);
    auto const live = reload(tree.path(), nullptr).live;
    REQUIRE(live);
    auto const said = run_hook(*live, {}, {}, "Subject: x\r\n\r\n", nullptr,
                               [this](conf::Problem const& problem) { told.push_back(problem); });
    if (auto const* reply = std::get_if<smtp::Reply>(&said))
      answer = smtp::one_line(*reply);
    else
      answer = std::get<std::string>(said);
  }
  [[nodiscard]] std::string heard() const {
    auto text = conf::format(told);
    auto const path = tree.path("hooks/post-data") + ": ";
    if (text.starts_with(path)) text.erase(0, path.size());
    return text;
  }

  conf::ConfTree tree;
  std::string answer;
  conf::Problems told;
};

}  // namespace

TEST_CASE("hook: what it says goes to the peer, and its owner hears nothing of that", "[serve]") {
  Hooked const adds("#!/bin/sh\necho 'X-Seen: yes'\n");
  CHECK(adds.answer == "X-Seen: yes\r\n");
  CHECK(adds.told.empty());
  Hooked const refuses("#!/bin/sh\necho 'not this'\nexit 20\n");
  CHECK(refuses.answer == "554 5.7.1 not this");
  CHECK(refuses.told.empty());
  Hooked const defers("#!/bin/sh\nexit 1\n");
  CHECK(defers.answer == "451 4.7.1 try again later");
  CHECK(defers.told.empty());
}

TEST_CASE("hook: what is wrong with it is told to its owner, and to no peer", "[serve]") {
  Hooked const gone("#!/no/such/shell\n");
  CHECK(gone.answer == "451 4.3.5 the policy of this host cannot be asked, try again later");
  CHECK(gone.heard() ==
        "error: the hook cannot be run: No such file or directory; the message was answered with "
        "451, and its client brings it again\n");
  Hooked const killed("#!/bin/sh\nkill -9 $$\n");
  CHECK(killed.answer == "451 4.7.1 try again later");
  CHECK(killed.heard().starts_with("error: the hook was ended by signal 9; "));
  Hooked const chatters("#!/bin/sh\necho it is fine\n");
  CHECK(chatters.answer.empty());
  CHECK(chatters.heard().starts_with(
      "warning: what the hook wrote is no header section, and was dropped; "));
}

TEST_CASE("hook: standard error is for its owner, and no header and no reply", "[serve]") {
  Hooked const adds("#!/bin/sh\necho traced 1>&2\necho 'X-Seen: yes'\necho more 1>&2\n");
  CHECK(adds.answer == "X-Seen: yes\r\n");
  CHECK(adds.heard() == "warning: the hook wrote on standard error: traced\n");
  Hooked const defers("#!/bin/sh\necho later\necho /secret/path 1>&2\nexit 75\n");
  CHECK(defers.answer == "451 4.7.1 later");
  CHECK(defers.heard() == "warning: the hook wrote on standard error: /secret/path\n");
  Hooked const breaks("#!/bin/sh\nno-such-program-here\nkill -9 $$\n");
  CHECK(breaks.answer == "451 4.7.1 try again later");
  CHECK(breaks.heard().starts_with("error: the hook was ended by signal 9; it wrote on standard "));
  CHECK(breaks.heard().find("no-such-program-here") != std::string::npos);
  CHECK(breaks.told.size() == 1);
}

}  // namespace mailstack::serve
