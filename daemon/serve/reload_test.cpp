#include "daemon/serve/reload.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

#include "core/files/descriptor.hpp"
#include "daemon/conf/conf_tree_test.hpp"
#include "daemon/conf/signature.hpp"

namespace mailstack::serve {

namespace {

/// A conf tree with its state, read again and again.
struct Host {
  Host() {
    tree.write("mailstackd.yaml", text());
    tree.certify("mx.example.org");
  }

  [[nodiscard]] std::string text(std::string const& more = {}) const {
    return "state: " + tree.path("state") + "\nmail_log_path: <stderr>\n" + more;
  }

  std::shared_ptr<Live const> read() {
    auto loaded = reload(tree.path(), live);
    REQUIRE(loaded.live);
    problems = conf::format(loaded.problems);
    failed = conf::failed(loaded.problems);
    restart = std::any_of(loaded.problems.begin(), loaded.problems.end(),
                          [](conf::Problem const& one) { return one.restart; });
    live = loaded.live;
    return live;
  }

  conf::ConfTree tree;
  std::shared_ptr<Live const> live;
  std::string problems;
  bool failed = false;
  bool restart = false;
};

}  // namespace

TEST_CASE("reload: the SRS keys of before stay where their file cannot be read", "[serve]") {
  Host host;
  auto const first = host.read()->rules->srs();
  REQUIRE(first.size() == 1);
  host.tree.remove("state/srs.key");
  std::filesystem::create_directory(host.tree.path("state/srs.key"));
  auto const second = host.read()->rules->srs();
  REQUIRE(second.size() == 1);
  CHECK(second[0].reveal() == first[0].reveal());
  CHECK(host.problems.find("the SRS key cannot be read") != std::string::npos);
}

TEST_CASE("reload: a hook that cannot be executed is a problem and no open door", "[serve]") {
  Host host;
  CHECK(host.read()->hook.empty());
  CHECK(host.problems.empty());
  host.tree.write("hooks/post-data", "#!/bin/sh\n");
  auto const path = host.tree.path("hooks/post-data");
  ::chmod(path.c_str(), 0600);
  CHECK(host.read()->hook == path);
  CHECK(host.problems.find("the hook cannot be executed: Permission denied") != std::string::npos);
  CHECK(host.failed);
  ::chmod(path.c_str(), 0700);
  CHECK(host.read()->hook == path);
  CHECK(host.problems.empty());
}

TEST_CASE("reload: what only a restart takes is a warning until it is as at the start", "[serve]") {
  Host host;
  host.read();
  auto const more = [&](std::string const& text) {
    host.tree.write("mailstackd.yaml", host.text(text));
  };
  more("loops: 3\nqueue: {lifetime: 1h}\n");
  // Also at the second reload, whose settings of before have it already.
  for (int i = 0; i < 2; ++i) {
    host.read();
    CHECK_FALSE(host.failed);
    CHECK(host.problems == host.tree.path("mailstackd.yaml") +
                               ":3:1: warning: `loops` is not what the running daemon started "
                               "with; restart mailstackd for it\n");
    CHECK(host.problems.find("lifetime") == std::string::npos);
    CHECK(host.restart);
  }
  more("");
  host.read();
  CHECK(host.problems.empty());
  // What is gone has no line any more.
  host.tree.write("mailstackd.yaml", "state: " + host.tree.path("state") + "\n");
  host.read();
  CHECK(host.problems.find(host.tree.path("mailstackd.yaml") +
                           ": warning: `mail_log_path` is no longer given, as it was when the "
                           "daemon started; restart mailstackd for it\n") != std::string::npos);
}

TEST_CASE("reload: what will not work is told each time, behind what is wrong", "[serve]") {
  Host host;
  host.tree.write("domains/example.org/aliases", "gone: bod\n");
  for (int i = 0; i < 2; ++i) {
    host.read();
    CHECK(host.problems.find("aliases:1: warning: alias `gone`: there is no bod@example.org") !=
          std::string::npos);
  }
  host.tree.remove("domains/example.org/aliases");
  host.read();
  CHECK(host.problems.empty());
}

TEST_CASE("reload: a tree that is gone is one line, and what runs stays", "[serve]") {
  Host host;
  host.read();
  auto const gone = reload(host.tree.path("nowhere"), host.live);
  CHECK(gone.live == nullptr);
  CHECK(conf::format(gone.problems) ==
        host.tree.path("nowhere") +
            ": error: no such directory; what was read of it before stays "
            "in use\n");
}

// A password that was rewritten while the tree was read was not noticed any more.
TEST_CASE("reload: files of secrets are signed before they are read", "[serve]") {
  Host host;
  host.tree.write("relay", "s3cret");
  auto const path = host.tree.path("relay");
  host.tree.write("mailstackd.yaml",
                  host.text("smarthost: {host: a.example, user: me, password_file: " + path + "}"));
  auto const first = load(host.tree.path(), nullptr);  // makes the SRS key
  REQUIRE(first.tree.live);
  auto const files = first.tree.live->snapshot->settings.secret_files;
  REQUIRE(files == std::vector{path, host.tree.path("state/srs.key")});
  auto const signature = conf::tree_signature(host.tree.path()) + conf::files_signature(files);
  CHECK(load(host.tree.path(), first.tree.live).signature == signature);
  // Also where nobody had named the files before.
  CHECK(load(host.tree.path(), nullptr).signature == signature);
}

// The key that the first start makes looked like a change of the tree: it was read again after ten
// seconds.
TEST_CASE("reload: the key that a first start makes is a part of what it has signed", "[serve]") {
  Host const host;
  auto const first = load(host.tree.path(), nullptr);
  REQUIRE(first.tree.live);
  auto const& files = first.tree.live->snapshot->settings.secret_files;
  REQUIRE(std::filesystem::exists(host.tree.path("state/srs.key")));
  CHECK(first.signature == conf::tree_signature(host.tree.path()) + conf::files_signature(files));
}

// Nobody had named the SRS key before, so that the whole tree was read a second time for it.
TEST_CASE("reload: a first start reads the tree once", "[serve]") {
  Host host;
  host.tree.write("domains/example.org/users", "users { key: \"ann\" }\n");
  files::Descriptor const watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.number(), host.tree.path("domains/example.org/users").c_str(),
                              IN_OPEN | IN_CLOSE) >= 0);
  auto const opened = [&] {
    std::size_t octets = 0;
    std::array<char, 4096> room{};
    for (ssize_t got = 0; (got = ::read(watch.number(), room.data(), room.size())) > 0;)
      octets += static_cast<std::size_t>(got);
    return octets / sizeof(inotify_event);
  };
  reload(host.tree.path(), nullptr);
  auto const once = opened();
  CHECK(once > 0);
  auto const first = load(host.tree.path(), nullptr);
  REQUIRE(first.tree.live);
  CHECK(opened() == once);
  load(host.tree.path(), first.tree.live);
  CHECK(opened() == once);
}

