#include "reconciler/engine/journal.hpp"

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"

using namespace mailstack;
using namespace mailstack::engine;

namespace {

constexpr char const* path = "/state/journal.jsonl";

Record intent() {
  Record record;
  record.event = "intent";
  record.run = "20261124T120000-0a1b2c3d";
  record.at = TimePoint(Duration(1'795'521'600));
  record.address = "dns_record/example.org./example.org./TXT/spf";
  record.action = "update";
  record.cause = "manifest";
  record.description = "TXT example.org \"v=spf1 mx ~all\"";
  record.before = R"({"value":"\"v=spf1 -all\"","ttl":300})";
  record.after = R"({"value":"\"v=spf1 mx ~all\"","ttl":300})";
  record.lane = "provider/local";
  return record;
}

Record ended(int code) {
  Record record;
  record.event = "end";
  record.run = "r";
  record.at = TimePoint(Duration(1'795'521'601));
  record.exit_code = code;
  return record;
}

}  // namespace

TEST_CASE("journal: a record there and back is the same", "[engine]") {
  for (auto const& record : {intent(), ended(6)}) {
    auto const back = parse_record(format_record(record));
    REQUIRE(back);
    CHECK(*back == record);
  }
}

TEST_CASE("journal: a line keeps its spelling and its sum", "[engine]") {
  Record record;
  record.event = "intent";
  record.run = "r1";
  record.at = TimePoint(Duration(1'767'323'045));
  record.address = "shelf/a";
  record.action = "update";
  record.before = R"({"value":"a\"b"})";
  record.after = R"({"value":"c"})";
  record.lane = "host/mx1";
  // The sum was computed by another program.
  CHECK(format_record(record) ==
        R"({"event":"intent","run":"r1","at":"2026-01-02T03:04:05Z","address":"shelf/a",)"
        R"("action":"update","before":{"value":"a\"b"},"after":{"value":"c"},"lane":"host/mx1",)"
        R"("sum":"52f15a73"})"
        "\n");
}

TEST_CASE("journal: what is no JSON on one line stands there as text", "[engine]") {
  for (auto const* text : {"not JSON", "{\n}", "{\"a\":"}) {
    Record record = intent();
    record.before = text;
    auto const line = format_record(record);
    CHECK(line.find('\n') == line.size() - 1);
    auto const back = parse_record(line);
    REQUIRE(back);
    CHECK(back->before == text);
  }
}

TEST_CASE("journal: any changed octet breaks the sum", "[engine]") {
  auto const line = format_record(intent());
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    auto changed = line;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    INFO("octet " << i);
    CHECK_FALSE(parse_record(changed));
  }
}

TEST_CASE("journal: a sum that does not fit is refused", "[engine]") {
  auto forged = format_record(ended(0));
  auto const sum = forged.rfind("\"sum\":\"");
  REQUIRE(sum != std::string::npos);
  CHECK(forged.substr(sum + 15) == "\"}\n");
  forged.replace(sum + 7, 8, "00000000");
  CHECK_FALSE(parse_record(forged));
}

TEST_CASE("journal: a line that a crash cut short is named, and what follows is read", "[engine]") {
  files::MemoryFiles files;
  REQUIRE(files.make_directory("/state", {}));
  auto journal = Journal::open(files, path);
  REQUIRE(journal);
  REQUIRE(journal->append({intent()}));
  auto const whole = *files.read(path);
  for (std::size_t cut = 1; cut < format_record(ended(0)).size(); cut += 7) {
    REQUIRE(files.write(path, whole + format_record(ended(0)).substr(0, cut), {}));
    auto again = Journal::open(files, path);
    REQUIRE(again);
    REQUIRE(again->append({ended(3)}));
    auto const contents = parse_journal(*files.read(path));
    INFO("cut after " << cut);
    REQUIRE(contents.records.size() == 2);
    CHECK(contents.records[1].exit_code == 3);
    CHECK(contents.damage.starts_with("line 3: "));
  }
}

TEST_CASE("journal: a line of brackets alone does not end the process", "[engine]") {
  auto record = intent();
  std::size_t const depth = 200'000;
  record.before = std::string(depth, '[') + std::string(depth, ']');
  auto const back = parse_record(format_record(record));
  REQUIRE(back);
  CHECK(*back == record);  // kept as text
  CHECK(parse_journal(std::string(depth, '[') + "\n" + format_record(ended(0))).records.size() ==
        1);
  // The sum fits: a record whose fields are an object that is nested too deeply.
  record.before = "{\"a\":" + record.before + "}";
  CHECK(parse_record(format_record(record))->before == record.before);
}

TEST_CASE("journal: fields that are no object come back as they were", "[engine]") {
  for (auto const* text : {"5", "\"5\"", "[1]", "null", "not JSON"}) {
    auto record = intent();
    record.before = text;
    CHECK(parse_record(format_record(record))->before == text);
  }
}

TEST_CASE("journal: a full disk is an error before the write, and nothing is half there",
          "[engine]") {
  files::MemoryFiles files;
  REQUIRE(files.make_directory("/state", {}));
  auto journal = Journal::open(files, path);
  REQUIRE(journal);
  files.set_free_space(3);
  auto const appended = journal->append({intent()});
  REQUIRE_FALSE(appended);
  CHECK(appended.error().code == ErrorCode::unavailable);
  files.set_free_space(std::nullopt);
  REQUIRE(journal->append({ended(0)}));
  CHECK(parse_journal(*files.read(path)).records.back().event == "end");
}

TEST_CASE("journal: one that keeps nothing accepts everything", "[engine]") {
  Journal nowhere;
  CHECK(nowhere.append({intent()}));
}
