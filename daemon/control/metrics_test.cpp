#include "daemon/control/metrics.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <thread>

using namespace mailstack;
using namespace mailstack::control;
using Kind = Event::Kind;

namespace {

/// A strict reader of the exposition format: each family with HELP and TYPE before its samples and
/// in one piece, each series once.
class Reader {
 public:
  explicit Reader(std::string const& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      line.starts_with("#") ? comment(line) : sample(line);
    }
  }
  std::map<std::string, double> samples;
  std::map<std::string, std::string> types;
  bool ended = false;

 private:
  void comment(std::string const& line) {
    REQUIRE_FALSE(ended);
    if (line == "# EOF") {
      ended = true;
      return;
    }
    std::istringstream words(line);
    std::string sign, what, name, rest;
    words >> sign >> what >> name >> rest;
    REQUIRE(sign == "#");
    if (what == "HELP") {
      REQUIRE_FALSE(rest.empty());
      REQUIRE(helped_.insert(name).second);
      family_ = name;
    } else if (what == "TYPE") {
      REQUIRE(name == family_);
      REQUIRE((rest == "counter" || rest == "gauge" || rest == "histogram"));
      REQUIRE(types.emplace(name, rest).second);
    } else {
      REQUIRE(what == "UNIT");
      REQUIRE(name.ends_with("_" + rest));
    }
  }
  void sample(std::string const& line) {
    REQUIRE_FALSE(ended);
    auto const name = line.substr(0, line.find_first_of("{ "));
    REQUIRE(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == name.npos);
    REQUIRE(name.starts_with(family_));
    auto const suffix = name.substr(family_.size());
    if (types[family_] == "histogram")
      REQUIRE((suffix == "_bucket" || suffix == "_sum" || suffix == "_count"));
    else
      REQUIRE((suffix.empty() || suffix == "_total"));
    if (types[family_] == "counter") REQUIRE(name.ends_with("_total"));
    if (types[family_] == "gauge") REQUIRE_FALSE(name.ends_with("_total"));
    auto const space = line.rfind(' ');
    char* end = nullptr;
    auto const value = std::strtod(line.c_str() + space + 1, &end);
    REQUIRE(*end == '\0');
    REQUIRE_FALSE(std::isnan(value));
    REQUIRE(samples.emplace(line.substr(0, space), value).second);
  }
  std::set<std::string> helped_;
  std::string family_;
};

