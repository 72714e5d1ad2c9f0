#include <unistd.h>

#include <catch2/catch.hpp>

#include "core/digest/digest.hpp"
#include "daemon/conf/conf_tree_test.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::conf {
namespace {

constexpr char const* user_i = "users { key: \"i\" }\n";

TEST_CASE("load: the file of Debian's package is taken as it is", "[conf]") {
  std::ifstream shipped("/etc/chasquid/chasquid.conf");
  if (!shipped) {
    WARN("chasquid is not installed here");
    return;
  }
  ConfTree tree;
  tree.write("chasquid.conf", std::string(std::istreambuf_iterator<char>(shipped), {}));
  auto const loaded = tree.load();
  CHECK(tree.problems.empty());
  CHECK(loaded->settings.listen.size() == 3);
  CHECK(loaded->settings.listen[0].systemd);
  CHECK_FALSE(loaded->settings.hostname.empty());
  CHECK(loaded->settings.control_socket == "/run/mailstackd/control");
}

TEST_CASE("load: the host name is as addresses write it, or bounces to postmaster go round",
          "[conf]") {
  ConfTree tree;
  tree.write("mailstackd.yaml", "hostname: Mx.B\xC3\xBC\x63her.Example.\n");
  CHECK(tree.load()->settings.hostname == "mx.xn--bcher-kva.example");
}

TEST_CASE("load: users, aliases, keys, certificates and policies of a whole tree", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", user_i);
  tree.write("domains/example.org/aliases", "*: i\n");
  tree.write("domains/example.org/mailstackd.yaml", "users: {I: {send_as: ['*@example.net']}}\n");
  tree.write("domains/xn--mller-kva.example/users", user_i);
  std::ifstream key(support::in_source("tests/support/keys/ed25519.pem"));
  tree.write("domains/example.org/dkim:s1.pem",
             std::string(std::istreambuf_iterator<char>(key), {}));
  tree.certify("mx.example.org");
  auto const loaded = tree.load();
  CHECK(format(tree.problems).empty());
  CHECK(loaded->mail.domains.size() == 2);
  CHECK(loaded->mail.domains.contains("m\u00fcller.example"));
  auto const& domain = loaded->domains.at("example.org");
  CHECK_FALSE(domain.incomplete);
  CHECK(domain.policies.at("i").send_as == std::vector<std::string>{"*@example.net"});
  REQUIRE(domain.keys.size() == 1);
  CHECK(domain.keys[0].selector == "s1");
  CHECK(domain.keys[0].public_key.size() == 44);
  REQUIRE(loaded->certificates.size() == 1);
  CHECK(loaded->certificates[0].leaf_digest.size() == 64);
  CHECK(loaded->certificates[0].expires == *parse_time("2036-01-01T00:00:00Z"));
  CHECK(loaded->digests.at("domains/example.org/users") == digest::sha256(user_i));
  CHECK(loaded->digests.size() == 8);
}

TEST_CASE("load: a mailstackd.yaml of a domain counts as a whole", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", user_i);
  auto const file = "domains/example.org/mailstackd.yaml";
  tree.write(file, "source: {ipv4: 192.0.2.1}\nusers: {i: {disabled: true}}\n");
  auto const first = tree.load()->domains.at("example.org");
  CHECK(first.source.ipv4 == "192.0.2.1");
  // One mistake, and nothing of the new file counts: not the source before it, not the user behind.
  tree.write(file, "source: {ipv4: 192.0.2.2}\nusers: {i: {disabld: false}, j: {}}\n");
  auto const kept = tree.load()->domains.at("example.org");
  CHECK(format(tree.problems).find("unknown key `disabld`") != std::string::npos);
  CHECK(kept.source.ipv4 == "192.0.2.1");
  CHECK(kept.policies.at("i").disabled);
  CHECK_FALSE(kept.policies.contains("j"));
  CHECK_FALSE(kept.incomplete);
  tree.remove(file);
  CHECK_FALSE(tree.load()->domains.at("example.org").source.ipv4);

  // At the first start there is nothing that could stand in.
  ConfTree other;
  other.write("domains/example.org/users", user_i);
  other.write(file, "source: {ipv4: 192.0.2.2}\nusers: {i: {disabld: false}}\n");
  auto const shut = other.load();
  CHECK(shut->domains.at("example.org").incomplete);
  CHECK_FALSE(shut->domains.at("example.org").source.ipv4);
  CHECK(shut->mail.domains.at("example.org").users.empty());
}

TEST_CASE("load: validation without a trust anchor is told", "[conf]") {
  ConfTree tree;
  tree.write("mailstackd.yaml", "dns: {dnssec: on, trust_anchor: anchor}\n");
  auto const loaded = tree.load();
  CHECK(loaded->settings.dns.trust_anchor == tree.path("anchor"));
  REQUIRE(tree.problems.size() == 1);
  CHECK(tree.problems[0].warning);
  tree.write("anchor", ". IN DS 20326 8 2 00\n");
  tree.load();
  CHECK(tree.problems.empty());
}

TEST_CASE("load: hidden directories and plain files of domains/ are no domains", "[conf]") {
  ConfTree tree;
  tree.write("domains/.git/users", user_i);
  tree.write("domains/README", "text");
  tree.write("domains/example.org/users", user_i);
  CHECK(tree.load()->mail.domains.size() == 1);
  CHECK(tree.problems.empty());
  tree.write("domains/a..b/users", user_i);
  CHECK(tree.load()->mail.domains.size() == 1);
  CHECK(tree.problems.size() == 1);
}

TEST_CASE("load: two directories of one domain are a problem, not a mixture", "[conf]") {
  ConfTree tree;
  tree.write("domains/Example.org/users", "users { key: \"a\" }");
  tree.write("domains/example.org/users", user_i);
  auto const loaded = tree.load();
  CHECK(loaded->mail.domains.at("example.org").users.size() == 1);
  CHECK(tree.problems.size() == 1);
}

TEST_CASE("load: a bad users file keeps the users that were good, and their digest", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", user_i);
  tree.load();
  tree.write("domains/example.org/users", "users { key: \"i\" }\nuser {}\n");
  tree.write("domains/example.org/aliases", "team: i\n");
  for (int again = 0; again < 2; ++again) {
    auto const loaded = tree.load();
    REQUIRE(tree.problems.size() == 1);
    CHECK(tree.problems[0].path == tree.path("domains/example.org/users"));
    CHECK(tree.problems[0].line == 2);
    CHECK(tree.problems[0].column == 1);
    CHECK(loaded->mail.domains.at("example.org").users.contains("i"));
    CHECK(loaded->mail.domains.at("example.org").aliases.find("team") != nullptr);
    CHECK(loaded->digests.at("domains/example.org/users") == digest::sha256(user_i));
    CHECK_FALSE(loaded->domains.at("example.org").incomplete);
  }
  tree.write("domains/example.org/users", "");
  CHECK(tree.load()->mail.domains.at("example.org").users.empty());
  CHECK_FALSE(failed(tree.problems));
}

TEST_CASE("load: a domain whose users are bad at the first start exists and says so", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", "users {");
  for (int again = 0; again < 2; ++again) {
    auto const loaded = tree.load();
    CHECK(tree.problems.size() == 1);
    REQUIRE(loaded->mail.domains.contains("example.org"));
    CHECK(loaded->mail.domains.at("example.org").users.empty());
    CHECK(loaded->domains.at("example.org").incomplete);
    CHECK_FALSE(loaded->digests.contains("domains/example.org/users"));
  }
  tree.write("domains/example.org/users", user_i);
  CHECK_FALSE(tree.load()->domains.at("example.org").incomplete);
}

TEST_CASE("load: a bad line of aliases keeps the good file; at first its good lines", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/aliases", "team: i\nnonsense\n");
  auto const first = tree.load();
  CHECK(first->mail.domains.at("example.org").aliases.find("team") != nullptr);
  CHECK(first->domains.at("example.org").incomplete);
  REQUIRE(tree.problems.size() == 1);
  CHECK(tree.problems[0].line == 2);
  tree.write("domains/example.org/aliases", "team: i\n");
  CHECK_FALSE(tree.load()->domains.at("example.org").incomplete);
  tree.write("domains/example.org/aliases", "other: i\nnonsense\n");
  auto const kept = tree.load();
  CHECK(kept->mail.domains.at("example.org").aliases.find("team") != nullptr);
  CHECK(kept->mail.domains.at("example.org").aliases.find("other") == nullptr);
  CHECK(kept->digests.at("domains/example.org/aliases") == digest::sha256("team: i\n"));
}

TEST_CASE("load: bad policies let nobody in that they may have shut out", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", user_i);
  tree.write("domains/example.org/mailstackd.yaml", "users: {i: {disabled: yes}}\n");
  auto const first = tree.load();
  CHECK(first->mail.domains.at("example.org").users.empty());
  CHECK(first->domains.at("example.org").incomplete);
  tree.write("domains/example.org/mailstackd.yaml", "users: {i: {disabled: true}}\n");
  auto const good = tree.load();
  CHECK(good->mail.domains.at("example.org").users.size() == 1);
  CHECK(good->domains.at("example.org").policies.at("i").disabled);
  tree.write("domains/example.org/mailstackd.yaml", "users: [");
  auto const kept = tree.load();
  CHECK(kept->domains.at("example.org").policies.at("i").disabled);
  CHECK(kept->mail.domains.at("example.org").users.size() == 1);
}

TEST_CASE("load: users that nobody can be are warnings, at each look", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users",
             "users { key: \"I\" } users { key: \"a b\" } users {}\n"
             "users { key: \"k\" value { scrypt { logN: 60 } } } users { key: \"ok\" }");
  for (int again = 0; again < 2; ++again) {
    auto const loaded = tree.load();
    CHECK(loaded->mail.domains.at("example.org").users.size() == 5);
    CHECK_FALSE(failed(tree.problems));
    REQUIRE(tree.problems.size() == 3);
    CHECK(tree.problems[0].remedy == "call it i");
    CHECK(tree.problems[2].what.starts_with("user k: no password fits: "));
  }
}

TEST_CASE("load: a control socket whose path is too long is a warning", "[conf]") {
  ConfTree tree;
  tree.write("mailstackd.yaml", "spool: /" + std::string(100, 'x') + "\n");
  tree.load();
  CHECK_FALSE(failed(tree.problems));
  CHECK(tree.problems.size() == 1);
}

TEST_CASE("load: a directory that is gone takes its domain along", "[conf]") {
  ConfTree tree;
  tree.write("domains/a.example/users", user_i);
  tree.write("domains/b.example/users", user_i);
  tree.load();
  tree.remove("domains/a.example");
  auto const loaded = tree.load();
  CHECK(loaded->mail.domains.size() == 1);
  CHECK(loaded->domains.size() == 1);
  CHECK_FALSE(loaded->digests.contains("domains/a.example/users"));
  CHECK(tree.problems.empty());
}

TEST_CASE("load: a key that is none keeps the one of its selector", "[conf]") {
  ConfTree tree;
  std::ifstream key(support::in_source("tests/support/keys/ed25519.pem"));
  std::string const pem(std::istreambuf_iterator<char>(key), {});
  tree.write("domains/example.org/dkim:s1.pem", pem);
  tree.write("domains/example.org/dkim:not a selector.pem", pem);
  tree.write("domains/example.org/dkim:.pem", pem);
  tree.load();
  CHECK(tree.problems.size() == 2);
  tree.write("domains/example.org/dkim:s1.pem", "-----BEGIN RSA PRIVATE KEY-----\n");
  auto const loaded = tree.load();
  CHECK(tree.problems.size() == 3);
  REQUIRE(loaded->domains.at("example.org").keys.size() == 1);
  CHECK(loaded->digests.at("domains/example.org/dkim:s1.pem") == digest::sha256(pem));
}

TEST_CASE("load: a certificate and a key of two pairs are refused together", "[conf]") {
  ConfTree tree;
  tree.certify("mx.example.org");
  auto const first = tree.load();
  auto const digest = first->digests.at("certs/mx.example.org/fullchain.pem");
  tree.certify("other.example.org");
  std::filesystem::copy_file(tree.path("certs/other.example.org/fullchain.pem"),
                             tree.path("certs/mx.example.org/fullchain.pem"),
                             std::filesystem::copy_options::overwrite_existing);
  auto const loaded = tree.load();
  REQUIRE(tree.problems.size() == 1);
  CHECK(tree.problems[0].path == tree.path("certs/mx.example.org"));
  REQUIRE(loaded->certificates.size() == 2);
  CHECK(loaded->certificates[0].leaf_digest == first->certificates[0].leaf_digest);
  CHECK(loaded->digests.at("certs/mx.example.org/fullchain.pem") == digest);
  tree.remove("certs/mx.example.org/privkey.pem");
  CHECK(tree.load()->certificates.size() == 2);
  CHECK(tree.problems.size() == 1);
  tree.remove("certs/mx.example.org");
  CHECK(tree.load()->certificates.size() == 1);
  CHECK(tree.problems.empty());
}

TEST_CASE("load: bad settings keep all settings; at the first start nothing can run", "[conf]") {
  ConfTree tree;
  tree.write("mailstackd.yaml", "limits: {errors: 5}\n");
  auto const good = tree.load();
  tree.write("chasquid.conf", "hostname: \"other.example.org\"\n");
  tree.write("mailstackd.yaml", "limits: {errors: five}\n");
  auto const kept = tree.load();
  CHECK(kept->settings.hostname == "mx.example.org");
  CHECK(kept->settings.limits.session.errors == 5);
  CHECK(kept->digests.at("chasquid.conf") == good->digests.at("chasquid.conf"));
  CHECK(kept->digests.at("mailstackd.yaml") == good->digests.at("mailstackd.yaml"));
  auto const none = load(tree.path(), nullptr);
  CHECK(none.snapshot == nullptr);
  REQUIRE(none.problems.size() == 1);
  CHECK(format(none.problems[0]).starts_with(tree.path("mailstackd.yaml") + ":1:18: "));
  CHECK_FALSE(check(tree.path()).empty());
}

TEST_CASE("load: without any settings file nothing starts, and a running daemon goes on",
          "[conf]") {
  ConfTree tree;
  tree.load();
  tree.remove("chasquid.conf");
  CHECK(tree.load()->settings.hostname == "mx.example.org");
  CHECK(tree.problems.size() == 1);
  CHECK(load(tree.path(), nullptr).snapshot == nullptr);
  auto const nowhere = load(tree.path("nowhere"), nullptr);
  CHECK(nowhere.snapshot == nullptr);
  CHECK(format(nowhere.problems) ==
        tree.path("nowhere") + ": error: no such directory; name another one: --config DIR\n");
  tree.write("mailstackd.yaml", "");
  CHECK(load(tree.path(), nullptr).snapshot);
}

TEST_CASE("load: where both name something, mailstackd.yaml counts", "[conf]") {
  ConfTree tree;
  tree.write("chasquid.conf",
             "hostname: \"a.example.org\" data_dir: \"/var/x\" max_data_size_mb: 7\n"
             "suffix_separators: \"\" smtp_address: \":2525\"\n");
  auto const alone = tree.load();
  CHECK(alone->settings.state == "/var/x/mailstackd");
  CHECK(alone->settings.spool == "/var/x/mailstackd/queue");
  CHECK(alone->settings.control_socket == "/var/x/mailstackd/control");
  CHECK(alone->settings.srs_secret_file == "/var/x/mailstackd/srs.key");
  CHECK(alone->mail.suffix_separators.empty());
  tree.write("mailstackd.yaml",
             "hostname: b.example.org\nspool: queue\ndrop_characters: \"._\"\n"
             "listen: {address: '[::1]:25', service: smtp}\n");
  auto const both = tree.load();
  CHECK(format(tree.problems).empty());
  CHECK(both->settings.hostname == "b.example.org");
  CHECK(both->settings.spool == tree.path("queue"));
  CHECK(both->settings.state == tree.path("queue/state"));
  CHECK(both->settings.control_socket == tree.path("queue/state/control"));
  CHECK(both->settings.limits.session.message == 7U << 20U);
  CHECK(both->mail.drop_characters == "._");
  REQUIRE(both->settings.listen.size() == 1);
  CHECK(both->settings.listen[0].address == "::1");
}

TEST_CASE("load: a file that the daemon's user may not read says whose right is missing",
          "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", user_i);
  tree.write("domains/other.example/users", user_i);
  std::filesystem::permissions(std::filesystem::path(tree.path()), std::filesystem::perms(0755));
  ::chmod(tree.path("domains/example.org/users").c_str(), 0);
  ::chmod(tree.path("domains/other.example").c_str(), 0700);
  // Root reads everything, so it looks as somebody else would.
  bool const root = ::geteuid() == 0;
  if (root) REQUIRE(::seteuid(65534) == 0);
  auto const loaded = tree.load();
  if (root) REQUIRE(::seteuid(0) == 0);
  REQUIRE_FALSE(tree.problems.empty());
  CHECK(tree.problems[0].what.find("permission denied") != std::string::npos);
  CHECK(tree.problems[0].remedy.find("setfacl -m u:") != std::string::npos);
  CHECK(loaded->domains.at("example.org").incomplete);
  if (root) {
    CHECK(tree.problems.size() == 2);
    CHECK(loaded->domains.at("other.example").incomplete);
  }
  ::chmod(tree.path("domains/example.org/users").c_str(), 0600);
}

