#include "daemon/conf/certificate_names.hpp"

#include <catch2/catch.hpp>

#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

TEST_CASE("certificates: none for the host's name is a warning", "[conf]") {
  ConfTree tree;
  auto const told = [&] {
    Problems problems;
    note_certificate_names(*tree.load(), problems);
    return format(problems);
  };
  CHECK(told().empty());  // there is none at all: that is told elsewhere
  tree.certify("mail.example.org");
  CHECK(told() ==
        tree.path("certs") +
            ": warning: no certificate is for mx.example.org, as the daemon calls itself; "
            "there are mail.example.org; get one for that name, or correct `hostname`\n");
  tree.certify("*.example.org");
  CHECK(told().empty());
}

}  // namespace
}  // namespace mailstack::conf