void fill(Metrics& metrics) {
  Event event;
  event.kind = Kind::rejected;
  event.service = smtp::Service::smtp;
  event.text = "550 5.1.1 no such user";
  metrics.count(event);
  event.kind = Kind::queued;
  event.octets = 4096;
  metrics.count(event);  // was counted with its reply
  metrics.messages_received.at({"smtp"}).add();
  metrics.received_bytes.at({"smtp"}).add(4096);
  event.kind = Kind::auth_failed;
  metrics.count(event);
  event.kind = Kind::deferred;
  event.text = "450 4.2.0 greylisted";
  metrics.count(event);
  event.kind = Kind::sent;
  event.delay = Duration(3);
  metrics.count(event);
  metrics.session_duration.at({"smtp"}).observe(0.3);
  metrics.commit_duration.get().observe(0.002);
  metrics.delivery_duration.at({"sent"}).observe(1.5);
  metrics.tls_sessions.at({"smtp", "TLSv1.3"}).add();
  queue::QueueStats stats;
  stats.items = 12;
  stats.waiting = 9;
  stats.running = 3;
  stats.oldest = Duration(7200);
  TimePoint const now{Duration(1'795'723'200)};
  stats.destinations = {{"big.example", 8, 1, 0, 5, now + Duration(30), ""},
                        {"we\"ird\n.example", 1, 0, 0, 5, {}, ""}};
  metrics.show(stats, now);
  metrics.show(queue::SpoolStats{12, 4096, 1'048'576, 77, 99});
  metrics.show({{"/a", "b"}, {"/c", "d", 0, 0, "", true}}, now, {{"mail", now + Duration(86'400)}});
  metrics.show(process_facts());
}

}  // namespace

TEST_CASE("metrics: what is counted is shown, in a form that a strict reader takes", "[control]") {
  Metrics metrics("1.0.0");
  fill(metrics);
  Reader reader(metrics.registry.format(Exposition::prometheus));
  auto const& is = reader.samples;
  CHECK(is.at(R"(mailstackd_rejects_total{service="smtp",code="550",enhanced_code="5.1.1"})") == 1);
  CHECK(is.at(R"(mailstackd_messages_received_total{service="smtp"})") == 1);
  CHECK(is.at(R"(mailstackd_messages_received_total{service="submission"})") == 0);
  CHECK(is.at(R"(mailstackd_received_bytes_total{service="smtp"})") == 4096);
  CHECK(is.at(R"(mailstackd_auth_total{result="failed"})") == 1);
  CHECK(is.at(R"(mailstackd_delivery_rejects_total{code="450",enhanced_code="4.2.0"})") == 1);
  CHECK(is.at(R"(mailstackd_delivery_attempts_total{result="sent"})") == 1);
  CHECK(is.at(R"(mailstackd_session_duration_seconds_bucket{service="smtp",le="0.25"})") == 0);
  CHECK(is.at(R"(mailstackd_session_duration_seconds_bucket{service="smtp",le="0.5"})") == 1);
  CHECK(is.at(R"(mailstackd_session_duration_seconds_bucket{service="smtp",le="+Inf"})") == 1);
  CHECK(is.at("mailstackd_commit_duration_seconds_sum") == Approx(0.002));
  CHECK(is.at("mailstackd_queue_messages") == 12);
  CHECK(is.at("mailstackd_queue_oldest_age_seconds") == 7200);
  CHECK(is.at(R"(mailstackd_queue_destination_messages{destination="big.example"})") == 8);
  CHECK(is.at(R"(mailstackd_queue_destination_messages{destination="we\"ird\n.example"})") == 1);
  CHECK(is.at(R"(mailstackd_queue_destination_messages{destination="other"})") == 3);
  CHECK(is.at(R"(mailstackd_queue_destination_pause_seconds{destination="big.example"})") == 30);
  CHECK(is.at("mailstackd_spool_syncs_total") == 77);
  CHECK(is.at(R"(mailstackd_configuration_problems{severity="error"})") == 1);
  CHECK(is.at(R"(mailstackd_certificate_expiry_timestamp_seconds{certificate="mail"})") ==
        1'795'809'600);
  CHECK(is.at(R"(mailstackd_build_info{version="1.0.0"})") == 1);
  CHECK(is.at("process_resident_memory_bytes") > 1'000'000);
  CHECK(is.at("process_open_fds") > 0);
  CHECK(reader.types.size() == metrics.registry.families().size());
}

TEST_CASE("metrics: OpenMetrics has units, names without _total, and an end", "[control]") {
  Metrics metrics("1.0.0");
  fill(metrics);
  auto const text = metrics.registry.format(Exposition::openmetrics);
  Reader reader(text);
  CHECK(reader.ended);
  CHECK(reader.types.at("mailstackd_sessions") == "counter");
  CHECK(reader.samples.contains(R"(mailstackd_sessions_total{service="smtp"})"));
  CHECK(text.find("# UNIT mailstackd_commit_duration_seconds seconds\n") != text.npos);
  CHECK(text.find(R"(le="1.0")") != text.npos);
}

TEST_CASE("metrics: names follow the ecosystem's rules", "[control]") {
  Metrics metrics("1.0.0");
  for (auto const* family : metrics.registry.families()) {
    auto const& about = family->about();
    CAPTURE(about.name);
    CHECK(about.name.ends_with("_total") == (family->type() == "counter"));
    CHECK_FALSE(about.help.ends_with("."));
    auto name = about.name;
    if (name.ends_with("_total")) name.remove_suffix(6);
    if (!about.unit.empty()) CHECK(name.ends_with("_" + std::string(about.unit)));
    CHECK(name.find("milli") == name.npos);
    CHECK((name.starts_with("mailstackd_") || name.starts_with("process_")));
  }
}

TEST_CASE("metrics: strangers cannot make series without end", "[control]") {
  Registry registry;
  Counters counters(registry, {.name = "a_total", .help = "b", .labels = {"c"}, .most_series = 3});
  for (int i = 0; i < 100; ++i) counters.at({std::to_string(i)}).add();
  Reader reader(registry.format(Exposition::prometheus));
  CHECK(reader.samples.size() == 4);
  CHECK(reader.samples.at(R"(a_total{c="other"})") == 97);
  counters.at({std::string(1000, 'x') + "\xff"}).add();
  CHECK(Reader(registry.format(Exposition::prometheus)).samples.at(R"(a_total{c="other"})") == 98);
}

TEST_CASE("metrics: replies of strangers give no label but their codes", "[control]") {
  Metrics metrics("1.0.0");
  Event event;
  event.kind = Kind::failed;
  for (auto const* text : {"550 5.1.1 x", "550 5.1.1", "550", "550 hello", "550 5.1.x", "550 5..1",
                           "550 5.1", "5", "", "connection refused", "550 5.1.1234567", "55a x"}) {
    event.text = text;
    metrics.count(event);
  }
  Reader reader(metrics.registry.format(Exposition::prometheus));
  auto const count = [&](std::string const& code, std::string const& enhanced) {
    return reader.samples["mailstackd_delivery_rejects_total{code=\"" + code +
                          "\",enhanced_code=\"" + enhanced + "\"}"];
  };
  CHECK(count("550", "5.1.1") == 2);
  CHECK(count("550", "") == 6);
  CHECK(count("none", "") == 4);
}

TEST_CASE("metrics: a histogram's buckets add up, whatever is observed by whom", "[control]") {
  constexpr std::array bounds{0.5, 1.0};
  Histogram histogram(bounds);
  for (auto const value : {0.5, 0.50001, 1.0, 7.0, -3.0, std::nan("")}) histogram.observe(value);
  auto const reading = histogram.read();
  CHECK(reading.up_to == std::vector<std::uint64_t>{3, 5});
  CHECK(reading.count == 6);
  CHECK(reading.sum == Approx(9.00001));
  Registry registry;
  Counters counters(registry, {"a_total", "b", {"c"}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 10'000; ++j) {
        counters.at({"x"}).add();
        histogram.observe(0.1);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(counters.at({"x"}).value() == 40'000);
  CHECK(histogram.read().count == 40'006);
}

TEST_CASE("metrics: what is gone from a state is gone from its gauges", "[control]") {
  Metrics metrics("1.0.0");
  fill(metrics);
  metrics.show(queue::QueueStats{}, TimePoint{});
  metrics.show({}, TimePoint{}, {});
  auto const text = metrics.registry.format(Exposition::prometheus);
  CHECK(text.find("big.example") == text.npos);
  CHECK(text.find("certificate=\"mail\"") == text.npos);
  CHECK(text.find(R"(mailstackd_queue_destination_messages{destination="other"} 0)") != text.npos);
}

TEST_CASE("metrics: /proc/PID/stat, whatever the process is called", "[control]") {
  auto const facts = parse_stat(
      "4711 (a) b (c) S 1 2 3 0 -1 4194560 5 0 0 0 250 150 0 0 20 0 4 0 1000 10485760 512 18446744",
      1'795'700'000, 100, 4096);
  CHECK(facts.cpu_seconds == Approx(4.0));
  CHECK(facts.started == Approx(1'795'700'010));
  CHECK(facts.virtual_bytes == 10'485'760);
  CHECK(facts.resident_bytes == 512UL * 4096);
  CHECK(parse_stat("", 1, 100, 4096).cpu_seconds == 0);
  CHECK(parse_stat("1 (x", 1, 100, 4096).started == 0);
  CHECK(parse_stat("1 (x) S", 1, 100, 4096).started == 0);
}
