#include "reconciler/cli/manual.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/files/memory_files.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/roff.hpp"
#include "reconciler/manifest/load.hpp"
#include "tests/support/committed.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;
using namespace mailstack::cli;

namespace {

namespace fs = std::filesystem;

std::string program_page() { return program_manual(program_help(), program_version()); }

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

/// The names in `CALL("NAME")` of a source.
void add_names(std::string const& source, std::string const& call, std::set<std::string>& names) {
  for (auto at = source.find(call); at != source.npos; at = source.find(call, at + 1)) {
    auto const begin = at + call.size();
    names.insert(source.substr(begin, source.find('"', begin) - begin));
  }
}

/// Every variable of the environment that the program asks for by a name of its own.
std::set<std::string> variables_read() {
  std::set<std::string> names;
  for (auto const* folder : {"core", "providers", "reconciler"}) {
    for (auto const& file :
         fs::recursive_directory_iterator(fs::path(support::in_source("")) / folder)) {
      auto const path = file.path().string();
      if (!path.ends_with(".cpp") || path.ends_with("_test.cpp")) continue;
      std::ostringstream text;
      text << std::ifstream(path).rdbuf();
      add_names(text.str(), "getenv(\"", names);
      add_names(text.str(), "environment(\"", names);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("manual: the committed pages are those of the program's tables", "[cli]") {
  compare_committed("docs/man/mailstack.1", program_page());
  compare_committed("docs/man/mailstack.yaml.5", manifest_manual(all_keys(), program_version()));
}

TEST_CASE("manual: every command stands in mailstack(1), with its options and examples", "[cli]") {
  auto const page = program_page();
  auto const help = program_help();
  std::set<std::string> first_words;
  for (auto const& one : help.commands) {
    CAPTURE(one.name);
    first_words.insert(one.name.substr(0, one.name.find(' ')));
    CHECK(has(page, ".SS \"\\fB" + roff_literal("mailstack " + one.name) + "\\fR"));
    CHECK((!one.examples.empty() || one.name == "version"));
    for (auto const& option : one.options)
      for (auto const& name : option.names) CHECK(has(page, "\\fB" + roff_literal(name) + "\\fR"));
  }
  for (auto const& command : commands()) {
    CAPTURE(command.name);
    CHECK(first_words.count(std::string(command.name)) == 1);
  }
  for (auto const& option : help.options) CHECK_FALSE(option.what.empty());
  // What is not built is in no help.
  for (auto const* absent : {"mailstack import", "--online", "--out"})
    CHECK_FALSE(has(page, roff_literal(absent)));
  CHECK(has(page, "\\fB\\-\\-wait\\fR T\n"));
  CHECK(has(page, "\\fBmailstack alias add\\fR ADDRESS RECIPIENT ..."));
  CHECK(has(page, "\\fBmailstack history\\fR [OPTION ...] [OBJECT]"));
}

TEST_CASE("manual: every variable that the program reads stands in mailstack(1)", "[cli]") {
  auto const page = program_page();
  auto const read = variables_read();
  CHECK(read.count("NO_COLOR") == 1);
  CHECK(read.count("CREDENTIALS_DIRECTORY") == 1);
  for (auto const& name : read) {
    CAPTURE(name);
    CHECK(has(page, "\\fB" + name + "\\fR\n"));
  }
}

TEST_CASE("manual: every key and code stands in mailstack.yaml(5)", "[cli]") {
  auto const page = manifest_manual(all_keys(), "1.2.3");
  CHECK(has(page, "\n.TH \"MAILSTACK.YAML\" 5 \"\" \"mailstack 1.2.3\""));
  for (auto const& row : all_keys().rows()) {
    if (row.path.starts_with("defaults.domain.")) continue;
    CAPTURE(row.path);
    CHECK(has(page, "\n\\fB" + roff_literal(row.path) + "\\fR\n"));
  }
  for (auto const& code : all_codes())
    CHECK(has(page, "\n\\fB" + roff_literal(code.code) + "\\fR\n"));
}

TEST_CASE("manual: the manifest that it shows is valid", "[cli]") {
  files::MemoryFiles files;
  REQUIRE(files.make_directory("/m/secrets", {}));
  REQUIRE(files.write("/m/secrets/i@example.org", committed("examples/secrets/i@wac.tax"), {}));
  manifest::Diagnostics diagnostics;
  auto const made = manifest::load_text(files, "/m/mailstack.yaml", std::string(example_manifest),
                                        all_keys(), diagnostics);
  for (auto const& one : diagnostics.all()) UNSCOPED_INFO(one.code << ": " << one.message);
  CHECK(diagnostics.all().empty());
  REQUIRE(made);
}

TEST_CASE("roff: every sign is printed as it was written", "[cli]") {
  CHECK(roff_literal(R"(a\n-b)") == "a\\en\\-b");
  CHECK(roff_literal("'`\"^~") == "\\(aq\\(ga\\(dq\\(ha\\(ti");
  CHECK(roff_literal("→ ü 𝒳 …") == "\\[u2192] \\[u00FC] \\[u1D4B3] \\[u2026]");
  CHECK(roff_words("see `a-b`, `c` and d") == "see \\fBa\\-b\\fR, \\fBc\\fR and d");
}

TEST_CASE("roff: no line of a text becomes a request", "[cli]") {
  Page page("T", 1, "s", "m");
  page.paragraphs(".so /etc/passwd\n'br `.x`");
  page.lines(".de\n'x\n  in\n\n.e\n");
  page.entry(".tag");
  page.below("'below");
  page.below(".again");
  std::string const text = page.text();
  for (auto const* line : {"\n\\&.so ", "\n\\&.de\n\\(aqx\n  in\n\n\\&.e\n", ".TP\n\\&.tag\n",
                           "\n\\(aqbelow\n.br\n\\&.again\n"})
    CHECK(has(text, line));
  // Whatever begins a line with a dot is ours.
  std::istringstream lines(text);
  std::set<std::string> requests;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with('.')) requests.insert(line.substr(0, line.find(' ')));
  CHECK(requests == std::set<std::string>{".\\\"", ".TH", ".nr", ".nh", ".ad", ".PP", ".RS", ".EX",
                                          ".EE", ".RE", ".TP", ".br"});
}

TEST_CASE("roff: long lines are broken where a dot cannot begin one unseen", "[cli]") {
  Page page("T", 1, "s", "m");
  std::string text;
  for (int i = 0; i < 60; ++i) text += ".x ";
  page.paragraphs(text);
  std::istringstream lines(page.text());
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.size() <= 80);
    CHECK_FALSE(line.starts_with(".x"));
  }
}
