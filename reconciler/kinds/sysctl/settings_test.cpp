#include "reconciler/kinds/sysctl/settings.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::kinds;
using Settings = std::map<std::string, std::string>;

TEST_CASE("sysctl: a file's settings, the last of a key counts", "[sysctl]") {
  CHECK(sysctl::settings_in("# kernel.a = 1\n; kernel.b = 1\n\nkernel.c\n = 2\n"
                            "  kernel.d=1  \r\n-kernel.e =\t4096 \t 131072\nkernel.f = a = b\n"
                            "kernel.d = 3") ==
        Settings{{"kernel.d", "3"}, {"kernel.e", "4096 131072"}, {"kernel.f", "a = b"}});
  CHECK(sysctl::settings_in("").empty());
  CHECK(sysctl::settings_in("\n\n-\n-=\n").empty());
  CHECK(sysctl::settings_in("kernel.a =") == Settings{{"kernel.a", ""}});
}

TEST_CASE("regression: sysctl: a key that is written with slashes is the same key", "[sysctl]") {
  CHECK(sysctl::settings_in("net/ipv6/conf/eth0.100/mtu = 1\nnet/ipv6/conf/all/disable_ipv6=1\n"
                            "net.ipv6.conf.eth0/100.mtu = 2\n") ==
        Settings{{"net.ipv6.conf.eth0/100.mtu", "2"}, {"net.ipv6.conf.all.disable_ipv6", "1"}});
}
