#include "daemon/serve/signing_keys.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <fstream>
#include <iterator>

#include "core/files/memory_files.hpp"
#include "daemon/conf/conf_tree_test.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::serve {
namespace {

using Status = net::DnsAnswer::Status;

/// A loop that is turned by hand: the one timer that is set rings when the test says so.
class HandLoop final : public net::Loop {
 public:
  void post(std::function<void()> call) override { call(); }
  std::unique_ptr<net::Timer> after(std::chrono::milliseconds span,
                                    std::function<void()> call) override {
    struct Set final : net::Timer {
      explicit Set(HandLoop& of) : loop(of) {}
      ~Set() override { loop.call_ = nullptr; }
      HandLoop& loop;
    };
    auto timer = std::make_unique<Set>(*this);
    pause = std::chrono::duration_cast<std::chrono::seconds>(span);
    call_ = std::move(call);
    return timer;
  }
  std::unique_ptr<net::Timer> watch(int, std::function<void()>) override { return nullptr; }
  void run() override {}
  void stop() override {}

  [[nodiscard]] bool waits() const { return static_cast<bool>(call_); }
  void ring() {
    auto const call = call_;
    call();
  }
  std::chrono::seconds pause{};

 private:
  std::function<void()> call_;
};

class HandResolver final : public net::Resolver {
 public:
  void ask(dns::Name const& name, dns::Type /*type*/,
           std::function<void(net::DnsAnswer)> done) override {
    asked.push_back(name.display());
    open.push_back(std::move(done));
  }
  void answer(Status status, std::vector<std::string> values = {}, std::string why = {}) {
    net::DnsAnswer answer;
    answer.status = status;
    answer.values = std::move(values);
    answer.why = std::move(why);
    auto const done = std::move(open.front());
    open.pop_front();
    done(answer);
  }
  std::vector<std::string> asked;
  std::deque<std::function<void(net::DnsAnswer)>> open;
};

std::string key_of(char const* file) {
  std::ifstream key(support::in_source(std::string("tests/support/keys/") + file));
  return {std::istreambuf_iterator<char>(key), {}};
}

/// The keys of example.org over several lives of the daemon, whose state stays.
struct House {
  House() {
    REQUIRE(files.make_directory("/state", {0700, {}, {}}));
    add("old", "ed25519.pem");
  }

  void add(std::string const& selector, char const* file) const {
    tree.write("domains/example.org/dkim:" + selector + ".pem", key_of(file));
  }
  void begin() {
    keys.emplace(loop, resolver, files, "/state/signing");
    read();
  }
  void read() { keys->set(*tree.load()); }
  /// In strings of a TXT record, which hold 255 octets each.
  [[nodiscard]] std::string record(std::string const& selector) {
    std::string text = "\"v=DKIM1; p=\"";
    for (auto const& key : tree.load()->domains.at("example.org").keys)
      for (std::size_t at = 0; key.selector == selector && at < key.public_key.size(); at += 200)
        text += " \"" + key.public_key.substr(at, 200) + "\"";
    return text;
  }
  [[nodiscard]] std::string signs() const {
    std::string all;
    for (auto const& signer : *keys->signers_for("example.org")) all += signer.selector + " ";
    return all;
  }
  [[nodiscard]] std::string why(std::string const& selector) const {
    for (auto const& state : keys->states())
      if (state.selector == selector) return state.signs ? "signs" : state.why;
    return "none";
  }

  conf::ConfTree tree;
  HandLoop loop;
  HandResolver resolver;
  files::MemoryFiles files;
  std::optional<SigningKeys> keys;
};

}  // namespace

TEST_CASE("signing keys: one signs once its record was seen, and the one before goes on",
          "[serve]") {
  House house;
  house.begin();
  CHECK(house.signs().empty());
  CHECK(house.why("old") == "not asked yet");
  CHECK(house.resolver.asked == std::vector<std::string>{"old._domainkey.example.org"});
  house.resolver.answer(Status::found, {house.record("old")});
  CHECK(house.signs() == "old ");
  house.loop.ring();
  CHECK_FALSE(house.loop.waits());
  house.add("new", "rsa2048.pem");
  house.read();
  CHECK(house.signs() == "old ");
  house.resolver.answer(Status::no_data);
  CHECK(house.signs() == "old ");
  CHECK(house.why("new") == "it has no TXT record");
  REQUIRE(house.loop.waits());
  house.loop.ring();
  house.resolver.answer(Status::found, {house.record("new")});
  CHECK(house.signs() == "new old ");
  CHECK(house.keys->signers_for("example.net")->empty());
}

TEST_CASE("signing keys: why one does not sign is said", "[serve]") {
  House house;
  house.begin();
  auto const answer = [&](Status status, std::vector<std::string> values, std::string why = {}) {
    house.resolver.answer(status, std::move(values), std::move(why));
    auto const said = house.why("old");
    if (house.loop.waits()) house.loop.ring();
    return said;
  };
  CHECK(answer(Status::no_name, {}) == "it has no TXT record");
  CHECK(answer(Status::unknown, {}, "SERVFAIL") == "its TXT record cannot be looked up: SERVFAIL");
  CHECK(answer(Status::bogus, {house.record("old")}, "forged") ==
        "its TXT record cannot be looked up: forged");
  CHECK(answer(Status::found, {"\"v=DKIM1; p=AAAA\""}) == "its TXT record holds another key");
  // A key that was revoked (RFC 6376 3.6.1), and text that is no record.
  CHECK(answer(Status::found, {"\"v=DKIM1; p=\""}) == "its TXT record holds another key");
  CHECK(answer(Status::found, {"\"hello\""}) == "its TXT record holds another key");
  CHECK(house.signs().empty());
  CHECK(answer(Status::found, {"\"hello\"", house.record("old")}) == "signs");
}

TEST_CASE("signing keys: what is not seen is asked for later and later, once at a time",
          "[serve]") {
  House house;
  house.begin();
  std::vector<long> pauses;
  for (int i = 0; i < 9; ++i) {
    pauses.push_back(house.loop.pause.count());
    house.loop.ring();  // its question is still open
    CHECK(house.resolver.open.size() == 1);
    house.resolver.answer(Status::unknown);
    house.loop.ring();
    CHECK(house.resolver.open.size() == 1);
  }
  CHECK(pauses == std::vector<long>{5, 20, 80, 320, 600, 600, 600, 600, 600});
}

TEST_CASE("signing keys: what was seen is known after a restart without DNS", "[serve]") {
  House house;
  house.begin();
  house.resolver.answer(Status::found, {house.record("old")});
  house.begin();
  CHECK(house.signs() == "old ");
  CHECK(house.resolver.open.empty());
  // Another key under the same selector is another one.
  house.add("old", "rsa2048.pem");
  house.begin();
  CHECK(house.signs().empty());
  CHECK(house.resolver.open.size() == 1);
}

TEST_CASE("signing keys: an answer about a key that is gone is nobody's", "[serve]") {
  House house;
  house.begin();
  house.tree.remove("domains/example.org/dkim:old.pem");
  house.tree.write("domains/example.org/users", "");
  house.read();
  house.resolver.answer(Status::found, {"\"v=DKIM1; p=AAAA\""});
  CHECK(house.keys->states().empty());
  house.add("old", "ed25519.pem");
  house.read();
  house.keys.reset();
  house.resolver.answer(Status::found, {house.record("old")});  // nor one that comes too late
}

}  // namespace mailstack::serve
