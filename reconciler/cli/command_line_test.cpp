#include "reconciler/cli/command_line.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <vector>

#include "reconciler/cli/command_help.hpp"
#include "reconciler/cli/commands/commands.hpp"

using namespace mailstack;
using namespace mailstack::cli;

namespace {

Parsed parse(std::vector<char const*> words) {
  words.insert(words.begin(), "mailstack");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

}  // namespace

TEST_CASE("command_line: options stand where a person puts them", "[cli]") {
  auto const parsed = parse({"apply", "--yes", "--allow", "mx", "--allow", "deletes", "--only",
                             "example.org", "--wait", "5m", "--manifest", "m.yaml", "-v",
                             "--format", "json", "--parallelism", "3"});
  REQUIRE_FALSE(parsed.ended);
  auto const& options = parsed.options;
  CHECK(options.command == "apply");
  CHECK(options.yes);
  CHECK(options.allow == std::set<engine::Hazard>{engine::Hazard::mx, engine::Hazard::deletes});
  CHECK(options.only == "example.org");
  CHECK(options.wait == Duration(300));
  CHECK(options.manifest == "m.yaml");
  CHECK(options.verbose);
  CHECK(options.json);
  CHECK(options.parallelism == 3);
}

TEST_CASE("regression: options of every command may stand before it", "[cli]") {
  auto const parsed = parse({"--manifest", "m.yaml", "--root", "r", "-q", "user", "--state", "s",
                             "remove", "i@example.org", "--as", "mx1"});
  REQUIRE_FALSE(parsed.ended);
  auto const& options = parsed.options;
  CHECK(options.command == "user remove");
  CHECK(options.manifest == "m.yaml");
  CHECK(options.root == "r");
  CHECK(options.state == "s");
  CHECK(options.as == "mx1");
  CHECK(options.quiet);
  CHECK(options.words == std::vector<std::string>{"i@example.org"});
}

TEST_CASE("regression: a misspelt command is named behind options, too", "[cli]") {
  for (auto const& words : {std::vector<char const*>{"--root", "plan", "plna"},
                            std::vector<char const*>{"-q", "--root=x", "plna"}}) {
    auto const parsed = parse(words);
    CHECK(parsed.ended == ExitCode::invalid);
    CHECK(parsed.err.starts_with("`plna` is no command. Did you mean `plan`?"));
  }
}

TEST_CASE("command_line: commands of two words, and their arguments", "[cli]") {
  auto const parsed = parse({"alias", "add", "team@example.org", "i", "bob@example.net"});
  REQUIRE_FALSE(parsed.ended);
  CHECK(parsed.options.command == "alias add");
  CHECK(parsed.options.words ==
        std::vector<std::string>{"team@example.org", "i", "bob@example.net"});
}

TEST_CASE("command_line: what is not built is refused, and is in no help", "[cli]") {
  for (std::vector<char const*> const& words :
       {std::vector<char const*>{"import", "zone", "example.org"},
        {"migrate"},
        {"completion", "bash"},
        {"plan", "-o", "p.json"},
        {"apply", "p.json"},
        {"validate", "--online"},
        {"plan", "--format", "md"}}) {
    CAPTURE(words);
    auto const parsed = parse(words);
    CHECK(parsed.ended == ExitCode::invalid);
    CHECK(parsed.err.find("not supported yet") != std::string::npos);
  }
  auto const help = parse({"--help"}).out;
  for (auto const* absent : {"import", "migrate", "completion"})
    CHECK(help.find(absent) == std::string::npos);
  CHECK(parse({"validate", "--help"}).out.find("--online") == std::string::npos);
  CHECK(parse({"plan", "--help"}).out.find("--out") == std::string::npos);
  CHECK(parse({"apply", "--help"}).out.find("PLAN") == std::string::npos);
}

TEST_CASE("command_line: help teaches: every command is named, with examples and codes", "[cli]") {
  auto const help = parse({"--help"});
  CHECK(help.ended == ExitCode::done);
  for (auto const& command : commands()) {
    CAPTURE(command.name);
    CHECK(help.out.find("  " + std::string(command.name)) != std::string::npos);
    auto const own = parse({std::string(command.name).c_str(), "--help"});
    CHECK(own.ended == ExitCode::done);
    CHECK_FALSE(own.out.empty());
  }
  CHECK(parse({"plan", "--help"}).out.find("Examples:") != std::string::npos);
  CHECK(parse({"plan", "--help"}).out.find("130  interrupted") != std::string::npos);
}

TEST_CASE("command_line: wrong usage ends with 3 and says where the help is", "[cli]") {
  for (std::vector<char const*> const& words : {std::vector<char const*>{},
                                                {"frobnicate"},
                                                {"plan", "--frobnicate"},
                                                {"apply", "--allow", "all"},
                                                {"apply", "--wait", "soon"},
                                                {"records"},
                                                {"user"},
                                                {"user", "add"},
                                                {"plan", "--parallelism", "0"},
                                                {"plan", "--format", "xml"}}) {
    CAPTURE(words);
    auto const parsed = parse(words);
    CHECK(parsed.ended == ExitCode::invalid);
    CHECK(parsed.err.find("--help") != std::string::npos);
  }
}

TEST_CASE("command_line: mail servers for the doctor to try", "[cli]") {
  auto const parsed = parse(
      {"doctor", "--probe", "mx.example.net", "--probe", "[2001:db8::1]:2525", "--as", "mx1"});
  REQUIRE_FALSE(parsed.ended);
  CHECK(parsed.options.probes == std::vector<std::string>{"mx.example.net", "[2001:db8::1]:2525"});
  auto const wrong = parse({"doctor", "--probe", "mx:smtp"});
  CHECK(wrong.ended == ExitCode::invalid);
  CHECK(wrong.err.find("`mx:smtp` is no mail server: write HOST, HOST:PORT") != std::string::npos);
  auto const help = parse({"doctor", "--help"}).out;
  for (auto const* word : {"--probe HOST[:PORT]", "mailstack doctor --as mx1", "Verdicts: ok;"})
    CHECK(help.find(word) != std::string::npos);
}

TEST_CASE("command_line: a mail to try needs both ends", "[cli]") {
  CHECK(parse({"check", "--send-to", "x@example.net"}).ended == ExitCode::invalid);
  CHECK(parse({"check", "--send-to", "x@example.net", "--from", "i"}).ended == ExitCode::invalid);
  auto const parsed = parse({"check", "--send-to", "x@example.net", "--from", "i@example.org",
                             "--credential", "test", "--wait", "5s"});
  REQUIRE_FALSE(parsed.ended);
  CHECK(parsed.options.send_to == "x@example.net");
  CHECK(parsed.options.envelope_sender == "i@example.org");
  CHECK(parsed.options.credential == "test");
  CHECK(parsed.options.wait == Duration(5));
  CHECK_FALSE(parse({"check"}).ended);
  CHECK(parse({"guide", "gmail", "i"}).options.command == "guide gmail");
}

TEST_CASE("command_line: a misspelt command is named, with the nearest one", "[cli]") {
  auto const said = [](std::vector<char const*> words) { return parse(std::move(words)).err; };
  CHECK(said({"valdate"}).find("`valdate` is no command. Did you mean `validate`?") == 0);
  CHECK(said({"bogus"}).find("`bogus` is no command. There are: init, validate") == 0);
  CHECK(said({"user", "ad", "i@example.org"})
            .find("`ad` is no command of `mailstack user`. Did you mean `add`?") == 0);
  CHECK(said({"imprt"}).find("import") == std::string::npos);  // not built: not recommended
}

TEST_CASE("command_line: --version is the command", "[cli]") {
  auto const parsed = parse({"--version"});
  CHECK_FALSE(parsed.ended);
  CHECK(parsed.options.command == "version");
}

TEST_CASE("command_line: JSON that a command does not have is refused", "[cli]") {
  for (std::vector<char const*> words : {std::vector<char const*>{"init", "example.org"},
                                         {"user", "add", "i@example.org"},
                                         {"user", "remove", "i@example.org"},
                                         {"alias", "add", "a@example.org", "b"}}) {
    CAPTURE(words);
    words.insert(words.end(), {"--format", "json"});
    auto const parsed = parse(words);
    CHECK(parsed.ended == ExitCode::invalid);
    CHECK(parsed.err.find("has no JSON") != std::string::npos);
  }
  for (std::vector<char const*> words : {std::vector<char const*>{"records", "example.org"},
                                         {"explain", "hosts"},
                                         {"drift"},
                                         {"user", "check", "i@example.org"},
                                         {"alias", "resolve", "a@example.org"}}) {
    CAPTURE(words);
    words.insert(words.end(), {"--format", "json"});
    CHECK_FALSE(parse(words).ended);
  }
}

TEST_CASE("command_line: the usage of several words is plain", "[cli]") {
  auto const help = parse({"alias", "add", "--help"}).out;
  CHECK(help.find("2x") == std::string::npos);
  CHECK(help.find("x 2") == std::string::npos);
  CHECK(help.find("ADDRESS RECIPIENT...") != std::string::npos);
}

TEST_CASE("regression: alone it shows its help, and `help` is a command", "[cli]") {
  auto const alone = parse({});
  CHECK(alone.ended == ExitCode::invalid);
  CHECK(alone.err.find("mailstack init example.org") != std::string::npos);
  auto const help = parse({"help", "user", "add"});
  CHECK(help.ended == ExitCode::done);
  CHECK(help.out == parse({"user", "add", "--help"}).out);
  CHECK(parse({"help"}).out == parse({"--help"}).out);
}

TEST_CASE("regression: what is not built is not offered as a format", "[cli]") {
  auto const wrong = parse({"plan", "--format", "xml"});
  CHECK(wrong.ended == ExitCode::invalid);
  CHECK(wrong.err.find("xml is no format: text or json") != std::string::npos);
  CHECK(wrong.err.find("md") == std::string::npos);
}

TEST_CASE("command_line: no option takes the next one for its value", "[cli]") {
  auto const help = program_help();
  std::size_t options = 0;
  for (auto const& command : help.commands) {
    auto all = help.options;
    all.insert(all.end(), command.options.begin(), command.options.end());
    for (auto const& option : all) {
      if (option.value.empty() || option.optional) continue;
      auto const& name = option.names.back();
      CAPTURE(command.name, name);
      for (auto const* next : {"", "--format", "--yes", "-q"}) {
        std::vector<std::string> words{"mailstack"};
        std::istringstream parts(command.name);
        for (std::string word; parts >> word;) words.push_back(word);
        words.push_back(name);
        if (*next != 0) words.emplace_back(next);
        std::vector<char const*> argv;
        for (auto const& word : words) argv.push_back(word.c_str());
        auto const parsed = parse_command_line(static_cast<int>(argv.size()), argv.data());
        CHECK(parsed.ended == ExitCode::invalid);
        CHECK(parsed.err.starts_with(name + " needs a value; "));
      }
      ++options;
    }
  }
  CHECK(options > 100);
  CHECK(parse({"plan", "--only=-x"}).options.only == "-x");
}
