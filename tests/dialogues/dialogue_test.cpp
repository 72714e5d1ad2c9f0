/// \file
/// Every dialogue against the pure session: in the groups in which it is written, and octet by
/// octet. `dialogue_tests "[.failing]"` prints the names of those that fail, for the mutations.

#include <catch2/catch.hpp>
#include <iostream>

#include "tests/support/source_tree.hpp"

#include "tests/dialogues/player.hpp"

namespace mailstack::dialogues {
namespace {

std::vector<Dialogue> all() {
  return load(std::filesystem::path(support::in_source("tests/dialogues")));
}

}  // namespace

TEST_CASE("dialogues: the session says what is written", "[dialogues]") {
  for (auto const& dialogue : all()) {
    auto const problem = Player(dialogue, Pace::whole).play();
    INFO(problem);
    CHECK(problem.empty());
  }
}

TEST_CASE("dialogues: however the octets arrive", "[dialogues]") {
  for (auto const& dialogue : all()) {
    auto const problem = Player(dialogue, Pace::octets).play();
    INFO(problem);
    CHECK(problem.empty());
  }
}

TEST_CASE("dialogues: a wrong one is noticed", "[dialogues]") {
  auto const play = [](std::string const& text) {
    std::istringstream stream(text);
    auto const dialogue = parse("x", stream);
    return Player(dialogue, Pace::whole).play();
  };
  CHECK(play("S: 220 *\n").empty());
  CHECK(play("S: 221 *\n") == "x:1: the server said `220 mx.example ESMTP`");
  CHECK(play("") == "x:0: also said: 220 mx.example ESMTP\r\n");
  CHECK(play("S: 220 *\nC: QUIT\nS: 221 *\n") == "x:3: the session was closed");
  CHECK(play("S: 220 *\nX\n") == "x:2: the session goes on");
  CHECK(play("S: 220 *\nauth 535 5.7.8 no\n") == "x:2: nobody asked for auth 535 5.7.8 no");
  CHECK(play("S: 220 *\nD\n") == "x:2: nothing was discarded");
  CHECK(play("S: 220 *\nT\n") == "x:2: no handshake is due");
  CHECK(unescape("a\\r\\n\\x41\\*3{xy}\\\\") == "a\r\nAxyxyxy\\");
}

TEST_CASE("dialogues: those that fail, by name", "[.failing]") {
  for (auto const& dialogue : all()) {
    bool const right = Player(dialogue, Pace::whole).play().empty() &&
                       Player(dialogue, Pace::octets).play().empty();
    if (!right) std::cout << "fails: " << dialogue.name << "\n";
  }
}

}  // namespace mailstack::dialogues
