#include "daemon/control/requests.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "daemon/control/operations_twin.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;
using namespace mailstack::control;
using nlohmann::json;

namespace {

std::string told(std::string const& line, OperationsTwin& twin) {
  std::string text;
  answer(line, twin, [&](std::string one) { text = std::move(one); });
  return text;
}

json ask(OperationsTwin& twin, std::string const& line) {
  auto const text = told(line, twin);
  CAPTURE(line, text);
  REQUIRE(text.find('\n') == text.size() - 1);
  return json::parse(text);
}

std::string error_of(std::string const& line) {
  OperationsTwin twin;
  auto const told = ask(twin, line);
  CHECK(twin.did.empty());
  if (!told.contains("error")) return told.dump();
  return told["error"]["code"].get<std::string>() + ": " + told["error"]["what"].get<std::string>();
}

}  // namespace

TEST_CASE("control: status says what is loaded, and what is wrong with it", "[control]") {
  OperationsTwin twin;
  auto const told = ask(twin, R"({"do":"status"})");
  CHECK(told["version"] == "1.0.0");
  CHECK(told["pid"] == 4711);
  CHECK(told["ready"] == true);
  CHECK(told["started"] == "2026-11-26T13:33:20Z");
  CHECK(told["digests"]["chasquid.conf"] == std::string(64, 'a'));
  CHECK(told["digests"].size() == 2);
  CHECK(told["problems"][0]["path"] == "/etc/mailstackd/domains/example.org/aliases");
  CHECK(told["problems"][0]["what"] == "no ':' between name and recipients");
  CHECK(told["listeners"][1]["service"] == "submissions");
  CHECK(told["keys"][1]["signs"] == false);
  CHECK(told["spool"]["messages"] == 2);
  CHECK_FALSE(told.contains("reading_since"));
  twin.state.reading_since = twin.state.started;
  CHECK(ask(twin, R"({"do":"status"})")["reading_since"] == "2026-11-26T13:33:20Z");
}

TEST_CASE("control: a list is paged, and says where it goes on", "[control]") {
  OperationsTwin twin;
  auto const first = ask(twin, R"({"do":"queue list","most":1})");
  REQUIRE(first["messages"].size() == 1);
  CHECK(first["messages"][0]["sender"] == "bob@example.org");
  CHECK(first["messages"][0]["state"] == "waiting");
  CHECK(first["messages"][0]["waiting"] == 1);
  CHECK(first["messages"][0]["recipients"].size() == 1);  // who is done is not listed
  CHECK(first["next"] == first["messages"][0]["id"]);
  auto const second =
      ask(twin, json{{"do", "queue list"}, {"after", first["next"]}, {"most", 2}}.dump());
  REQUIRE(second["messages"].size() == 1);
  CHECK(second["messages"][0]["state"] == "held");
  CHECK(second["messages"][0]["bounce"] == true);
  // Nobody tries what is held: a time would be a lie.
  CHECK_FALSE(second["messages"][0].contains("next"));
  CHECK_FALSE(second["messages"][0]["recipients"][0].contains("next"));
  CHECK_FALSE(second.contains("next"));
}

TEST_CASE("control: a long list of recipients is cut, and counted", "[control]") {
  OperationsTwin twin;
  auto& entry = twin.entries.begin()->second;
  entry.envelope.recipients.assign(50, entry.envelope.recipients[0]);
  auto const listed = ask(twin, R"({"do":"queue list"})")["messages"][0];
  CHECK(listed["recipients"].size() == 20);
  CHECK(listed["waiting"] == 50);
  auto const id = queue::format_id(entry.id);
  auto const shown = ask(twin, R"({"do":"queue show","id":")" + id + "\"}")["message"];
  CHECK(shown["recipients"].size() == 50);
}

TEST_CASE("control: a message is shown with its content, whatever octets it has", "[control]") {
  OperationsTwin twin;
  auto const id = queue::format_id(twin.entries.begin()->first);
  auto const bare = ask(twin, R"({"do":"queue show","id":")" + id + "\"}");
  CHECK(bare["message"]["recipients"][0]["reply"] == "450 4.2.0 greylisted");
  CHECK(bare["message"]["recipients"][1]["status"] == "delivered");
  CHECK_FALSE(bare.contains("content"));
  auto& piped = twin.entries.begin()->second.envelope.recipients[0];
  piped.way = queue::Way::pipe;
  piped.address = "/bin/ingest --token 5ecret";
  CHECK(ask(twin, R"({"do":"queue show","id":")" + id +
                      "\"}")["message"]["recipients"][0]["address"] == "/bin/ingest");
  auto const line = R"({"do":"queue show","content":true,"id":")" + id + "\"}";
  CHECK(ask(twin, line)["content"] == twin.message);
  twin.message = std::string("\xff\0", 2);
  CHECK(ask(twin, line)["content_base64"] == "/wA=");
  CHECK(error_of(R"({"do":"queue show","id":"0000000000007"})") ==
        "not_found: no such message in the queue");
}