namespace {

/// Loads that end when they are told to.
struct SlowTree {
  SlowTree() {
    reloads.emplace(
        *loop, *pool, [] { return TimePoint(std::chrono::seconds(4711)); },
        [this] {
          std::unique_lock lock(mutex);
          auto const number = ++begun;
          wake.notify_all();
          wake.wait(lock, [&] { return may_end >= number; });
          return Loaded{std::to_string(number), {}};
        },
        [this](Loaded const& loaded) {
          taken += loaded.signature;
          return conf::Problems{{"tree", loaded.signature, 0, 0, ""}};
        });
  }
  ~SlowTree() {
    let_end(1'000);
    pool.reset();
  }
  void let_end(int number) {
    std::lock_guard const lock(mutex);
    may_end = number;
    wake.notify_all();
  }
  void wait_until_begun(int number) {
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return begun >= number; });
  }
  void ask(std::string const& name) {
    reloads->ask([this, name](conf::Problems const& problems) {
      answers += name + problems.at(0).what + ' ';
      if (answers.size() >= enough) loop->stop();
    });
  }
  /// Until there are so many octets of answers.
  void run(std::size_t octets) {
    enough = octets;
    auto const limit = loop->after(std::chrono::seconds(20), [this] { loop->stop(); });
    loop->run();
  }

  std::unique_ptr<net::Loop> loop = net::Loop::make();
  std::unique_ptr<net::Pool> pool = std::make_unique<net::Pool>(2);
  std::mutex mutex;
  std::condition_variable wake;
  int begun = 0;
  int may_end = 0;
  std::string taken;
  std::string answers;
  std::size_t enough = 0;
  std::optional<Reloads> reloads;
};

}  // namespace

TEST_CASE("reloads: the loop turns while a tree is read; what asks meanwhile is one more load",
          "[serve]") {
  SlowTree tree;
  tree.ask("a");
  tree.wait_until_begun(1);
  bool turned = false;
  tree.loop->post([&] { turned = true; });
  auto const pause = tree.loop->after(std::chrono::milliseconds(1), [&] { tree.loop->stop(); });
  tree.loop->run();
  CHECK(turned);
  CHECK(tree.answers.empty());
  CHECK(tree.reloads->since() == TimePoint(std::chrono::seconds(4711)));
  tree.ask("b");
  tree.ask("c");
  tree.let_end(1);
  tree.run(3);
  CHECK(tree.answers == "a1 ");
  tree.let_end(2);
  tree.run(9);
  CHECK(tree.answers == "a1 b2 c2 ");
  CHECK(tree.taken == "12");
  CHECK(tree.begun == 2);
  tree.let_end(3);
  tree.ask("d");
  tree.run(12);
  CHECK(tree.answers == "a1 b2 c2 d3 ");
  CHECK(tree.reloads->since() == std::nullopt);
}

// A stop waited for one more, of a tree that nobody would have used.
TEST_CASE("reloads: once the daemon stops none begins, and who waits is answered", "[serve]") {
  SlowTree tree;
  tree.ask("a");
  tree.wait_until_begun(1);
  tree.ask("b");
  tree.reloads->end();
  tree.let_end(9);
  tree.run(6);
  CHECK(tree.answers == "a1 b1 ");
  CHECK(tree.begun == 1);
  CHECK_FALSE(tree.reloads->since());
}

TEST_CASE("reloads: an end while a tree is read answers nobody, and swaps nothing", "[serve]") {
  SlowTree tree;
  tree.ask("a");
  tree.ask("b");
  tree.wait_until_begun(1);
  tree.reloads.reset();
  tree.let_end(9);
  tree.pool.reset();
  auto const pause = tree.loop->after(std::chrono::milliseconds(1), [&] { tree.loop->stop(); });
  tree.loop->run();
  CHECK(tree.answers.empty());
  CHECK(tree.taken.empty());
  CHECK(tree.begun == 1);
}

}  // namespace mailstack::serve
