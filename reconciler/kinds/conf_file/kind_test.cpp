#include "reconciler/kinds/conf_file/spec.hpp"

#include <catch2/catch.hpp>

#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_conf_file(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using engine::Observation;
using Standing = engine::Observation::Standing;

namespace {

constexpr char const* path = "/etc/chasquid/chasquid.conf";

engine::Resource wish(std::string content) {
  return conf_file::file("mx1", path, std::move(content), "0640", "chasquid");
}

struct Bench : support::KindBench {
  Bench() { REQUIRE(files.make_directory("/etc", {0755, {}, {}})); }
  std::unique_ptr<engine::Kind> kind() { return make_conf_file(inputs, doors()); }
  void write(std::string_view content,
             files::Attributes const& attributes = {0640, "root", "chasquid"}) {
    if (!files.stat("/etc/chasquid"))
      REQUIRE(files.make_directory("/etc/chasquid", {0755, {}, {}}));
    REQUIRE(files.write(path, content, attributes));
  }
};

Observation live(std::string content, std::string mode = "0640") {
  return Observation::of({{"content", std::move(content)}, {"mode", std::move(mode)}});
}

bool all_done(std::vector<Result<>> const& results) {
  for (auto const& result : results)
    if (!result) FAIL_CHECK(result.error().what);
  return !results.empty();
}

}  // namespace

TEST_CASE("conf_file: an address is a host and a path", "[conf_file]") {
  auto const file = wish("x\n");
  CHECK(file.address.text() == "conf_file/mx1/etc/chasquid/chasquid.conf");
  CHECK(conf_file::path_of(file.address) == path);
  CHECK(conf_file::path_of({"conf_file", "mx1"}).empty());
  CHECK(conf_file::path_of({"alias", "mx1/etc/x"}).empty());
  CHECK(conf_file::laws().describe(file.address, file.spec) == std::string("file ") + path);
}

TEST_CASE("conf_file: a difference is shown by its lines", "[conf_file]") {
  using Lines = std::vector<std::string>;
  struct {
    std::string before, after;
    Lines reasons;
  } const cases[] = {
      {"a\nb\nc\n", "a\nb\nc\n", {}},
      {"a\nb\nc\n", "a\nB\nc\n", {"- b", "+ B"}},
      {"a\nb\nc\nd\n", "b\nc\nx\nd\n", {"- a", "+ x"}},
      {"", "a\n", {"+ a"}},
      {"a\n", "", {"- a"}},
      {"a\n", "a", {"the final newline differs"}},
      {"a\na\n", "a\n", {"- a"}},
  };
  for (auto const& row : cases) {
    CAPTURE(row.before, row.after);
    auto const verdict = conf_file::laws().diff(wish(row.after).spec, live(row.before), {});
    CHECK(verdict.reasons == row.reasons);
    CHECK(verdict.action == (row.reasons.empty() ? Action::none : Action::update));
  }
}

TEST_CASE("conf_file: long differences are cut, huge ones are counted", "[conf_file]") {
  std::string many;
  for (int i = 0; i < 100; ++i) many += std::to_string(i) + "\n";
  auto const cut = conf_file::laws().diff(wish(many).spec, live(""), {}).reasons;
  REQUIRE(cut.size() == 21);
  CHECK(cut.back() == "… 80 more lines");
  std::string huge;
  for (int i = 0; i < 5000; ++i) huge += "a" + std::to_string(i) + "\n";
  std::string other;
  for (int i = 0; i < 5000; ++i) other += "b" + std::to_string(i) + "\n";
  CHECK(conf_file::laws().diff(wish(huge).spec, live(other), {}).reasons ==
        std::vector<std::string>{"5000 lines become 5000"});
}

TEST_CASE("conf_file: chasquid.conf is compared by its values", "[conf_file]") {
  auto file = wish("hostname: \"smtp.wac.tax\"\nmax_data_size_mb: 50\n");
  auto const spaced = live("# by hand\nmax_data_size_mb:  0x32,hostname: 'smtp.' 'wac.tax'");
  CHECK(conf_file::laws().diff(file.spec, spaced, {}).action == Action::update);
  conf_file::compare_as_text_proto(file);
  CHECK(conf_file::laws().diff(file.spec, spaced, {}).action == Action::none);
  CHECK(conf_file::laws().diff(file.spec, live("hostname: \"x\"\n"), {}).action == Action::update);
  CHECK(conf_file::laws().diff(file.spec, live("hostname: \"smtp"), {}).action == Action::update);
}

TEST_CASE("conf_file: mode and ownership count where they can be seen", "[conf_file]") {
  auto const verdict = conf_file::laws().diff(wish("a\n").spec, live("a\n", "0644"), {});
  CHECK(verdict.reasons == std::vector<std::string>{"mode 0644 → 0640"});
  auto root = live("a\n");
  root.state.set("group", std::string("root"));
  CHECK(conf_file::laws().diff(wish("a\n").spec, root, {}).reasons ==
        std::vector<std::string>{"group root → chasquid"});
}

