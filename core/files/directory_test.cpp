#include "core/files/directory.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <vector>

#include "core/files/disk_files.hpp"
#include "core/files/memory_files.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::files {
namespace {

struct Stopped {};

/// Says after every system call that one was made, and stops the process at the n-th.
class StoppingCalls final : public Syscalls {
 public:
  int stop_after = 0;  ///< 0: never
  int made = 0;
  std::function<void()> after;

  int create(int d, char const* leaf, int flags) override {
    return told(Syscalls::create(d, leaf, flags));
  }
  ssize_t write(int file, void const* octets, std::size_t size) override {
    return told(Syscalls::write(file, octets, size));
  }
  int chmod(int file, mode_t mode) override { return told(Syscalls::chmod(file, mode)); }
  int chown(int file, uid_t owner, gid_t group) override {
    return told(Syscalls::chown(file, owner, group));
  }
  int sync(int file) override { return told(Syscalls::sync(file)); }
  int rename(int d, char const* from, int e, char const* to) override {
    return told(Syscalls::rename(d, from, e, to));
  }
  int exchange(int d, char const* a, int e, char const* b) override {
    return told(Syscalls::exchange(d, a, e, b));
  }
  int make_directory(int d, char const* leaf, mode_t mode) override {
    return told(Syscalls::make_directory(d, leaf, mode));
  }
  int remove(int d, char const* leaf, int flags) override {
    return told(Syscalls::remove(d, leaf, flags));
  }

 private:
  template <class T>
  T told(T result) {
    int const error = errno;
    if (after) after();
    if (++made == stop_after) throw Stopped{};
    errno = error;
    return result;
  }
};

constexpr auto certs = "/conf/certs/example.org";
constexpr auto staging = "/conf/.certs-example.org";

struct Pair {
  std::string key, chain;
  [[nodiscard]] std::vector<NewFile> files() const {
    return {{"fullchain.pem", chain, {0644, {}, {}}}, {"privkey.pem", key, {0640, {}, {}}}};
  }
};
Pair const first{"first KEY", "first chain"};
Pair const second{"second KEY", "second chain"};

/// Whether the user nobody can read any file below `root` that holds a key. Needs root.
bool nobody_reads_a_key(std::string const& root) {
  pid_t const child = ::fork();
  if (child == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
    std::error_code ignored;
    for (std::filesystem::recursive_directory_iterator at(
             root, std::filesystem::directory_options::skip_permission_denied, ignored);
         at != std::filesystem::recursive_directory_iterator(); at.increment(ignored)) {
      int const file = ::open(at->path().c_str(), O_RDONLY | O_CLOEXEC);
      char text[64]{};
      auto const got = file >= 0 ? ::read(file, text, sizeof text - 1) : 0;
      if (got > 0 && std::string_view(text).find("KEY") != std::string_view::npos) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) != 2);
  return WEXITSTATUS(status) == 1;
}

/// What a daemon that starts now would load: "" where there is no pair.
std::string loaded(std::string const& root) {
  DiskFiles files(root);
  auto const key = files.read(std::string(certs) + "/privkey.pem");
  auto const chain = files.read(std::string(certs) + "/fullchain.pem");
  if (!key && !chain) return "";
  return (key ? *key : "none") + " + " + (chain ? *chain : "none");
}

/// A directory for one case, entered by everybody.
struct Case {
  support::TemporaryDirectory directory;
  std::shared_ptr<StoppingCalls> calls = std::make_shared<StoppingCalls>();
  DiskFiles files{directory.path(), calls};

  Case() {
    ::chmod(directory.path().c_str(), 0755);
    REQUIRE(files.make_directory("/conf/certs", {0755, {}, {}}));
  }
  Result<> put(Pair const& pair) {
    auto const all = pair.files();
    return replace_directory(files, certs, staging, all, {0755, {}, {}});
  }
};

TEST_CASE("a pair of key and chain changes as one, and nobody reads the key on the way",
          "[files]") {
  auto const before = ::umask(0);
  std::vector<std::string> seen;
  Case one;
  one.calls->after = [&] {
    auto now = loaded(one.directory.path());
    if (seen.empty() || seen.back() != now) seen.push_back(now);
    if (::geteuid() == 0) CHECK_FALSE(nobody_reads_a_key(one.directory.path()));
  };
  REQUIRE(one.put(first));
  REQUIRE(one.put(second));
  ::umask(before);
  CHECK(seen ==
        std::vector<std::string>{"", "first KEY + first chain", "second KEY + second chain"});
  CHECK_FALSE(one.files.stat(staging));
  CHECK(one.files.stat(std::string(certs) + "/privkey.pem")->mode == 0640);
}

TEST_CASE("a swap that was stopped after any system call is made good by the next one", "[files]") {
  for (int n = 1;; ++n) {
    INFO("stopped after call " << n);
    Case one;
    REQUIRE(one.put(first));
    one.calls->made = 0;
    one.calls->stop_after = n;
    bool stopped = false;
    try {
      auto const done = one.put(second);
      CHECK(done);
    } catch (Stopped const&) {
      stopped = true;
    }
    auto const now = loaded(one.directory.path());
    CHECK((now == "first KEY + first chain" || now == "second KEY + second chain"));
    one.calls->stop_after = 0;
    REQUIRE(one.put(second));
    CHECK(loaded(one.directory.path()) == "second KEY + second chain");
    CHECK_FALSE(one.files.stat(staging));
    if (!stopped) {
      CHECK(n > 20);
      break;
    }
  }
}

TEST_CASE("a directory's other files go along; what is no plain file stops the swap", "[files]") {
  Case one;
  REQUIRE(one.put(first));
  REQUIRE(one.files.write(std::string(certs) + "/notes", "theirs", {0600, {}, {}}));
  REQUIRE(one.put(second));
  CHECK(*one.files.read(std::string(certs) + "/notes") == "theirs");
  CHECK(one.files.stat(std::string(certs) + "/notes")->mode == 0600);
  REQUIRE(one.files.make_directory(std::string(certs) + "/folder", {0755, {}, {}}));
  auto const refused = one.put(first);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(loaded(one.directory.path()) == "second KEY + second chain");
}

TEST_CASE("our own links are replaced by files, and where they led stays", "[files]") {
  Case one;
  REQUIRE(one.files.make_directory(certs, {0755, {}, {}}));
  REQUIRE(one.files.write("/conf/elsewhere.pem", "old KEY", {0600, {}, {}}));
  std::filesystem::create_symlink("../../elsewhere.pem",
                                  one.directory.path() + certs + "/privkey.pem");
  REQUIRE(one.put(first));
  CHECK_FALSE(one.files.stat(std::string(certs) + "/privkey.pem")->link);
  CHECK(*one.files.read("/conf/elsewhere.pem") == "old KEY");
}

TEST_CASE("a full disk leaves the old pair", "[files]") {
  MemoryFiles files;
  REQUIRE(files.make_directory("/conf/certs", {0755, {}, {}}));
  auto const old = first.files();
  REQUIRE(replace_directory(files, certs, staging, old, {0755, {}, {}}));
  files.set_free_space(14);
  auto const fresh = second.files();
  auto const done = replace_directory(files, certs, staging, fresh, {0755, {}, {}});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::unavailable);
  CHECK(*files.read(std::string(certs) + "/privkey.pem") == "first KEY");
  CHECK_FALSE(files.stat(staging));
}

}  // namespace
}  // namespace mailstack::files
