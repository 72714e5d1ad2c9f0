#include "reconciler/cli/render_history.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::cli;
using engine::Record;

namespace {

std::vector<Record> journal() {
  auto const at = *parse_time("2026-11-24T16:12:23Z");
  Record begin, intent, result, look, end;
  begin.event = "begin";
  begin.run = intent.run = result.run = end.run = "r1";
  begin.at = intent.at = result.at = look.at = end.at = at;
  begin.command = "apply";
  begin.revision = "0123456789abcdef0123";
  intent.event = "intent";
  result.event = "result";
  intent.address = result.address = look.address = "dns_record/example.org./www.example.org./A/x";
  result.action = "create";
  result.description = "A www.example.org x";
  look.event = "look";
  look.run = "r2";
  look.note = "gone";
  end.event = "end";
  return {begin, intent, result, end, look};
}

}  // namespace

TEST_CASE("render_history: what was done and seen, by which run and commit", "[cli]") {
  auto const all = journal();
  auto const shown = select_history(all, "", 10);
  REQUIRE(shown.size() == 2);
  auto const text = render_history(shown, all, {});
  CHECK(text.find("2026-11-24T16:12:23Z  + A www.example.org x\n") != std::string::npos);
  CHECK(text.find("by apply at 0123456789ab, run r1\n") != std::string::npos);
  CHECK(text.find("was changed by hand: gone") != std::string::npos);
}

TEST_CASE("regression: history says to what a thing was changed by hand", "[cli]") {
  auto look = journal().back();
  auto const said = [&] { return render_history({look}, {}, {}); };
  look.note = "changed";
  look.before = R"({"value":"203.0.113.80","ttl":300,"needs":["a"]})";
  look.after = R"({"value":"192.0.2.66","ttl":60})";
  CHECK(said().find("was changed by hand: 203.0.113.80 → 192.0.2.66; ttl 300 → 60\n") !=
        std::string::npos);
  look.note = "gone; in its place A x 192.0.2.1; in its place A x 192.0.2.2";
  CHECK(said().find("was changed by hand: replaced by A x 192.0.2.1, A x 192.0.2.2\n") !=
        std::string::npos);
  look.note = "changed";
  look.before = R"({"state":"active","hash_digest":"0123456789abcdef"})";
  look.after = R"({"state":"active","hash_digest":"fedcba9876543210"})";
  CHECK(said().find("was changed by hand: another password\n") != std::string::npos);
  look.after = R"({"state":"disabled","hash_digest":"fedcba9876543210"})";
  CHECK(said().find("state active → disabled\n") != std::string::npos);
  CHECK(said().find("fedcba") == std::string::npos);
}

TEST_CASE("regression: history of a name that is none says so, with the nearest", "[cli]") {
  auto const all = journal();
  CHECK(matches_nothing(all, "wwww.example.org") ==
        "nothing is recorded of `wwww.example.org`. Did you mean www.example.org?");
  CHECK(matches_nothing({}, "x") == "nothing is recorded of `x`: the journal is empty");
}

TEST_CASE("render_history: a commit that is not the whole truth is not named as if it were",
          "[cli]") {
  auto all = journal();
  all.front().note = "with uncommitted changes";
  auto const run = select_history(all, "r1", 10);
  REQUIRE(run.size() == 1);
  auto const text = render_history(run, all, {});
  CHECK(text.find("by apply at 0123456789ab with uncommitted changes, run r1\n") !=
        std::string::npos);
}

TEST_CASE("render_history: an object is a word or a glob, and the newest lines count", "[cli]") {
  auto const all = journal();
  CHECK(select_history(all, "www", 10).size() == 2);
  CHECK(select_history(all, "dns_record/*", 10).size() == 2);
  CHECK(select_history(all, "mail.example.org", 10).empty());
  auto const last = select_history(all, "", 1);
  REQUIRE(last.size() == 1);
  CHECK(last[0].event == "look");
  CHECK(render_history({}, all, {}) == "Nothing is recorded.\n");
}
