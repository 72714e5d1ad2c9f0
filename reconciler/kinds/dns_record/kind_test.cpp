#include <algorithm>
#include <catch2/catch.hpp>

#include "reconciler/kinds/dns_record/spec.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_dns_record(Inputs const&, Doors const&);
}

using namespace mailstack;
using engine::Confirmation;

namespace {

dns::Name const zone = *dns::Name::parse("example.org.");
constexpr char const* server = "192.0.2.53:53";

/// A host of one zone in memory.
class Host final : public DnsProvider {
 public:
  Result<std::vector<dns::RRset>> list(dns::Name const& /*zone*/) override {
    return std::vector<dns::RRset>(rrsets);
  }
  Result<> set(dns::Name const& /*zone*/, std::span<Change const> changes) override {
    for (auto const& change : changes) rrsets.push_back(change.after);
    return {};
  }
  [[nodiscard]] Limits limits() const override { return {}; }

  std::vector<dns::RRset> rrsets;
};

/// `count` address records, written and looked at.
struct Written {
  explicit Written(std::size_t count) {
    bench.inputs.zones[zone] = {
        .lane = "host/mx1", .provider = host, .unavailable = {}, .servers = {server}, .ignore = {}};
    for (std::size_t i = 0; i < count; ++i) {
      auto const name = *dns::Name::parse("h" + std::to_string(i), zone);
      wish.push_back(kinds::dns_record::record(zone, name, dns::type::a, "192.0.2.1", 300));
    }
    kind = kinds::make_dns_record(bench.inputs, bench.doors());
    steps = bench.plan(*kind, wish);
    for (auto const& result : kind->put("host/mx1", steps)) CHECK(result);
  }
  void serve(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
      bench.dns.records[{"h" + std::to_string(i) + ".example.org.", dns::type::a}] = {"192.0.2.1"};
  }
  std::size_t count(Confirmation::Standing standing, Duration wait) {
    auto const answers = kind->confirm("host/mx1", steps, wait);
    return static_cast<std::size_t>(std::count_if(
        answers.begin(), answers.end(),
        [&](Confirmation const& one) { return one.standing == standing && !one.answers.empty(); }));
  }

  support::KindBench bench;
  std::shared_ptr<Host> host = std::make_shared<Host>();
  support::Resources wish;
  std::unique_ptr<engine::Kind> kind;
  std::vector<engine::Step> steps;
};

}  // namespace

TEST_CASE("dns_record: a small write is confirmed when it is asked for", "[kinds]") {
  Written written(3);
  written.serve(0, 3);
  written.bench.look(*written.kind, written.wish);
  CHECK(written.bench.dns.asked.empty());
  CHECK(written.count(Confirmation::Standing::confirmed, Duration{0}) == 3);
  CHECK(written.bench.dns.asked.size() == 3);
}

TEST_CASE("dns_record: a large write is confirmed while the provider lists, every record once",
          "[kinds]") {
  Written written(700);
  written.serve(0, 700);
  written.bench.look(*written.kind, written.wish);
  CHECK(written.bench.dns.asked.size() == 700);
  CHECK(written.count(Confirmation::Standing::confirmed, Duration{0}) == 700);
  CHECK(written.bench.dns.asked.size() == 700);
  // Said once: another write is asked about anew.
  CHECK(written.count(Confirmation::Standing::confirmed, Duration{0}) == 700);
  CHECK(written.bench.dns.asked.size() == 1'400);
}

TEST_CASE("dns_record: what was not served during the look is asked again", "[kinds]") {
  Written written(700);
  written.serve(0, 690);
  written.bench.look(*written.kind, written.wish);
  written.bench.dns.asked.clear();
  written.serve(690, 695);
  CHECK(written.count(Confirmation::Standing::pending, Duration{0}) == 5);
  CHECK(written.bench.dns.asked.size() == 10);
}

TEST_CASE("dns_record: a server that is silent during the look leaves nothing confirmed",
          "[kinds]") {
  Written written(700);
  written.bench.dns.silent = {server};
  written.bench.look(*written.kind, written.wish);
  CHECK(written.count(Confirmation::Standing::unknown, Duration{0}) == 700);
}