TEST_CASE("control: a message is shown with its content as it stood when that was asked",
          "[control]") {
  OperationsTwin twin;
  auto const id = queue::format_id(twin.entries.begin()->first);
  auto const line = R"({"do":"queue show","content":true,"id":")" + id + "\"}";
  twin.hold_back = true;
  std::string text;
  answer(line, twin, [&](std::string one) { text = std::move(one); });
  CHECK(text.empty());
  REQUIRE(twin.held.size() == 1);
  // Nobody looks at the queue beside its loop.
  twin.entries.begin()->second.envelope.sender = "changed@example.org";
  twin.held[0]();
  CHECK(json::parse(text)["message"]["sender"] == "bob@example.org");
  CHECK(json::parse(text)["content"] == twin.message);
  // It left while it was being read.
  answer(line, twin, [&](std::string one) { text = std::move(one); });
  twin.entries.clear();
  twin.held[1]();
  CHECK(json::parse(text)["error"]["code"] == "not_found");
}

TEST_CASE("control: what changes the queue says how many it changed", "[control]") {
  OperationsTwin twin;
  CHECK(ask(twin, R"({"do":"queue flush"})")["count"] == 1);
  CHECK(ask(twin, R"({"do":"queue hold","sender":"<>"})")["count"] == 0);
  CHECK(ask(twin, R"({"do":"queue release","held":true})")["count"] == 1);
  CHECK(ask(twin, R"({"do":"queue remove","all":true})")["count"] == 2);
  CHECK(ask(twin, R"({"do":"queue remove","sender":"bob@*","bounce":true})")["count"] == 1);
  CHECK(twin.did == std::vector<std::string>{"flush 1", "hold 0", "release 1", "remove 2",
                                             "remove and tell 1"});
  CHECK(ask(twin, R"({"do":"reload"})")["problems"].size() == 1);
  CHECK(ask(twin, R"({"do":"stop"})") == json::object());
  CHECK(twin.did.back() == "stop");
  CHECK(ask(twin, R"({"do":"metrics"})")["metrics"] == "# TYPE a counter\na 1\n");
  auto const stats = ask(twin, R"({"do":"queue stats","most":5})");
  CHECK(stats["oldest"] == 1260);
  CHECK(stats["destinations"][0]["window"] == 5);
}

TEST_CASE("control: what is not understood changes nothing", "[control]") {
  // A typing error in a filter must not come to mean every message.
  CHECK(error_of(R"({"do":"queue remove","sendr":"x@y.example"})") ==
        "invalid: `sendr` is no member of this request");
  CHECK(error_of(R"({"do":"queue remove"})") ==
        "invalid: no filter: say `all` where every message is meant");
  CHECK(error_of(R"({"do":"queue remove","all":false})") ==
        "invalid: no filter: say `all` where every message is meant");
  CHECK(error_of(R"({"do":"queue hold"})") ==
        "invalid: no filter: say `all` where every message is meant");
  CHECK(error_of(R"({"do":"queue hold","all":true,"held":false})") ==
        "invalid: `all` and a filter exclude each other");
  CHECK(error_of(R"({"do":"queue remove","sender":""})") == "invalid: `sender` is empty");
  CHECK(error_of(R"({"do":"queue remove","sender":1})") == "invalid: `sender` is no text");
  CHECK(error_of(R"({"do":"queue remove","id":"x"})") ==
        "invalid: not the id of a message in the queue: x");
  CHECK(
      error_of(R"({"do":"queue remove","older_than":"soon"})").starts_with("invalid: older_than"));
  CHECK(error_of(R"({"do":"queue show"})") == "invalid: `id` is missing");
  CHECK(error_of(R"({"do":"queue list","most":0})") ==
        "invalid: `most` is no number from 1 to 1000");
  CHECK(error_of(R"({"do":"queue list","most":1001})") ==
        "invalid: `most` is no number from 1 to 1000");
  CHECK(error_of(R"({"do":"queue list","most":-1})") ==
        "invalid: `most` is no number from 1 to 1000");
  CHECK(error_of(R"({"do":"queue list","held":"yes"})") ==
        "invalid: `held` is neither true nor false");
  CHECK(error_of(R"({"do":"status","all":true})") == "invalid: `all` is no member of this request");
  CHECK(error_of(R"({"do":"explode"})") == "invalid: `do` asks for what there is not");
  CHECK(error_of(R"({"do":1})") == "invalid: `do` is missing");
  for (auto const* line : {"", "[]", "{", "\"status\"", "{\"do\":\"status\"} x", "\xff"})
    CHECK(error_of(line) == "invalid: the line is no JSON object");
}

