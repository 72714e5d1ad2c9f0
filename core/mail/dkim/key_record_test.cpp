#include "core/mail/dkim/key_record.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::mail::dkim;

namespace {

constexpr char const* rsa_2048 =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkcd6+SsiK8YEDWh0kk1OOKYdw4eAaoDr3lgUesviCpRWeV"
    "WRPIVkR+nJXeFIPtxUg+ZXYlMzPMOSI00M3wuzIrKDD+Eujdf3jr1OjDTfjGxo5MB/YUdeTcgsEdlPTCcGU0I+qXKS"
    "hUKLTERJIdb0ji35s2keY25Xj1L0GI3Bfzdpmw9SjQwReE/1wpHZg0U2QAM0uJO12+4b0y4aBdxnMvtJSBGjQkzgXX"
    "Qs7rPMmbdvBjvXBTHt50M0Di5CY+2o4/+hP7kfLXqh/EtNOGoAJGwlg3kvYNI8Oqf2QV6mNDhmMfVr6oPJlGfJu4rj"
    "iF2mI7bXqyrsGo//7a/54s/IEwIDAQAB";
constexpr char const* rsa_2048_pkcs1 =
    "MIIBCgKCAQEAkcd6+SsiK8YEDWh0kk1OOKYdw4eAaoDr3lgUesviCpRWeVWRPIVkR+nJXeFIPtxUg+ZXYlMzPMOSI0"
    "0M3wuzIrKDD+Eujdf3jr1OjDTfjGxo5MB/YUdeTcgsEdlPTCcGU0I+qXKShUKLTERJIdb0ji35s2keY25Xj1L0GI3B"
    "fzdpmw9SjQwReE/1wpHZg0U2QAM0uJO12+4b0y4aBdxnMvtJSBGjQkzgXXQs7rPMmbdvBjvXBTHt50M0Di5CY+2o4/"
    "+hP7kfLXqh/EtNOGoAJGwlg3kvYNI8Oqf2QV6mNDhmMfVr6oPJlGfJu4rjiF2mI7bXqyrsGo//7a/54s/IEwIDAQAB";
constexpr char const* rsa_1024 =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC95Qk59hLlEy7allRbP/fJ5z4vjC/cIuneukorH4nZzYnZ9uzTsA"
    "BeBULmJhBmyXxuPs2CIxOFnqaKXHtbHTacNr1xhpHK0BdmPeU3km49IA9/wOJAdCg6/d2HHshKFbFgsaY+xwBUY7wb"
    "jKPp7sg0DUQ5NxiVJ6jiugS+G6TcpwIDAQAB";
/// RFC 8463 A.2
constexpr char const* ed25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

}  // namespace

TEST_CASE("dkim key record: what is formatted parses to the same value", "[mail]") {
  for (auto const& record : {KeyRecord{KeyType::rsa, {}, {}, {}, rsa_2048},
                             KeyRecord{KeyType::ed25519, {}, {}, {}, ed25519},
                             KeyRecord{KeyType::rsa, {"sha256"}, {"email"}, {"y", "s"}, rsa_1024},
                             KeyRecord{KeyType::rsa, {}, {}, {}, ""}}) {
    auto const parsed = parse(format(record));
    REQUIRE(parsed);
    CHECK(*parsed == record);
    CHECK(is_record(format(record)));
  }
  CHECK(format({KeyType::ed25519, {}, {}, {}, ed25519}) ==
        std::string("v=DKIM1; k=ed25519; p=") + ed25519);
  CHECK(format({KeyType::rsa, {"sha256"}, {"email"}, {"y", "s"}, "QUJD"}) ==
        "v=DKIM1; k=rsa; h=sha256; s=email; t=y:s; p=QUJD");
}

TEST_CASE("dkim key record: the defaults and the freedom that RFC 6376 3.6.1 gives", "[mail]") {
  struct Case {
    char const* text;
    KeyRecord record;
  };
  for (auto const& [text, record] : {
           Case{"p=QUJD", {KeyType::rsa, {}, {}, {}, "QUJD"}},
           Case{"v=DKIM1;p= QU\t\r\n JD ;", {KeyType::rsa, {}, {}, {}, "QUJD"}},
           Case{"v=DKIM1; k=rsa; s=*; n=a note; p=QUJD", {KeyType::rsa, {}, {}, {}, "QUJD"}},
           Case{"v=DKIM1; h=sha1:sha256; p=", {KeyType::rsa, {"sha1", "sha256"}, {}, {}, ""}},
       }) {
    INFO(text);
    auto const parsed = parse(text);
    REQUIRE(parsed);
    CHECK(*parsed == record);
  }
}

TEST_CASE("dkim key record: what is wrong is said", "[mail]") {
  struct Case {
    char const* text;
    char const* what;
  };
  for (auto const& [text, what] : {
           Case{"", "there is no p= (the key)"},
           Case{"v=DKIM1; k=rsa", "there is no p= (the key)"},
           Case{"k=rsa; v=DKIM1; p=QUJD", "v= must stand first and say DKIM1"},
           Case{"v=DKIM2; p=QUJD", "v= must stand first and say DKIM1"},
           Case{"v=DKIM1; p=QUJD; p=QUJD", "the tag p stands twice"},
           Case{"v=DKIM1; k=dsa; p=QUJD", "k=dsa is neither rsa nor ed25519"},
           Case{"v=DKIM1; nonsense; p=QUJD", "'nonsense' has no value"},
           Case{"v=DKIM1; p=QUJ", "p= is no base64"},
           Case{"v=DKIM1; p=QU=D", "p= is no base64"},
           Case{"v=DKIM1; p=Q===", "p= is no base64"},
           Case{"v=DKIM1; p=\"QUJD\"", "p= is no base64"},
           Case{"v=DKIM1; k=ed25519; p=QUJD", "an Ed25519 key has 32 octets, this one has 3"},
       }) {
    INFO(text);
    auto const parsed = parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::invalid);
    CHECK(parsed.error().what == what);
  }
}

TEST_CASE("dkim key record: the size of an RSA key, in both forms that occur", "[mail]") {
  CHECK(rsa_bits({KeyType::rsa, {}, {}, {}, rsa_2048}) == 2048u);
  CHECK(rsa_bits({KeyType::rsa, {}, {}, {}, rsa_2048_pkcs1}) == 2048u);
  CHECK(rsa_bits({KeyType::rsa, {}, {}, {}, rsa_1024}) == 1024u);
  CHECK_FALSE(rsa_bits({KeyType::rsa, {}, {}, {}, ""}));
  CHECK_FALSE(rsa_bits({KeyType::rsa, {}, {}, {}, "QUJD"}));
  CHECK_FALSE(rsa_bits({KeyType::ed25519, {}, {}, {}, ed25519}));
}

TEST_CASE("dkim key record: other TXT records are not taken for keys", "[mail]") {
  CHECK(is_record("v=DKIM1; p="));
  CHECK(is_record("k=rsa; p=QUJD"));
  CHECK_FALSE(is_record(""));
  CHECK_FALSE(is_record("v=spf1 -all"));
  CHECK_FALSE(is_record("v=DMARC1; p=none"));
  CHECK_FALSE(is_record("p=none"));
}
