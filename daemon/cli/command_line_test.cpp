#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/support/source_tree.hpp"

#include "daemon/cli/person_test.hpp"

using namespace mailstack;
using namespace mailstack::daemon_cli;

namespace {

/// All of them; the first is to serve.
std::vector<std::vector<std::string>> const commands{{},
                                                     {"queue", "list"},
                                                     {"queue", "show"},
                                                     {"queue", "flush"},
                                                     {"queue", "hold"},
                                                     {"queue", "release"},
                                                     {"queue", "remove"},
                                                     {"queue", "stats"},
                                                     {"check", "config"},
                                                     {"check", "srs"},
                                                     {"sign", "dkim"},
                                                     {"status"},
                                                     {"reload"},
                                                     {"stop"},
                                                     {"metrics"},
                                                     {"version"}};

}  // namespace

TEST_CASE("mailstackd: help teaches, and knows every command", "[cli]") {
  Person person;
  CHECK(person.types({"--help"}) == 0);
  for (auto const* word : {"queue", "check", "sign", "status", "reload", "stop", "metrics",
                           "version", "First steps", "Exit codes"})
    CHECK(person.out.str().find(word) != std::string::npos);
  CHECK(person.types({"queue", "remove", "--help"}) == 0);
  CHECK(person.out.str().find("mailstackd queue remove --domain gone.example --bounce") !=
        std::string::npos);
  CHECK(person.types({"version"}) == 0);
  CHECK(person.out.str() == "mailstackd 1.0.0\n");
  CHECK(person.types({"--version"}) == 0);
  CHECK(person.out.str() == "mailstackd 1.0.0\n");
  CHECK(person.types({"help", "queue", "remove"}) == 0);
  CHECK(person.out.str().starts_with(
      "delete messages from the queue\nUsage: mailstackd queue remove"));
  CHECK(person.types({"explode"}) == 3);
  CHECK(
      person.err.str().starts_with("mailstackd: `explode` is no command. There are: queue, check"));
  CHECK(person.types({"queue", "lst"}) == 3);
  CHECK(person.err.str().starts_with(
      "mailstackd: `lst` is no command of `mailstackd queue`. There are: list, show, flush"));
  CHECK(person.err.str().find("--help` says how it is written") != std::string::npos);
}

TEST_CASE("mailstackd: a word that is no command is told, also where help is asked for", "[cli]") {
  Person person;
  for (auto const& words : {std::vector<std::string>{"user"},
                            {"user", "--help"},
                            {"user", "add", "-h"},
                            {"help", "user"}}) {
    CAPTURE(words);
    CHECK(person.types(words) == 3);
    CHECK(person.out.str().empty());
    CHECK(person.err.str().starts_with("mailstackd: `user` is no command. There are: queue, "));
    CHECK(person.err.str().find("man mailstackd") != std::string::npos);
  }
  CHECK(person.types({"queue", "lst", "--help"}) == 3);
  CHECK(person.types({"queue", "list", "--help"}) == 0);
  CHECK(person.types({"--help"}) == 0);
}

TEST_CASE("mailstackd: the manual names every command and option", "[cli]") {
  std::ifstream file(support::in_source("docs/man/mailstackd.8"));
  std::string page(std::istreambuf_iterator<char>(file), {});
  REQUIRE_FALSE(page.empty());
  std::erase(page, '\\');
  Person person;
  for (auto const& command : commands) {
    auto words = command;
    std::string name = "mailstackd";
    for (auto const& word : words) name += " " + word;
    CAPTURE(name);
    CHECK(page.find(name) != page.npos);
    words.emplace_back("--help");
    REQUIRE(person.types(words) == 0);
    auto const help = person.out.str();
    for (auto at = help.find(" --"); at != help.npos; at = help.find(" --", at + 1)) {
      auto const option = help.substr(
          at + 1, help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at + 1) - at - 1);
      CAPTURE(option);
      CHECK(page.find(option) != page.npos);
    }
  }
}

TEST_CASE("mailstackd: no option takes the next one for its value", "[cli]") {
  Person person;
  std::size_t options = 0;
  for (auto const& command : commands) {
    auto words = command;
    words.emplace_back("--help");
    REQUIRE(person.types(words) == 0);
    std::istringstream help(person.out.str());
    for (std::string line; std::getline(help, line);) {
      std::string option, value;
      if (!line.starts_with("  --") || !(std::istringstream(line) >> option >> value)) continue;
      if (value.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != value.npos) continue;
      CAPTURE(command, option);
      words.back() = option;
      for (auto const* next : {"", "--format", "--all", "-x"}) {
        auto all = words;
        if (*next != 0) all.emplace_back(next);
        CHECK(person.types(all) == 3);
        CHECK(person.err.str().starts_with("mailstackd: " + option + " needs a value"));
      }
      ++options;
    }
  }
  CHECK(options > 40);
  CHECK(person.asked.empty());
  CHECK(person.types({"queue", "remove", "--sender=-x"}) == 0);
  CHECK(person.asked.back() == R"({"do":"queue remove","sender":"-x"})");
}

TEST_CASE("mailstackd: each command's help and the manual have the same exit codes", "[cli]") {
  Person person;
  auto const words_of = [](std::string const& text) {
    std::string out;
    std::istringstream words(text);
    for (std::string word; words >> word;)
      if (word[0] != '.') out += word + " ";
    std::erase(out, '\\');
    return out;
  };
  std::ifstream file(support::in_source("docs/man/mailstackd.8"));
  std::string page(std::istreambuf_iterator<char>(file), {});
  for (auto const* font : {"\\fB", "\\fR"})
    for (std::size_t at; (at = page.find(font)) != page.npos;) page.replace(at, 3, "`");
  page = words_of(page.substr(page.find(".SH EXIT STATUS")));
  for (auto const& command : commands) {
    auto words = command;
    words.emplace_back("--help");
    REQUIRE(person.types(words) == 0);
    auto const help = person.out.str();
    CAPTURE(command);
    auto const at = help.find("Exit codes:\n");
    REQUIRE(at != help.npos);
    CHECK(page.find(words_of(help.substr(at + 12))) != page.npos);
  }
}
