#include "core/mail/dmarc/record.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::mail;
using namespace mailstack::mail::dmarc;

TEST_CASE("dmarc: the order of tags, and only what differs from the default", "[mail]") {
  CHECK(format(Record{}) == "v=DMARC1; p=none");
  Record const full{Policy::quarantine,
                    Policy::reject,
                    Policy::reject,
                    Alignment::strict,
                    Alignment::strict,
                    {"1", "d"},
                    true,
                    {"mailto:a@example.org", "mailto:b@example.org"},
                    {"mailto:c@example.org"}};
  CHECK(format(full) ==
        "v=DMARC1; p=quarantine; sp=reject; np=reject; adkim=s; aspf=s; fo=1:d; t=y; "
        "rua=mailto:a@example.org,mailto:b@example.org; ruf=mailto:c@example.org");
  CHECK(parse(format(full)).record == full);
  CHECK(parse(format(full)).mistakes.empty());
}

TEST_CASE("dmarc: the article's record is right, and fo=l is not", "[mail]") {
  auto const right =
      parse("v=DMARC1; p=quarantine; fo=1; ruf=mailto:ruf@wac.tax; rua=mailto:rua@wac.tax");
  CHECK(right.mistakes.empty());
  CHECK(right.record.aggregate == std::vector<std::string>{"mailto:rua@wac.tax"});
  auto const wrong = parse("v=DMARC1; p=quarantine; fo=l");
  REQUIRE(wrong.mistakes.size() == 1);
  CHECK(wrong.mistakes[0].what == "fo= takes 0, 1, d and s; 'l' is none of them");
  CHECK(wrong.mistakes[0].offset == 24);
  CHECK(wrong.mistakes[0].length == 4);
}

TEST_CASE("dmarc: mistakes, fatal and not, with their places", "[mail]") {
  struct Case {
    char const* text;
    std::size_t offset, length;
    bool fatal;
    char const* what;
  };
  for (auto const& [text, offset, length, fatal, what] : {
           Case{"p=none; v=DMARC1", 0, 6, true, "a DMARC record begins with 'v=DMARC1'"},
           Case{"v=DMARC1", 0, 8, true, "there is no p= (what receivers should do)"},
           Case{"v=DMARC1; p=quarantined", 10, 13, true, "p= is none, quarantine or reject"},
           Case{"v=DMARC1; p=none; sp=all", 18, 6, true, "sp= is none, quarantine or reject"},
           Case{"v=DMARC1; p=none; p=none", 18, 6, true, "the tag 'p' stands twice"},
           Case{"v=DMARC1; p=none; adkim=x", 18, 7, true, "adkim= is r (relaxed) or s (strict)"},
           Case{"v=DMARC1; p=none; t=1", 18, 3, true, "t= is y or n"},
           Case{"v=DMARC1; p=none; what", 18, 4, true, "'what' is no tag: it has no '='"},
           Case{"v=DMARC1; p=none; rua=a@example.org", 18, 17, true,
                "rua= takes addresses as mailto:NAME@DOMAIN; 'a@example.org' has no scheme"},
           Case{"v=DMARC1; rua=mailto:a@example.org; p=none", 36, 6, false,
                "p= should stand right after v="},
           Case{"v=DMARC1; p=none; pct=100", 18, 7, false,
                "pct= is gone since RFC 9989; receivers ignore it"},
           Case{"v=DMARC1; p=none; rua=mailto:a@example.org!10m", 18, 28, false,
                "the size limit '!10m' is gone since RFC 9989"},
           Case{"v=DMARC1; p=none; rua=https://example.org/r", 18, 25, false,
                "'https://example.org/r' is no mailto: address; receivers send reports by mail "
                "only"},
           Case{"v=DMARC1; p=none; color=red", 18, 9, false,
                "'color' is no tag of DMARC; receivers ignore it"},
       }) {
    INFO(text);
    auto const parsed = parse(text);
    auto const found = std::find_if(parsed.mistakes.begin(), parsed.mistakes.end(),
                                    [&](Mistake const& mistake) { return mistake.what == what; });
    REQUIRE(found != parsed.mistakes.end());
    CHECK(found->fatal == fatal);
    CHECK(found->offset == offset);
    CHECK(found->length == length);
  }
}

TEST_CASE("dmarc: addresses of reports", "[mail]") {
  CHECK(mail_address("mailto:a@example.org") == "a@example.org");
  CHECK(mail_address("MAILTO:a@example.org!5m") == "a@example.org");
  CHECK(mail_address("mailto:a@example.org?subject=x") == "a@example.org");
  CHECK(mail_address("https://example.org").empty());
  CHECK(mail_address("mailto:").empty());
}

TEST_CASE("dmarc: what counts as a record", "[mail]") {
  CHECK(is_record("v=DMARC1; p=none"));
  CHECK(is_record(" v = DMARC1 "));
  CHECK_FALSE(is_record("v=dmarc1; p=none"));
  CHECK_FALSE(is_record("p=none"));
  CHECK_FALSE(is_record(""));
}
