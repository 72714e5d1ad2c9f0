#include "core/mail/username/username.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;

TEST_CASE("username: PRECIS UsernameCaseMapped", "[mail]") {
  auto const normal = [](char const* name) {
    auto const made = mail::normalize_username(name);
    return made ? *made : "refused: " + made.error().what.substr(0, 0);
  };
  CHECK(normal("Anna") == "anna");
  CHECK(normal("\xef\xbc\xa1nna") == "anna");               // full-width A
  CHECK(normal("A\xcc\x88rger") == "\xc3\xa4rger");         // A and a combining diaeresis: NFC
  CHECK(normal("a.b+c_d-e!#$%&'*") == "a.b+c_d-e!#$%&'*");  // ASCII signs
  CHECK(normal("\xe5\x90\x8d\xe5\x89\x8d") == "\xe5\x90\x8d\xe5\x89\x8d");
  for (char const* bad : {"", "a b", "a@b", "a\tb", "\xe2\x85\xa3" /* U+2163 */, "\xff",
                          "a\xe2\x80\x8b" /* zero width space */, "\xe2\x98\x83" /* snowman */,
                          "\xc2\xa0" /* no-break space */}) {
    INFO(bad);
    CHECK(normal(bad) == "refused: ");
  }
  CHECK(mail::normalize_username(std::string(64, 'a')));
  CHECK_FALSE(mail::normalize_username(std::string(65, 'a')));
}
