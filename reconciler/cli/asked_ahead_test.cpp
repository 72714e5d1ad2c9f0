#include "reconciler/cli/asked_ahead.hpp"

#include <atomic>
#include <catch2/catch.hpp>

#include "core/dns/name.hpp"

namespace mailstack::cli {
namespace {

dns::Name zone(std::string const& text) { return *dns::Name::parse(text); }

/// Each listing holds one TXT that says which call of list() it answers; `refused` fails.
class Counting final : public DnsProvider {
 public:
  Result<std::vector<dns::RRset>> list(dns::Name const& zone) override {
    auto const call = ++lists;
    most_at_once = std::max<int>(most_at_once, ++now);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --now;
    if (zone.display() == "refused.example") return fail(ErrorCode::denied, "wrong key");
    return std::vector{dns::RRset{zone, dns::type::txt, 300, {std::to_string(call)}}};
  }
  Result<> set(dns::Name const&, std::span<Change const>) override { return {}; }
  [[nodiscard]] Limits limits() const override { return {.parallel_reads = 4}; }

  std::atomic<int> lists = 0, now = 0, most_at_once = 0;
};

class NoHttp final : public Http {
 public:
  Result<HttpResponse> send(HttpRequest const&) override { return HttpResponse{}; }
};

/// Answers nothing until it is told to stop.
class SilentHttp final : public Http {
 public:
  Result<HttpResponse> send(HttpRequest const& request) override {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any stopped;
    asked = true;
    stopped.wait(lock, request.stop, [] { return false; });
    return fail(ErrorCode::unavailable, "given up");
  }
  std::atomic<bool> asked = false;
};

class Asking final : public DnsProvider {
 public:
  explicit Asking(Http& http) : http_(http) {}
  Result<std::vector<dns::RRset>> list(dns::Name const&) override {
    auto const answer = http_.send({});
    if (!answer) return fail(answer.error());
    return std::vector<dns::RRset>{};
  }
  Result<> set(dns::Name const&, std::span<Change const>) override { return {}; }
  [[nodiscard]] Limits limits() const override { return {}; }

 private:
  Http& http_;
};

struct Bench {
  NoHttp http;
  std::shared_ptr<Counting> provider = std::make_shared<Counting>();

  AskedAhead ask(std::vector<dns::Name> const& zones) {
    return {std::make_unique<StoppableHttp>(http), provider, zones};
  }
};

}  // namespace

TEST_CASE("asked ahead: the answer is used once, the second list() asks again", "[cli]") {
  Bench bench;
  auto ahead = bench.ask({zone("a.example.")});
  auto const first = ahead.list(zone("a.example."));
  REQUIRE(first);
  CHECK(first->at(0).values == std::vector<std::string>{"1"});
  CHECK(bench.provider->lists == 1);
  auto const second = ahead.list(zone("a.example."));
  REQUIRE(second);
  CHECK(second->at(0).values == std::vector<std::string>{"2"});
}

TEST_CASE("asked ahead: the error of the early answer is the one that is reported", "[cli]") {
  Bench bench;
  auto ahead = bench.ask({zone("refused.example.")});
  auto const answer = ahead.list(zone("refused.example."));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().what == "wrong key");
  CHECK(bench.provider->lists == 1);
}

TEST_CASE("asked ahead: each zone gets its own answer, and the limit of the provider holds",
          "[cli]") {
  Bench bench;
  std::vector<dns::Name> zones;
  for (auto const* name : {"a.example.", "b.example.", "c.example.", "d.example."})
    zones.push_back(zone(name));
  auto ahead = bench.ask(zones);
  // Not asked ahead: a fifth call at once would be one too many.
  REQUIRE(ahead.list(zone("e.example.")));
  for (auto const& one : zones) {
    auto const answer = ahead.list(one);
    REQUIRE(answer);
    CHECK(answer->at(0).name == one);
  }
  CHECK(bench.provider->lists == 5);
  CHECK(bench.provider->most_at_once <= 4);
}

TEST_CASE("asked ahead: after a write the zone is read anew", "[cli]") {
  Bench bench;
  auto ahead = bench.ask({zone("a.example.")});
  REQUIRE(ahead.set(zone("a.example."), {}));
  auto const answer = ahead.list(zone("a.example."));
  REQUIRE(answer);
  CHECK(answer->at(0).values == std::vector<std::string>{"2"});
}

TEST_CASE("asked ahead: who goes does not wait for a server that is silent", "[cli]") {
  SilentHttp silent;
  auto stoppable = std::make_unique<StoppableHttp>(silent);
  auto provider = std::make_shared<Asking>(*stoppable);
  {
    auto const zones = std::vector{zone("a.example.")};
    AskedAhead const ahead(std::move(stoppable), std::move(provider), zones);
    while (!silent.asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  SUCCEED("it went");
}

}  // namespace mailstack::cli
