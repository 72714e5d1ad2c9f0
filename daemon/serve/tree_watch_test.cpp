#include "daemon/serve/tree_watch.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "daemon/conf/signature.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::serve {

namespace {

using std::chrono::milliseconds;

struct Tree {
  /// How often a change was told within `span`; each is read again at once.
  int changes(std::string const& read, milliseconds span = milliseconds(200)) {
    int count = 0;
    TreeWatch watch(*loop, pool, directory.path(), read, files, milliseconds(10), [&] {
      ++count;
      watch.was_read(signature(), files);
    });
    auto const end = loop->after(span, [this] { loop->stop(); });
    loop->run();
    return count;
  }
  [[nodiscard]] std::string signature() const {
    return conf::tree_signature(directory.path()) + conf::files_signature(files);
  }
  void write(std::string const& text) const {
    std::ofstream(directory.path() + "/mailstackd.yaml") << text;
  }

  support::TemporaryDirectory directory;
  std::vector<std::string> files;
  std::unique_ptr<net::Loop> loop = net::Loop::make();
  net::Pool pool{1};
};

}  // namespace

TEST_CASE("tree_watch: quiet while nothing changes", "[serve]") {
  Tree tree;
  tree.write("hostname: a.example\n");
  CHECK(tree.changes(tree.signature()) == 0);
}

TEST_CASE("tree_watch: what changed while the tree was read is seen, once", "[serve]") {
  Tree tree;
  tree.write("hostname: a.example\n");
  auto const before = tree.signature();
  tree.write("hostname: another.example\n");
  CHECK(tree.changes(before) == 1);
}

TEST_CASE("tree_watch: a file outside of the tree is seen, and a hook's mode", "[serve]") {
  Tree tree;
  support::TemporaryDirectory elsewhere;
  tree.files = {elsewhere.path() + "/password"};
  std::ofstream(tree.files[0]) << "old";
  tree.write("hostname: a.example\n");
  auto const hook = tree.directory.path() + "/hooks/post-data";
  std::filesystem::create_directory(tree.directory.path() + "/hooks");
  std::ofstream(hook).put('\n');
  auto const before = tree.signature();
  auto const write =
      tree.loop->after(milliseconds(50), [&] { std::ofstream(tree.files[0]) << "another"; });
  CHECK(tree.changes(before) == 1);
  auto const after = tree.signature();
  std::filesystem::permissions(hook, std::filesystem::perms::owner_all);
  CHECK(tree.changes(after) == 1);
}

}  // namespace mailstack::serve
