#include "core/dns/reach.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;

TEST_CASE("reach: what only its own network reaches", "[dns]") {
  for (auto const* address :
       {"10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.31.255.255", "192.168.0.1",
        "224.0.0.1", "255.255.255.255", "::", "::1", "fd00::2", "fe80::1", "ff02::1"}) {
    CAPTURE(address);
    CHECK(dns::inside_one_network(address));
  }
  for (auto const* address : {"203.0.113.10", "8.8.8.8", "100.63.255.255", "172.32.0.1",
                              "2001:db8::1", "2001:4860:4860::8888", "::2"}) {
    CAPTURE(address);
    CHECK_FALSE(dns::inside_one_network(address));
  }
}
