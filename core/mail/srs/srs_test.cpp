#include "core/mail/srs/srs.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::mail;

namespace {

srs::Secrets const secrets{Secret<std::string>("tops3cr3t")};
// 2020-01-01: the day that libsrs2's own examples have.
TimePoint const new_year = *parse_time("2020-01-01T00:01:00Z");

std::string forwarded(std::string_view address, std::string_view domain = "example.com") {
  auto const path = srs::forward(parse_path(address).value(), domain, secrets, new_year);
  return path ? path->text() : "error: " + path.error().what;
}

std::string reversed(std::string_view local, TimePoint now = new_year,
                     srs::Secrets const& with = secrets) {
  auto const path = srs::reverse(local, with, now);
  return path ? path->text() : "error: " + path.error().what;
}

std::string answer(std::string_view line) {
  return srs::answer_srs_line(line, "tops3cr3t", "example.com");
}

}  // namespace

TEST_CASE("srs: a sender elsewhere is rewritten, ours and none are left", "[srs]") {
  CHECK(forwarded("test@otherdomain.com") == "SRS0=vmyz7Bwa=2W=otherdomain.com=test@example.com");
  CHECK(forwarded("test@example.com") == "test@example.com");
  CHECK(forwarded("test@EXAMPLE.com") == "test@example.com");
  CHECK(forwarded("").empty());
  CHECK(forwarded("SRS0=AAAA=2W=x.example=y@example.com") ==
        "SRS0=AAAA=2W=x.example=y@example.com");
}

TEST_CASE("srs: what libsrs2 and postsrsd write with four characters is read", "[srs]") {
  CHECK(reversed("SRS0=vmyz=2W=otherdomain.com=test") == "test@otherdomain.com");
  CHECK(reversed("srs0=VMYZ=2w=OtherDomain.com=Test") == "Test@otherdomain.com");
  CHECK(reversed("SRS0+vmyz=2W=otherdomain.com=test") == "test@otherdomain.com");
  CHECK(reversed("SRS0-vmyz=2W=otherdomain.com=test") == "test@otherdomain.com");
  CHECK(reversed("SRS0=vmyz7BwaV7BFsJiaZTJeJaQF2Ys=2W=otherdomain.com=test") ==
        "test@otherdomain.com");
}

TEST_CASE("srs: every character of the hash counts", "[srs]") {
  for (auto const* wrong :
       {"SRS0=vmyy=2W=otherdomain.com=test", "SRS0=vmyz7Bwb=2W=otherdomain.com=test",
        "SRS0=vmyz=2X=otherdomain.com=test", "SRS0=vmyz=2W=otherdomain.org=test",
        "SRS0=vmyz=2W=otherdomain.com=tesu",
        "SRS0=vmyz7BwaV7BFsJiaZTJeJaQF2Ysx=2W=otherdomain.com=test"}) {
    CAPTURE(wrong);
    CHECK(reversed(wrong) == "error: the hash is wrong");
  }
  CHECK(reversed("SRS0=vmy=2W=otherdomain.com=test") ==
        "error: the hash is shorter than 4 characters");
  CHECK(reversed("SRS0==2W=otherdomain.com=test") ==
        "error: the hash is shorter than 4 characters");
}

TEST_CASE("srs: what is none says so", "[srs]") {
  for (auto const* none : {"", "bob", "SRS", "SRS0", "SRS2=x=y=z=a", "SRS0.vmyz=2W=o=t"})
    CHECK(reversed(none) == "error: not an SRS address");
  for (auto const* cut : {"SRS0=", "SRS0=vmyz", "SRS0=vmyz=2W", "SRS0=vmyz=2W=otherdomain.com",
                          "SRS0=vmyz=2W=otherdomain.com=", "SRS0=vmyz=2W==test"})
    CHECK(reversed(cut) == "error: an SRS0 address without its parts");
  for (auto const* cut :
       {"SRS1=", "SRS1=hash", "SRS1=hash=host", "SRS1=hash=host=", "SRS1=hash==x"})
    CHECK(reversed(cut) == "error: an SRS1 address without its parts");
}

TEST_CASE("srs: an address lives 21 days, also where the days begin again", "[srs]") {
  auto const local = "SRS0=vmyz=2W=otherdomain.com=test";
  auto const after = [](int days) { return new_year + std::chrono::hours(24 * days); };
  CHECK(reversed(local, after(21)) == "test@otherdomain.com");
  CHECK(reversed(local, after(22)) == "error: it expired: made 22 days ago");
  CHECK(reversed(local, after(-1)) == "error: it expired: made 1023 days ago");
  // 2022-01-26 is a day 1023 of its round, the next one a day 0.
  auto const last = TimePoint(std::chrono::hours(24 * (19 * 1024 - 1)));
  auto const path = srs::forward(parse_path("a@b.example").value(), "example.com", secrets, last);
  CHECK(path->local.find("=77=") != std::string::npos);
  CHECK(reversed(path->local, last + std::chrono::hours(24)) == "a@b.example");
  auto const next = srs::forward(parse_path("a@b.example").value(), "example.com", secrets,
                                 last + std::chrono::hours(24));
  CHECK(next->local.find("=AA=") != std::string::npos);
}

