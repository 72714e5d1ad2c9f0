#include "daemon/conf/delivery_outlook.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "daemon/conf/account.hpp"
#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

/// The problems of a tree with this mailstackd.yaml; its path as CONF.
class Told {
 public:
  explicit Told(ConfTree& tree) : tree_(tree) {}
  std::string operator()(std::string_view yaml) {
    tree_.write("mailstackd.yaml", yaml);
    Problems problems;
    note_delivery(*tree_.load(), problems);
    for (auto const& one : problems) CHECK(one.warning);
    return tree_.relative(format(problems));
  }

 private:
  ConfTree& tree_;
};

TEST_CASE("delivery outlook: a source address that no interface has", "[conf]") {
  ConfTree tree;
  Told told(tree);
  CHECK(told("delivery:\n  source: {ipv4: 127.0.0.1}\n").empty());
  CHECK(told("delivery:\n  source: {name: a.example.org, ipv4: 192.0.2.77}\n") ==
        "CONF/mailstackd.yaml:2:33: warning: `delivery.source.ipv4`: no interface of this host has "
        "192.0.2.77, so that nothing leaves from it; give it to one, or correct the address\n");
  tree.write("domains/example.org/mailstackd.yaml", "source: {ipv6: '2001:db8::77'}\n");
  auto const text = told("");
  // A host without IPv6 cannot tell.
  if (!text.empty())
    CHECK(text ==
          "CONF/domains/example.org/mailstackd.yaml: warning: `source.ipv6`: no interface of this "
          "host has 2001:db8::77, so that nothing leaves from it; give it to one, or correct the "
          "address\n");
}

TEST_CASE("delivery outlook: words that nothing replaces in arguments of the MDA", "[conf]") {
  ConfTree tree;
  Told told(tree);
  CHECK(told("delivery: {mda_arguments: ['-d', '%to_user%@%to_domain%', '%from%', '%from_user%', "
             "'%from_domain%', '%to%', '50%', '%d', 'a % b %', '%%', "
             "'--log=%Y%m%d', '--log=%Y_%m_%d', '%Hh%Mm%Ss', '%m%', '50%-%to_user%']}\n")
            .empty());
  CHECK(told("delivery:\n  mda_arguments: ['-d', 'x%to%%bogus%']\n") ==
        "CONF/mailstackd.yaml:2:3: warning: nothing takes the place of %bogus%; words are %from%, "
        "%from_user%, %from_domain%, %to%, %to_user%, %to_domain%\n");
  // It is not run.
  CHECK(told("delivery: {mda_arguments: ['%bogus%'], local: lmtp, lmtp: /l}\n").empty());
}

TEST_CASE("delivery outlook: a warning of a delay that comes after the bounce", "[conf]") {
  ConfTree tree;
  Told told(tree);
  for (auto const* good : {"queue: {lifetime: 1h}\n", "queue: {lifetime: 1h, delay_warning: 0s}\n",
                           "queue: {lifetime: 1h, delay_warning: 59m}\n"})
    CHECK(told(good).empty());
  CHECK(told("queue: {lifetime: 1h, delay_warning: 4h}\n") ==
        "CONF/mailstackd.yaml:1:23: warning: no warning of a delay is ever sent: at the end of "
        "`queue.lifetime` the mail comes back; lower queue.delay_warning, or write 0s\n");
}

TEST_CASE("delivery outlook: a maildir that the user who serves cannot make", "[conf]") {
  if (::geteuid() != 0) return;
  ConfTree tree;
  Told const told(tree);
  ::chmod(tree.path().c_str(), 0755);
  auto const text = [&](std::string const& user, std::string const& path) {
    Settings settings;
    settings.directory = tree.path();
    settings.delivery.local = Settings::Delivery::Local::maildir;
    settings.delivery.maildir = tree.path() + path;
    settings.user = user;
    Problems problems;
    note_maildir_place(settings, problems);
    return tree.relative(format(problems));
  };
  CHECK(text("", "/m/%to_user%").empty());
  CHECK(text("nobody", "/m/v-%to_domain%/%to_user%") ==
        "CONF: warning: no maildir can be made by the user nobody in CONF, so that mail for users "
        "waits; run as root: install -d -o nobody -m 0700 CONF/m\n");
  std::filesystem::create_directory(tree.path("m"));
  CHECK(text("nobody", "/m/%to%").ends_with("waits; run: chown nobody CONF/m\n"));
  ::chmod(tree.path("m").c_str(), 02775);  // perhaps one of its group
  CHECK(text("nobody", "/m/%to%").empty());
  CHECK(text("nobody-at-all", "/no/%to%").empty());
  // Only root becomes somebody: who else runs us makes the maildirs himself.
  ::chmod(tree.path("m").c_str(), 0700);
  auto const nobody = find_account("nobody");
  REQUIRE(::chown(tree.path("m").c_str(), nobody->user, nobody->group) == 0);
  REQUIRE(::seteuid(nobody->user) == 0);
  auto const by_nobody = text("daemon", "/m/%to%");
  REQUIRE(::seteuid(0) == 0);
  CHECK(by_nobody.empty());
}

}  // namespace
}  // namespace mailstack::conf