TEST_CASE("control: a request is written as it is read", "[control]") {
  Request request;
  request.what = Request::Do::queue_remove;
  request.filter.sender = "a\"b@example.org";
  request.filter.older_than = Duration(5400);
  request.filter.held = false;
  request.bounce = true;
  auto const line = format(request);
  CHECK(
      line ==
      R"({"do":"queue remove","sender":"a\"b@example.org","held":false,"older_than":"1h30m","bounce":true})");
  auto const read = parse_request(line);
  REQUIRE(read);
  CHECK(format(*read) == line);
}

TEST_CASE("control: lines come in pieces and many at once", "[control]") {
  OperationsTwin twin;
  std::string said;
  RequestLines lines(twin, [&](std::string const& one) { said += one; });
  auto const says = [&](std::string_view octets) {
    lines.receive(octets);
    return std::exchange(said, {});
  };
  CHECK(says(R"({"do":"queue )").empty());
  CHECK(says("flush\"}\n{\"do\":") == "{\"count\":1}\n");
  CHECK(says("\"queue flush\"}\n{\"do\":\"queue flush\"}\n") == "{\"count\":1}\n{\"count\":1}\n");
  CHECK_FALSE(lines.over());
  std::string const most(most_request, 'x');
  CHECK(says(most).empty());
  CHECK(says("x").starts_with(R"({"error":{"code":"invalid")"));
  CHECK(lines.over());
  CHECK(says("\n{\"do\":\"stop\"}\n").empty());
  CHECK(twin.did.back() == "flush 1");
}

TEST_CASE("control: a request waits for the answer to the one before it", "[control]") {
  OperationsTwin twin;
  twin.hold_back = true;
  std::string said;
  std::optional<RequestLines> lines(std::in_place, twin, [&](auto const& one) { said += one; });
  lines->receive("{\"do\":\"reload\"}\n{\"do\":\"queue flush\"}\n{\"do\":\"st");
  CHECK(said.empty());
  CHECK(lines->busy());
  CHECK(twin.did == std::vector<std::string>{"reload"});
  std::exchange(twin.held, {}).front()();
  CHECK(said.starts_with("{\"problems\":"));
  CHECK(said.ends_with("}\n{\"count\":1}\n"));
  CHECK_FALSE(lines->busy());
  lines->receive("op\"}\n");
  CHECK(twin.did.back() == "stop");

  // What waits behind a request has a limit, and a peer that went away hears nothing.
  lines->receive("{\"do\":\"reload\"}\n");
  said.clear();
  lines->receive(std::string(most_waiting + 1, '\n'));
  CHECK(said.starts_with(R"({"error":{"code":"invalid")"));
  CHECK(lines->over());
  lines.reset();
  said.clear();
  twin.held.front()();
  CHECK(said.empty());
}

TEST_CASE("control: the examples of docs/control.md are what the daemon answers", "[control]") {
  auto const path = support::in_source("docs/control.md");
  std::ifstream file(path);
  OperationsTwin twin;
  twin.state.version = MAILSTACK_VERSION;
  std::string page;
  std::string question;
  std::size_t examples = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("> ")) question = line.substr(2);
    if (!line.starts_with("< ") || question.empty()) {
      page += line + "\n";
      continue;
    }
    CAPTURE(question);
    auto const said = told(question, twin);
    page += "< " + said;
    if (std::getenv("UPDATE_GOLDEN") == nullptr) CHECK(said == line.substr(2) + "\n");
    question.clear();
    ++examples;
  }
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << page;
  CHECK(examples >= 12);
}