TEST_CASE("load: a pipe in the tree does not stop the daemon", "[conf]") {
  ConfTree tree;
  std::filesystem::create_directories(tree.path("domains/example.org"));
  REQUIRE(::mkfifo(tree.path("domains/example.org/users").c_str(), 0600) == 0);
  tree.load();
  REQUIRE(tree.problems.size() == 1);
  CHECK(tree.problems[0].what == "cannot be read: this is not a regular file");
}

TEST_CASE("load: everybody a proxy and somebody trusted is an open relay, and refused", "[conf]") {
  ConfTree tree;
  tree.load();
  tree.write("chasquid.conf", "hostname: \"b.example.org\"\nhaproxy_incoming: true\n");
  CHECK(tree.load()->settings.hostname == "b.example.org");
  CHECK(tree.problems.empty());
  tree.write("chasquid.conf", "hostname: \"c.example.org\"\nhaproxy_incoming: true\n");
  tree.write("mailstackd.yaml", "trusted_networks: [192.0.2.0/24]\n");
  auto const kept = tree.load();
  CHECK(kept->settings.hostname == "b.example.org");
  CHECK(kept->settings.trusted_networks.empty());
  REQUIRE(tree.problems.size() == 1);
  CHECK(tree.problems[0].what.find("an open relay") != std::string::npos);
  tree.write("mailstackd.yaml", "trusted_networks: [192.0.2.0/24]\nproxies: [192.0.2.7]\n");
  CHECK(tree.load()->settings.trusted_networks.size() == 1);
  CHECK(tree.problems.empty());
}

}  // namespace
}  // namespace mailstack::conf
