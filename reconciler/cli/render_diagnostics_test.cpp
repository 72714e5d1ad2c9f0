#include "reconciler/cli/render_diagnostics.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/files/memory_files.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/codes.hpp"
#include "reconciler/manifest/load.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;
namespace fs = std::filesystem;

namespace {

std::string read_text(fs::path const& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

fs::path const& folder() {
  static fs::path const one =
      fs::path(support::in_source("reconciler")) / "manifest" / "diagnostics";
  return one;
}

std::vector<fs::path> cases() {
  std::vector<fs::path> all;
  for (auto const& entry : fs::directory_iterator(folder()))
    if (entry.path().extension() == ".yaml") all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

manifest::Diagnostics problems_of(std::string const& name, std::string const& text) {
  files::MemoryFiles files;
  manifest::Diagnostics diagnostics;
  auto const sound =
      manifest::load_sound_text(files, "/m/" + name, text, cli::all_keys(), diagnostics);
  if (sound) features::check(*sound, TimePoint{}, diagnostics);
  diagnostics.sort();
  return diagnostics;
}

cli::SourceReader reader(std::string const& text) {
  return [text](std::string const&) { return text; };
}

manifest::Diagnostics one_at(unsigned column, unsigned octets) {
  manifest::Diagnostics diagnostics;
  diagnostics.error("unknown-key", {{"m.yaml", 1, column}, octets}, "wrong");
  return diagnostics;
}

}  // namespace

TEST_CASE("diagnostics: each manifest of the folder is told what its text says", "[cli]") {
  REQUIRE(cases().size() > 10);
  for (auto const& path : cases()) {
    auto const text = read_text(path);
    auto const diagnostics = problems_of(path.filename().string(), text);
    auto const told = cli::render_diagnostics(diagnostics, reader(text), {});
    auto wanted = path;
    wanted.replace_extension(".txt");
    if (std::getenv("UPDATE_GOLDEN")) std::ofstream(wanted) << told;
    INFO(path << ": UPDATE_GOLDEN=1 rewrites it");
    CHECK(told == read_text(wanted));
  }
}

TEST_CASE("diagnostics: errors and warnings say why, and what to do", "[cli]") {
  for (auto const& path : cases()) {
    auto const diagnostics = problems_of(path.filename().string(), read_text(path));
    for (auto const& one : diagnostics.all()) {
      if (one.severity == manifest::Severity::information) continue;
      INFO(path << ": " << one.code << ": " << one.message);
      CHECK_FALSE(one.cause.empty());
      CHECK_FALSE(one.remedy.empty());
    }
  }
}

TEST_CASE("diagnostics: a line without end is cut around the mark", "[cli]") {
  std::string const line = "a: " + std::string(100'000, '[');
  auto const told =
      cli::render_diagnostics(problems_of("m.yaml", line), reader(line), cli::Paper{});
  CHECK(told.size() < 2000);
  CHECK(told.find('^') != std::string::npos);
  std::string const value = "version: \"" + std::string(100'000, 'x') + "\"";
  auto const named =
      cli::render_diagnostics(problems_of("m.yaml", value), reader(value), cli::Paper{});
  CHECK(named.size() < 4000);
}

TEST_CASE("regression: a secret in a wrong form of reference is not shown either", "[cli]") {
  for (std::string const form :
       {"{plain: hunter2}", "{hash: hunter2, file: x}", "{hash: [hunter2]}", "{hsh: hunter2}",
        "{credential: {value: hunter2}}"}) {
    auto const text = "version: 1\ndomains:\n  a.example: {users: {i: {password: " + form + "}}}\n";
    auto const diagnostics = problems_of("m.yaml", text);
    auto const told = cli::render_diagnostics(diagnostics, reader(text), {});
    INFO(form << "\n" << told);
    CHECK(diagnostics.failed());
    CHECK(told.find("‹secret›") != std::string::npos);
    CHECK(told.find("hunter2") == std::string::npos);
    CHECK(cli::diagnostics_json(diagnostics).find("hunter2") == std::string::npos);
  }
}

TEST_CASE("diagnostics: no literal secret is ever shown", "[cli]") {
  auto const text = read_text(folder() / "form.yaml");
  auto const diagnostics = problems_of("form.yaml", text);
  for (auto const& told : {cli::render_diagnostics(diagnostics, reader(text), {}),
                           cli::diagnostics_json(diagnostics)}) {
    CHECK(told.find("hunter2") == std::string::npos);
    CHECK(told.find("correct horse") == std::string::npos);
  }
}

TEST_CASE("regression: a password in a URL is never shown", "[cli]") {
  for (std::string const url :
       {"https://admin:hunter2@ns1:8081", "https://hunter2@ns1:8081", "ftp://admin:hunter2@ns1",
        "admin:hunter2@ns1:8081", "https://admin:hunter2/x@ns1:8081"}) {
    auto const text = "version: 1\ndns:\n  providers:\n    ns1: {type: powerdns, url: \"" + url +
                      "\", key: {credential: k}}\n";
    auto const diagnostics = problems_of("m.yaml", text);
    CAPTURE(url);
    REQUIRE(diagnostics.failed());
    auto const told = cli::render_diagnostics(diagnostics, reader(text), {});
    CHECK(told.find("error[literal-secret]: a user or password does not stand in a URL") !=
          std::string::npos);
    CHECK(told.find("‹secret›") != std::string::npos);
    CHECK(told.find("hunter2") == std::string::npos);
    CHECK(cli::diagnostics_json(diagnostics).find("hunter2") == std::string::npos);
  }
  auto const fine = problems_of("m.yaml",
                                "version: 1\ndns:\n  providers:\n    ns1: {type: powerdns, url: "
                                "\"https://ns1:8081/a@b\", key: {credential: k}}\n");
  for (auto const& one : fine.all()) CHECK(one.code != "literal-secret");
}

TEST_CASE("diagnostics: every code that a manifest can meet is taught", "[cli]") {
  std::set<std::string_view> taught;
  for (auto const& code : cli::all_codes()) {
    INFO(code.code);
    CHECK(taught.insert(code.code).second);
  }
  std::set<std::string> seen;
  for (auto const& path : cases()) {
    auto const diagnostics = problems_of(path.filename().string(), read_text(path));
    for (auto const& one : diagnostics.all()) seen.insert(one.code);
  }
  for (auto const& code : seen) {
    INFO(code);
    CHECK(taught.contains(code));
  }
  CHECK(seen.size() > 40);
  // The rules of features have a table of their own; what needs files is tried with include/ and
  // from the command line.
  std::set<std::string_view> const with_files{"manifest-unreadable", "include-outside",
                                              "include-not-yaml", "include-nested"};
  for (auto const& code : manifest::codes()) {
    INFO(code.code << " stands in no manifest of the folder");
    CHECK((seen.contains(std::string(code.code)) || with_files.contains(code.code)));
  }
}

TEST_CASE("diagnostics: the caret stands under the text by display width", "[cli]") {
  auto const caret = [](std::string const& line, unsigned column, unsigned octets,
                        std::size_t width) {
    cli::Paper paper;
    paper.width = width;
    auto const told = cli::render_diagnostics(one_at(column, octets), reader(line), paper);
    std::istringstream lines(told);
    std::string found;
    for (int i = 0; i < 3; ++i) std::getline(lines, found);
    return found;
  };
  CHECK(caret("ab: cd", 5, 2, 0) == "    |     ^^");
  CHECK(caret("例え: cd", 9, 2, 0) == "    |       ^^");    // two wide characters
  CHECK(caret("e\xcc\x81: cd", 6, 2, 0) == "    |    ^^");  // a combining accent takes no column
  CHECK(caret("\tab", 2, 2, 0) == "    |  ^^");
  CHECK(caret("例", 1, 3, 0) == "    | ^^");
  CHECK(caret("ab", 3, 0, 0) == "    |   ^");
  // Cut on both sides: the mark stays in sight.
  auto const cut = caret(std::string(200, 'a') + "XY" + std::string(200, 'b'), 201, 2, 60);
  CHECK(cut.find("^^") != std::string::npos);
  CHECK(cli::columns(cut) <= 60);
}

TEST_CASE("diagnostics: what stands in a file cannot steer the terminal", "[cli]") {
  auto const told = cli::render_diagnostics(one_at(1, 1), reader("a\x1b[31m\x9b"), {});
  CHECK(told.find('\x1b') == std::string::npos);
  CHECK(told.find("\\x1b") != std::string::npos);
}

TEST_CASE("diagnostics: JSON holds every part", "[cli]") {
  auto diagnostics = one_at(3, 2);
  diagnostics.warning("w", {{"m.yaml", 2, 1}, 1}, "careful");
  auto const document = nlohmann::json::parse(cli::diagnostics_json(diagnostics));
  CHECK(document["version"] == 1);
  CHECK(document["errors"] == 1);
  CHECK(document["warnings"] == 1);
  CHECK(document["diagnostics"][0]["column"] == 3);
  CHECK(document["diagnostics"][0]["length"] == 2);
  CHECK(document["diagnostics"][1]["severity"] == "warning");
}

TEST_CASE("diagnostics: the JSON of each manifest of the folder fits the schema", "[cli]") {
  auto const schema =
      read_text(fs::path(support::in_source("schemas")) / "diagnostics.schema.json");
  for (auto const& path : cases()) {
    auto const document =
        cli::diagnostics_json(problems_of(path.filename().string(), read_text(path)));
    auto const violations = support::schema_violations(schema, document);
    CAPTURE(path, violations);
    CHECK(violations.empty());
  }
  CHECK(support::schema_violations(schema, "{}").size() == 4);
}

TEST_CASE("diagnostics: quiet shows errors only, and the summary counts", "[cli]") {
  auto diagnostics = one_at(1, 1);
  diagnostics.warning("w", {{"m.yaml", 1, 1}, 1}, "careful");
  cli::Paper quiet;
  quiet.quiet = true;
  auto const told = cli::render_diagnostics(diagnostics, reader("a"), quiet);
  CHECK(told.find("careful") == std::string::npos);
  CHECK(told.ends_with("1 error\n"));
  CHECK(cli::render_diagnostics(diagnostics, reader("a"), {}).ends_with("1 error, 1 warning\n"));
  CHECK(cli::render_diagnostics({}, reader("a"), {}).empty());
}