TEST_CASE("srs: SRS0 of another host is guarded, SRS1 is passed on", "[srs]") {
  auto const first = forwarded("SRS0=opaque+string@otherdomain.com");
  CHECK(first == "SRS1=chaIfIcv=otherdomain.com==opaque+string@example.com");
  CHECK(reversed(first.substr(0, first.find('@'))) == "SRS0=opaque+string@otherdomain.com");
  CHECK(forwarded("SRS0+opaque+string@otherdomain.com").find("=otherdomain.com=+opaque+string@") !=
        std::string::npos);
  // The host between is cut out: the bounce goes from us to the first one at once.
  CHECK(forwarded("SRS1=whatever=otherdomain.com==opaque+string@thirddomain.com") == first);
  CHECK(forwarded("SRS1=whatever@thirddomain.com") == "error: an SRS1 address without its parts");
  CHECK(reversed("SRS1=chaX=otherdomain.com==opaque+string") == "error: the hash is wrong");
}

TEST_CASE("srs: the way there and back, through everything a local part can hold", "[srs]") {
  for (auto const* address : {"a=b=c@d.example", "SRS0x@d.example", "\"a b\"@d.example",
                              "\"a@b\"@d.example", "\u00e4@d.example", "a@m\u00fcller.example"}) {
    CAPTURE(address);
    auto const path = parse_path(address).value();
    auto const there = srs::forward(path, "example.com", secrets, new_year);
    REQUIRE(there);
    CHECK(parse_path(there->text()) == *there);
    CHECK(srs::reverse(there->local, secrets, new_year) == path);
  }
}

TEST_CASE("srs: the hash gives way down to four characters, then there is no address", "[srs]") {
  auto const local_of = [](std::size_t length) {
    return forwarded(std::string(length, 'x') + "@d.example");
  };
  auto const octets = [](std::string const& address) { return address.find('@'); };
  CHECK(octets(local_of(36)) == 63);
  CHECK(octets(local_of(37)) == 64);
  CHECK(octets(local_of(41)) == 64);
  CHECK(reversed(local_of(41).substr(0, 64)) == std::string(41, 'x') + "@d.example");
  CHECK(local_of(42) == "error: the local part would be longer than 64 octets");
}

TEST_CASE("srs: the old secret is good while it is there", "[srs]") {
  srs::Secrets const both{Secret<std::string>("new"), Secret<std::string>("tops3cr3t")};
  auto const local = "SRS0=vmyz=2W=otherdomain.com=test";
  CHECK(reversed(local, new_year, both) == "test@otherdomain.com");
  CHECK(reversed(local, new_year, {both.front()}) == "error: the hash is wrong");
  CHECK(reversed(local, new_year, {}) == "error: the hash is wrong");
  CHECK_FALSE(srs::forward(parse_path("a@b.example").value(), "example.com", {}, new_year));
}

TEST_CASE("srs: lines of questions", "[srs]") {
  CHECK(answer(R"({"id":7,"op":"forward","address":"test@otherdomain.com","now":1577836860})") ==
        R"({"id":7,"address":"SRS0=vmyz7Bwa=2W=otherdomain.com=test@example.com","reason":null})");
  CHECK(answer(R"({"id":"x","op":"reverse","now":"2020-01-02T00:00:00Z",)"
               R"("address":"SRS0=vmyz=2W=otherdomain.com=test@example.com"})") ==
        R"({"id":"x","address":"test@otherdomain.com","reason":null})");
  CHECK(answer(R"({"id":1,"op":"forward","address":"me@Example.com","now":0})") ==
        R"({"id":1,"address":"me@example.com","reason":null})");
  CHECK(
      answer(R"({"id":1,"op":"reverse","address":"SRS0=vmyz=2W=o.com=t@other.example","now":0})") ==
      R"({"id":1,"address":null,"reason":"not an address of example.com"})");
  CHECK(answer(R"({"id":1,"op":"x","address":"a@b.example","now":0})") ==
        R"({"id":1,"address":null,"reason":"`op` is neither forward nor reverse"})");
  CHECK(
      answer(R"({"id":"s","op":"forward","address":"test@otherdomain.com","now":"1577836860"})") ==
      R"({"id":"s","address":"SRS0=vmyz7Bwa=2W=otherdomain.com=test@example.com","reason":null})");
  // Each line says what is wrong with it.
  for (auto const& [line, why] :
       {std::pair{R"({"op":"forward","address":"a@b.example"})", "`now` is missing"},
        {R"({"op":"forward","address":"a@b.example","now":true})",
         "`now` is no time: seconds since 1970, or a text like 2026-11-26T20:00:00Z"},
        {R"({"op":"forward","address":"a@b.example","now":"soon"})",
         "`now` is no time: seconds since 1970, or a text like 2026-11-26T20:00:00Z"},
        {R"({"address":"a@b.example","now":0})", "`op` is missing"},
        {R"({"op":"forward","now":0})", "`address` is missing"},
        {R"({"op":"forward","address":null,"now":0})", "`address` is no text"},
        {"x", "the line is no JSON object"}})
    CHECK(answer(line) == std::string(R"({"id":null,"address":null,"reason":")") + why + "\"}");
  for (auto const* bad :
       {"", "[]", "7", "{", "{}", R"({"now":-1})", R"({"now":1e99})", R"({"now":0,"address":7})",
        R"({"now":0,"op":"forward","address":"@"})"}) {
    CAPTURE(bad);
    CHECK(answer(bad).starts_with(R"({"id":null,"address":null,"reason":")"));
  }
}
