#include "core/userdb/command.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::userdb;

TEST_CASE("command: it is cut at white space, and nothing is quoted", "[userdb]") {
  using Words = std::vector<std::string>;
  CHECK(command_words("/bin/ingest  -x 'a b'\t$(c) ") ==
        Words{"/bin/ingest", "-x", "'a", "b'", "$(c)"});
  CHECK(command_words(" ").empty());
  CHECK(command_program("").empty());
  // The program that is shown is the one that runs, and no argument with it.
  for (auto const* white : {" ", "\t", "\r", "\n", "\v", "\f"}) {
    auto const command = std::string(white) + "/bin/ingest" + white + "5ecret";
    CHECK(command_program(command) == "/bin/ingest");
    CHECK(command_words(command) == Words{"/bin/ingest", "5ecret"});
  }
}
