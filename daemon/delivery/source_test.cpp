#include "daemon/delivery/source.hpp"

#include <catch2/catch.hpp>

namespace mailstack::delivery {
namespace {

conf::Snapshot two_domains() {
  conf::Snapshot conf;
  conf.settings.hostname = "mx.example.org";
  conf.settings.delivery.source.ipv4 = "192.0.2.1";
  conf.settings.delivery.source.ipv6 = "2001:db8::1";
  conf.domains["bücher.example"].source = {"192.0.2.2", {}, "mail.example.net"};
  conf.domains["plain.example"];
  return conf;
}

conf::Source of(std::string const& sender, std::string const& from_domain = {}) {
  Job job;
  job.sender = sender;
  job.from_domain = from_domain;
  return source_of(two_domains(), job);
}

TEST_CASE("source: the domain of the sender names it, the settings say the rest", "[delivery]") {
  for (auto const* sender : {"a@bücher.example", "a@xn--bcher-kva.example", "A@BÜCHER.example"}) {
    INFO(sender);
    auto const source = of(sender);
    CHECK(source.ipv4 == "192.0.2.2");
    CHECK(source.ipv6 == "2001:db8::1");
    CHECK(source.name == "mail.example.net");
  }
  for (auto const* sender : {"a@plain.example", "a@elsewhere.example", "a@[192.0.2.9]", "x"}) {
    INFO(sender);
    auto const source = of(sender);
    CHECK(source.ipv4 == "192.0.2.1");
    CHECK(source.name == "mx.example.org");
  }
}

TEST_CASE("source: of a bounce the domain of its From counts", "[delivery]") {
  CHECK(of("", "xn--bcher-kva.example").ipv4 == "192.0.2.2");
  CHECK(of("", "mx.example.org").ipv4 == "192.0.2.1");
  CHECK(of("").ipv4 == "192.0.2.1");
  // The sender stands before the From.
  CHECK(of("a@plain.example", "xn--bcher-kva.example").ipv4 == "192.0.2.1");
}

TEST_CASE("source: neither a unix socket nor loopback is reached from an address of the net",
          "[delivery]") {
  conf::Source const source{"192.0.2.1", "2001:db8::1", "mx.example.org"};
  CHECK(source_for(source, {"h", "198.51.100.1"}) == "192.0.2.1");
  CHECK(source_for(source, {"h", "2001:db8:1::1"}) == "2001:db8::1");
  CHECK_FALSE(source_for(source, {"h", "/run/lmtp"}));
  CHECK_FALSE(source_for(source, {"h", "127.0.0.1"}));
  CHECK_FALSE(source_for(source, {"h", "::1"}));
  CHECK(source_for({"127.0.0.9", {}, ""}, {"h", "127.0.0.1"}) == "127.0.0.9");
}

TEST_CASE("source: which refusals are about an IPv6 address", "[delivery]") {
  for (smtp::Reply const& reply : {
           smtp::Reply{550, "5.7.25", "no PTR"},
           smtp::Reply{550, "5.7.1", "[2001:db8::1] Our system has detected"},
           smtp::Reply{554, "5.7.60", "IPv6 not taken from here"},
           smtp::Reply{550, "5.7.0", "the Reverse DNS does not match"},
       })
    CHECK(refuses_ipv6(reply));
  for (smtp::Reply const& reply : {
           smtp::Reply{450, "4.7.25", "no PTR"},
           smtp::Reply{550, "5.1.1", "no such user, over IPv6 or else"},
           smtp::Reply{550, "5.7.26", "unauthenticated mail"},
           smtp::Reply{550, "", "spam"},
           smtp::Reply{250, "2.0.0", "IPv6"},
       })
    CHECK_FALSE(refuses_ipv6(reply));
}

}  // namespace
}  // namespace mailstack::delivery