TEST_CASE("conf_file: drift is told as applied → as found, a plan the other way", "[conf_file]") {
  auto const verdict = conf_file::laws().diff(wish("a\nb\n").spec, live("a\nx\n", "0666"), {});
  CHECK(verdict.reasons == std::vector<std::string>{"- x", "+ b", "mode 0666 → 0640"});
  CHECK(verdict.drift == std::vector<std::string>{"- b", "+ x", "mode 0640 → 0666"});
}

TEST_CASE("conf_file: made with its directory, changed, removed", "[conf_file]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {wish("a\n")})));
  CHECK(bench.files.read(path) == "a\n");
  CHECK(bench.files.stat(path)->mode == 0640);
  CHECK(bench.files.stat(path)->group == "chasquid");
  CHECK(bench.plan(*kind, {wish("a\n")}).empty());
  CHECK(all_done(bench.apply(*kind, {wish("b\n")})));
  CHECK(bench.files.read(path) == "b\n");
  CHECK(all_done(kind->remove("host/mx1", std::vector{bench.removal(*kind, wish("b\n"))})));
  CHECK_FALSE(bench.files.read(path));
  CHECK(all_done(kind->remove("host/mx1", std::vector{bench.removal(*kind, wish("b\n"))})));
}

TEST_CASE("conf_file: an owner that nobody wishes stays", "[conf_file]") {
  Bench bench;
  bench.write("a\n", {0600, "chasquid", "adm"});
  auto const kind = bench.kind();
  auto file = wish("b\n");
  file.spec.erase("group");
  CHECK(all_done(bench.apply(*kind, {file})));
  CHECK(bench.files.stat(path)->owner == "chasquid");
  CHECK(bench.files.stat(path)->group == "adm");
  CHECK(bench.files.stat(path)->mode == 0640);
}

TEST_CASE("conf_file: a foreign edit between plan and write is a conflict", "[conf_file]") {
  for (auto const action : {Action::update, Action::remove}) {
    Bench bench;
    bench.write("a\n");
    auto const kind = bench.kind();
    auto step = action == Action::update ? bench.plan(*kind, {wish("b\n")}).front()
                                         : bench.removal(*kind, wish("a\n"));
    bench.write("by hand\n");
    auto const results = kind->put("host/mx1", std::vector{step});
    REQUIRE_FALSE(results[0]);
    CHECK(results[0].error().code == ErrorCode::conflict);
    CHECK(bench.files.read(path) == "by hand\n");
  }
  Bench bench;
  auto const kind = bench.kind();
  auto const steps = bench.plan(*kind, {wish("b\n")});
  bench.write("by hand\n");
  CHECK_FALSE(kind->put("host/mx1", steps)[0]);
  bench.write("b\n");
  CHECK(kind->put("host/mx1", steps)[0]);
}

TEST_CASE("conf_file: what is no text, a directory or unreadable is blind", "[conf_file]") {
  Bench bench;
  auto const kind = bench.kind();
  bench.write("\xff\xfe");
  CHECK(bench.look(*kind, {wish("a\n")}).desired[0].blind_reason ==
        std::string(path) + " is not UTF-8 text: move it away");
  bench.write(std::string(1024 * 1024 + 1, 'x'));
  CHECK(bench.look(*kind, {wish("a\n")}).desired[0].standing == Standing::blind);
  REQUIRE(bench.files.remove(path));
  REQUIRE(bench.files.make_directory(path, {0755, {}, {}}));
  CHECK(bench.look(*kind, {wish("a\n")}).desired[0].blind_reason ==
        std::string(path) + " is a directory: move it away");
  REQUIRE(bench.files.remove(path));
  bench.write("a\n");
  bench.files.set_unreadable("/etc/chasquid");
  CHECK(bench.look(*kind, {wish("a\n")}).desired[0].standing == Standing::blind);
}

TEST_CASE("conf_file: what a package shipped needs no adoption, what somebody edited does",
          "[conf_file]") {
  Bench bench;
  auto const kind = bench.kind();
  REQUIRE(bench.files.make_directory("/var/lib/dpkg", {0755, {}, {}}));
  REQUIRE(bench.files.write("/var/lib/dpkg/status",
                            "Package: chasquid\nConffiles:\n /etc/chasquid/README 0123\n " +
                                std::string(path) +
                                " 900150983cd24fb0d6963f7d28e17f72\nVersion: 1\n",
                            {}));
  auto const verdict = [&] {
    return conf_file::laws().diff(wish("x\n").spec, bench.look(*kind, {wish("x\n")}).desired[0],
                                  {});
  };
  bench.write("abc");
  CHECK(verdict().loses_nothing);
  bench.write("abcd");
  CHECK_FALSE(verdict().loses_nothing);
}
