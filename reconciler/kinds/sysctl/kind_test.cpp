#include <catch2/catch.hpp>

#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/sysctl/spec.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_sysctl(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using Reasons = std::vector<std::string>;

namespace {

constexpr char const* key = "net.ipv6.conf.all.disable_ipv6";
constexpr char const* live = "/proc/sys/net/ipv6/conf/all/disable_ipv6";

struct Bench : support::KindBench {
  std::unique_ptr<engine::Kind> made = make_sysctl(inputs, doors());

  Bench() {
    REQUIRE(files.make_directory("/proc/sys/net/ipv6/conf/all", {0755, {}, {}}));
    for (auto const* folder : {"/etc/sysctl.d", "/usr/lib/sysctl.d"})
      REQUIRE(files.make_directory(folder, {0755, {}, {}}));
    write(live, "1\n");
  }
  void write(std::string const& path, std::string_view text) {
    REQUIRE(files.write(path, text, {}));
  }
  static engine::Resource wish(std::string value = "0", std::string const& of = key) {
    return sysctl::value("mx1", of, std::move(value),
                         conf_file::file("mx1", "/etc/sysctl.d/99-mailstack.conf", "", "0644", {}));
  }
  engine::Observation seen(engine::Resource const& resource) {
    return look(*made, {resource}).desired.front();
  }
  engine::Verdict verdict(engine::Resource const& resource) {
    return made->laws().diff(resource.spec, seen(resource), {});
  }
};

}  // namespace

TEST_CASE("sysctl: an address is a host and a key", "[sysctl]") {
  auto const one = Bench::wish();
  CHECK(one.address.text() == std::string("sysctl/mx1/") + key);
  CHECK(sysctl::key_of(one.address) == key);
  CHECK(sysctl::laws().describe(one.address, one.spec) == std::string("sysctl ") + key + " = 0");
  CHECK(sysctl::plain("4096\t131072\t6291456\n") == "4096 131072 6291456");
  CHECK(sysctl::plain(" \n").empty());
}

TEST_CASE("sysctl: the kernel's value is compared and written", "[sysctl]") {
  Bench bench;
  CHECK(bench.verdict(Bench::wish()).reasons == Reasons{"value 1 → 0"});
  CHECK(bench.verdict(Bench::wish()).loses_nothing);
  REQUIRE(bench.apply(*bench.made, {Bench::wish()}).at(0));
  CHECK(bench.process.ran.at(0).argv == Reasons{"tee", live});
  CHECK(bench.process.ran.at(0).input == "0\n");
  bench.write(live, "0\n");
  CHECK(bench.plan(*bench.made, {Bench::wish()}).empty());
}

TEST_CASE("sysctl: an interface with a dot in its name", "[sysctl]") {
  Bench bench;
  REQUIRE(bench.files.make_directory("/proc/sys/net/ipv6/conf/eth0.100", {0755, {}, {}}));
  bench.write("/proc/sys/net/ipv6/conf/eth0.100/disable_ipv6", "0\n");
  CHECK(bench.verdict(Bench::wish("0", "net.ipv6.conf.eth0/100.disable_ipv6")).reasons.empty());
}

TEST_CASE("sysctl: what the kernel does not have is blind, and says why", "[sysctl]") {
  Bench bench;
  REQUIRE(bench.files.remove(live));
  CHECK(bench.seen(Bench::wish()).blind_reason ==
        std::string("the kernel has no ") + key + ": was it started with ipv6.disable=1?");
  CHECK(bench.seen(Bench::wish("1", "vm.nothing")).blind_reason ==
        "the kernel has no vm.nothing: is it spelled right, is its module loaded?");
}

TEST_CASE("sysctl: a value that the kernel refuses", "[sysctl]") {
  Bench bench;
  bench.process.finished = {1, "", "tee: x: Invalid argument\nmore"};
  auto const done = bench.apply(*bench.made, {Bench::wish("seven")}).at(0);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::invalid);
  CHECK(done.error().what ==
        std::string(key) + ": the kernel does not take seven (tee: x: Invalid argument)");
  bench.process.finished = {1, "", "tee: x: Permission denied"};
  CHECK(bench.apply(*bench.made, {Bench::wish()}).at(0).error().code == ErrorCode::denied);
}

TEST_CASE("sysctl: a later file that sets another value is named, an overridden one is not",
          "[sysctl]") {
  Bench bench;
  bench.write(live, "0\n");
  bench.write("/etc/sysctl.d/99-sysctl.conf",
              std::string("# x\n; y\nkernel.z=1\n -") + key + " =  1  \n");
  bench.write("/etc/sysctl.d/10-early.conf", std::string(key) + "=1\n");
  bench.write("/usr/lib/sysctl.d/99-z.conf", std::string(key) + "=1\n");
  bench.write("/etc/sysctl.d/99-z.conf", "");
  auto const verdict = bench.verdict(Bench::wish());
  CHECK(verdict.action == engine::Action::none);
  CHECK(verdict.notes == Reasons{"/etc/sysctl.d/99-sysctl.conf sets it to 1 at the next start: "
                                 "take the line out there"});
}

TEST_CASE("sysctl: one that nobody asks for any more is released, and stays as it is", "[sysctl]") {
  Bench bench;
  auto const left = bench.look(*bench.made, {}, {Bench::wish()}).owned.front();
  CHECK(left.released);
  CHECK(bench.process.ran.empty());
}
