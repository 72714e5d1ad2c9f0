// What only a disk can do: crashes, full disks, links, owners of an image.

#include "core/files/disk_files.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "tests/support/temporary_directory.hpp"

namespace mailstack::files {
namespace {

/// Fails the n-th call, and knows what a power cut at any moment could lose.
class WatchedCalls final : public Syscalls {
 public:
  int fail_at = 0;  ///< 1 is the first call; 0: never
  int error = EIO;
  bool syncs_work = true;  ///< false: fsync is a no-op, the planted fault
  int pauses = 0;
  std::vector<std::string> losses;  ///< what was committed before it was durable

  int create(int directory, char const* leaf, int flags) override {
    if (fails()) return -1;
    int const file = Syscalls::create(directory, leaf, flags);
    if (file >= 0) unsynced_.insert(inode(directory));
    return file;
  }
  ssize_t write(int file, void const* octets, std::size_t size) override {
    if (fails()) return -1;
    unsynced_.insert(inode(file));
    // Short writes, as a nearly full disk or a signal gives them.
    return Syscalls::write(file, octets, size > 4 ? size / 2 : size);
  }
  int truncate(int file, off_t size) override { return Syscalls::truncate(file, size); }
  int chmod(int file, mode_t mode) override {
    if (fails()) return -1;
    unsynced_.insert(inode(file));
    return Syscalls::chmod(file, mode);
  }
  int chown(int file, uid_t owner, gid_t group) override {
    if (fails()) return -1;
    unsynced_.insert(inode(file));
    return Syscalls::chown(file, owner, group);
  }
  int sync(int file) override {
    if (fails()) return -1;
    if (syncs_work) unsynced_.erase(inode(file));
    return Syscalls::sync(file);
  }
  int sync_content(int file) override {
    if (fails()) return -1;
    if (syncs_work) unsynced_.erase(inode(file));
    return Syscalls::sync_content(file);
  }
  int rename(int from_directory, char const* from, int to_directory, char const* to) override {
    if (fails()) return -1;
    struct stat status {};
    ::fstatat(from_directory, from, &status, AT_SYMLINK_NOFOLLOW);
    if (unsynced_.contains(status.st_ino)) losses.push_back(std::string("content of ") + to);
    unsynced_.insert(inode(from_directory));
    unsynced_.insert(inode(to_directory));
    return Syscalls::rename(from_directory, from, to_directory, to);
  }
  int exchange(int directory_a, char const* a, int directory_b, char const* b) override {
    if (fails()) return -1;
    for (auto const& [directory, leaf] : {std::pair(directory_a, a), std::pair(directory_b, b)}) {
      struct stat status {};
      ::fstatat(directory, leaf, &status, AT_SYMLINK_NOFOLLOW);
      if (unsynced_.contains(status.st_ino)) losses.push_back(std::string("content of ") + leaf);
    }
    unsynced_.insert(inode(directory_a));
    unsynced_.insert(inode(directory_b));
    return Syscalls::exchange(directory_a, a, directory_b, b);
  }
  int make_directory(int directory, char const* leaf, mode_t mode) override {
    if (fails()) return -1;
    unsynced_.insert(inode(directory));
    return Syscalls::make_directory(directory, leaf, mode);
  }
  int remove(int directory, char const* leaf, int flags) override {
    if (fails()) return -1;
    unsynced_.insert(inode(directory));
    return Syscalls::remove(directory, leaf, flags);
  }

  void pause() override { ++pauses; }

  /// To be called when a method of DiskFiles has returned success.
  void returned(std::string const& what) {
    if (!unsynced_.empty()) losses.push_back(what);
    unsynced_.clear();
  }
  [[nodiscard]] int calls() const { return calls_; }
  void restart() {
    calls_ = 0;
    unsynced_.clear();
  }

 private:
  bool fails() {
    if (++calls_ != fail_at) return false;
    errno = error;
    return true;
  }
  static ino_t inode(int file) {
    struct stat status {};
    ::fstat(file, &status);
    return status.st_ino;
  }

  int calls_ = 0;
  std::set<ino_t> unsynced_;
};

void run_all(DiskFiles& files, WatchedCalls& calls) {
  REQUIRE(files.make_directory("/d/e", Attributes{0700, {}, {}}));
  calls.returned("make_directory");
  REQUIRE(files.write("/d/a", "new content", {}));
  calls.returned("write");
  REQUIRE(files.append("/d/j", "a record\n"));
  calls.returned("append, new file");
  REQUIRE(files.append("/d/j", "another\n"));
  calls.returned("append");
  REQUIRE(files.move("/d/a", "/d/e/b"));
  calls.returned("move");
  REQUIRE(files.remove("/d/e/b"));
  calls.returned("remove");
}

}  // namespace

TEST_CASE("disk files: what a method returned from survives a power cut", "[files]") {
  support::TemporaryDirectory const root;
  auto const calls = std::make_shared<WatchedCalls>();
  DiskFiles files(root.path(), calls);
  run_all(files, *calls);
  CHECK_THAT(calls->losses, Catch::Equals(std::vector<std::string>{}));
}

TEST_CASE("disk files: the power cut test sees an fsync that does nothing", "[files]") {
  support::TemporaryDirectory const root;
  auto const calls = std::make_shared<WatchedCalls>();
  calls->syncs_work = false;
  DiskFiles files(root.path(), calls);
  run_all(files, *calls);
  CHECK(calls->losses == std::vector<std::string>{"make_directory", "content of a", "write",
                                                  "append, new file", "append", "move", "remove"});
}

TEST_CASE("disk files: a write that fails at any system call leaves the old file and no other",
          "[files]") {
  support::TemporaryDirectory const root;
  auto const calls = std::make_shared<WatchedCalls>();
  DiskFiles files(root.path(), calls);
  REQUIRE(files.write("/a", "old", {}));
  calls->restart();
  REQUIRE(files.write("/a", "old", {}));
  int const total = calls->calls();
  REQUIRE(total >= 5);
  for (int i = 1; i <= total; ++i) {
    for (int const error : {EIO, ENOSPC, EROFS}) {
      calls->restart();
      calls->fail_at = i;
      calls->error = error;
      auto const written = files.write("/a", "old", {});
      REQUIRE_FALSE(written);
      CHECK(written.error().code == (error == EROFS ? ErrorCode::denied : ErrorCode::unavailable));
      CHECK(files.read("/a") == "old");
      CHECK(files.list("/") == std::vector<std::string>{"a"});
      calls->fail_at = 0;
    }
  }
  // Up to the rename the new content must not be there; the last call is the directory's sync.
  calls->restart();
  calls->fail_at = 1;
  for (; !files.write("/a", "new", {}) && files.read("/a") == "old"; ++calls->fail_at)
    calls->restart();
  CHECK(calls->fail_at == calls->calls());
}

TEST_CASE("disk files: an append that fails leaves no half record", "[files]") {
  support::TemporaryDirectory const root;
  auto const calls = std::make_shared<WatchedCalls>();
  DiskFiles files(root.path(), calls);
  SECTION("in a file that was there") {
    REQUIRE(files.append("/j", "one\n"));
    for (int i = 1; i <= 3; ++i) {
      calls->restart();
      calls->fail_at = i;
      REQUIRE_FALSE(files.append("/j", "a long second record\n"));
      CHECK(files.read("/j") == "one\n");
    }
  }
  SECTION("in a new file, which is taken away again") {
    calls->fail_at = 3;
    REQUIRE_FALSE(files.append("/j", "a long first record\n"));
    CHECK(files.list("/") == std::vector<std::string>{});
  }
}

TEST_CASE("disk files: a process killed at any time leaves the old or the new file", "[files]") {
  support::TemporaryDirectory const root;
  std::string const old_content(20'000, 'o');
  std::string const new_content(30'000, 'n');
  DiskFiles files(root.path());
  REQUIRE(files.write("/a", old_content, {}));
  for (int round = 0; round < 20; ++round) {
    pid_t const child = ::fork();
    if (child == 0) {
      DiskFiles mine(root.path());
      for (;;) {
        (void)mine.write("/a", new_content, {});
        (void)mine.write("/a", old_content, {});
      }
    }
    REQUIRE(child > 0);
    ::usleep(static_cast<useconds_t>(2'000 + round * 700));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    auto const content = files.read("/a");
    REQUIRE(content);
    CHECK((*content == old_content || *content == new_content));
  }
  // What the dead left behind goes with the next write.
  std::ofstream(root.path() + "/.a.mailstack") << "half";
  REQUIRE(files.write("/a", "x", {}));
  CHECK(files.list("/") == std::vector<std::string>{"a"});
}

TEST_CASE("disk files: two writers at once do not mix", "[files]") {
  support::TemporaryDirectory const root;
  std::vector<pid_t> children;
  for (char const letter : {'x', 'y', 'z'}) {
    pid_t const child = ::fork();
    if (child == 0) {
      DiskFiles mine(root.path());
      bool good = true;
      for (int i = 0; i < 30; ++i)
        good = good && mine.write("/a", std::string(50'000, letter), {}).has_value();
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (auto const child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  DiskFiles files(root.path());
  auto const content = files.read("/a");
  REQUIRE(content);
  CHECK(content->size() == 50'000);
  CHECK(content->find_first_not_of(content->front()) == std::string::npos);
  CHECK(files.list("/") == std::vector<std::string>{"a"});
}

TEST_CASE("disk files: a planted temporary file or link is replaced, never written through",
          "[files]") {
  support::TemporaryDirectory const root;
  DiskFiles files(root.path());
  REQUIRE(files.write("/victim", "untouched", {}));
  REQUIRE(::symlink("victim", (root.path() + "/.a.mailstack").c_str()) == 0);
  REQUIRE(files.write("/a", "x", {}));
  REQUIRE(::link((root.path() + "/victim").c_str(), (root.path() + "/.a.mailstack").c_str()) == 0);
  REQUIRE(files.write("/a", "y", {}));
  CHECK(files.read("/victim") == "untouched");
  CHECK(files.read("/a") == "y");
  CHECK(files.list("/") == std::vector<std::string>{"a", "victim"});
}

TEST_CASE("disk files: a file is read and replaced where its link leads, and the link stays",
          "[files]") {
  support::TemporaryDirectory const root;
  DiskFiles files(root.path());
  REQUIRE(files.make_directory("/store/deep", {0755, {}, {}}));
  REQUIRE(files.make_directory("/conf", {0755, {}, {}}));
  REQUIRE(files.write("/store/target", "target", {0640, {}, {}}));
  auto const link = [&](char const* target, char const* at) {
    REQUIRE(::symlink(target, (root.path() + at).c_str()) == 0);
  };
  link("../store/target", "/conf/relative");
  link("/store/target", "/conf/absolute");  // of the root, not of the host
  link("relative", "/conf/chain");
  link("../../conf/chain", "/store/deep/up");
  for (std::string const path :
       {"/conf/relative", "/conf/absolute", "/conf/chain", "/store/deep/up"}) {
    INFO(path);
    CHECK(files.stat(path)->mode == 0640);
    REQUIRE(files.write(path, path, {0640, {}, {}}));
    CHECK(files.read("/store/target") == path);
    CHECK(files.read(path) == path);
    REQUIRE(files.append(path, "+"));
    CHECK(files.read("/store/target") == path + "+");
    CHECK(std::filesystem::is_symlink(root.path() + path));
  }
  // Nothing is left in the folder of either, and what goes is the link.
  CHECK(files.list("/store") == std::vector<std::string>{"deep", "target"});
  CHECK(files.list("/conf") == std::vector<std::string>{"absolute", "chain", "relative"});
  REQUIRE(files.remove("/conf/absolute"));
  CHECK(files.read("/store/target"));
  link("../store", "/conf/folder");
  CHECK(files.stat("/conf/folder")->directory);
  CHECK(files.make_directory("/conf/folder", {0750, {}, {}}));
  CHECK(files.stat("/store")->mode == 0750);
  CHECK(files.write("/conf/folder", "x", {}).error().code == ErrorCode::conflict);
}

TEST_CASE(
    "regression: disk files: what is renamed elsewhere meanwhile does not hide a file behind `..`",
    "[files]") {
  support::TemporaryDirectory const root;
  support::TemporaryDirectory const other;
  DiskFiles files(root.path());
  REQUIRE(files.make_directory("/a/b", {0755, {}, {}}));
  REQUIRE(files.write("/target", "x", {}));
  REQUIRE(::symlink("../../target", (root.path() + "/a/b/link").c_str()) == 0);
  std::atomic<bool> done{false};
  std::thread renamer([&] {
    auto const one = other.path() + "/one";
    auto const two = other.path() + "/two";
    ::mkdir(one.c_str(), 0755);
    while (!done) {
      ::rename(one.c_str(), two.c_str());
      ::rename(two.c_str(), one.c_str());
    }
  });
  int missed = 0;
  int unwritten = 0;
  for (int i = 0; i < 20'000; ++i) {
    missed += !files.read("/a/b/link");
    if (i % 10 == 0) unwritten += !files.write("/a/b/link", "x", {});
  }
  done = true;
  renamer.join();
  CHECK(missed == 0);
  CHECK(unwritten == 0);
}

TEST_CASE("disk files: a link that leads nowhere is a conflict with its remedy, never a new file",
          "[files]") {
  support::TemporaryDirectory const root;
  DiskFiles files(root.path());
  REQUIRE(::symlink("missing", (root.path() + "/dangling").c_str()) == 0);
  REQUIRE(::symlink("/no/folder/file", (root.path() + "/far").c_str()) == 0);
  REQUIRE(::symlink("there", (root.path() + "/here").c_str()) == 0);
  REQUIRE(::symlink("here", (root.path() + "/there").c_str()) == 0);
  for (std::string const path : {"/dangling", "/far", "/here"}) {
    INFO(path);
    for (auto const& error :
         {files.read(path).error(), files.stat(path).error(), files.write(path, "x", {}).error(),
          files.append(path, "x").error(), files.make_directory(path, {}).error()}) {
      CHECK(error.code == ErrorCode::conflict);
      CHECK(error.what.find(path == "/here"
                                ? "leads in a circle; let it lead to a file"
                                : "which does not exist; put the file there") != std::string::npos);
    }
    CHECK(std::filesystem::is_symlink(root.path() + path));
    CHECK(files.remove(path));
    CHECK_FALSE(std::filesystem::is_symlink(root.path() + path));
  }
  CHECK(files.read("/missing").error().code == ErrorCode::not_found);
  CHECK(files.list("/") == std::vector<std::string>{"there"});
}

TEST_CASE("disk files: a stranger's link does not have root overwrite a file", "[files]") {
  if (::geteuid() != 0) return;
  constexpr uid_t stranger = 12345;
  support::TemporaryDirectory const root;
  DiskFiles files(root.path());
  REQUIRE(files.write("/ours", "ours", {}));
  auto const path = root.path() + "/users";
  REQUIRE(::symlink("ours", path.c_str()) == 0);
  REQUIRE(::lchown(path.c_str(), stranger, stranger) == 0);
  auto const written = files.write("/users", "x", {});
  REQUIRE_FALSE(written);
  CHECK(written.error().code == ErrorCode::denied);
  CHECK(written.error().what.find("chown -h") != std::string::npos);
  CHECK(files.stat("/users").error().code == ErrorCode::denied);
  CHECK(files.read("/ours") == "ours");
  // What is theirs anyway they may link to.
  REQUIRE(::chown((root.path() + "/ours").c_str(), stranger, stranger) == 0);
  CHECK(files.write("/users", "x", {}));
  CHECK(files.read("/ours") == "x");
}

TEST_CASE("disk files: a stranger's link among the folders above is not followed", "[files]") {
  support::TemporaryDirectory const root;
  DiskFiles files(root.path());
  REQUIRE(files.make_directory("/secret.d", {0755, {}, {}}));
  REQUIRE(files.write("/secret.d/file", "secret", {}));
  REQUIRE(files.make_directory("/etc/conf", {0755, {}, {}}));
  auto const link = root.path() + "/etc/conf/domains";
  REQUIRE(::symlink("../../secret.d/.", link.c_str()) == 0);
  CHECK(files.write("/etc/conf/domains/users", "x", {}));  // our own link
  CHECK(files.read("/secret.d/users") == "x");
  CHECK(files.make_directory("/etc/conf/domains/deep/er", {0755, {}, {}}));
  CHECK(files.remove("/etc/conf/domains/users"));
  if (::geteuid() != 0) return;
  REQUIRE(::lchown(link.c_str(), 12345, 12345) == 0);
  for (auto const& refused :
       {files.write("/etc/conf/domains/users", "y", {}), files.append("/etc/conf/domains/f", "y"),
        files.make_directory("/etc/conf/domains/more", {0755, {}, {}}),
        files.remove("/etc/conf/domains/file"),
        files.move("/etc/conf/domains/file", "/etc/conf/file")}) {
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::denied);
    CHECK(refused.error().what.find("chown -h") != std::string::npos);
  }
  CHECK(files.list("/secret.d") == std::vector<std::string>{"deep", "file"});
  // A circle ends.
  REQUIRE(::symlink("round", (root.path() + "/round").c_str()) == 0);
  CHECK_FALSE(files.write("/round/a", "x", {}));
}

TEST_CASE("disk files: links inside a root do not lead out of it", "[files]") {
  support::TemporaryDirectory const outside;
  support::TemporaryDirectory const root;
  DiskFiles files(root.path());
  REQUIRE(files.make_directory("/srv", {0755, {}, {}}));
  REQUIRE(::symlink("/srv", (root.path() + "/absolute").c_str()) == 0);
  REQUIRE(::symlink(outside.path().c_str(), (root.path() + "/out").c_str()) == 0);
  REQUIRE(::symlink("../../../../../../../../tmp", (root.path() + "/up").c_str()) == 0);
  REQUIRE(files.write("/absolute/a", "inside", {}));
  CHECK(files.read("/srv/a") == "inside");
  CHECK(files.write("/out/a", "x", {}).error().code == ErrorCode::not_found);
  CHECK(files.write("/up/mailstack-escape", "x", {}).error().code == ErrorCode::not_found);
  CHECK(std::filesystem::is_empty(outside.path()));
}

TEST_CASE("disk files: an owner is looked up in the root, and taught when missing", "[files]") {
  support::TemporaryDirectory const root;
  DiskFiles files(root.path());
  CHECK_FALSE(files.sets_owners());
  REQUIRE(files.write("/a", "x", Attributes{0644, "nobody-here", {}}));  // no user database: left
  if (::geteuid() != 0) return;
  REQUIRE(files.make_directory("/etc", {0755, {}, {}}));
  REQUIRE(files.write("/etc/passwd", "chasquid:x:999:998::/:/bin/false\n", {}));
  CHECK(files.sets_owners());
  auto const missing = files.write("/a", "y", Attributes{0644, "mailstack", {}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::invalid);
  CHECK(missing.error().what.find("user mailstack") != std::string::npos);
  CHECK(files.read("/a") == "x");
  REQUIRE(files.write("/a", "y", Attributes{0644, "chasquid", {}}));
  struct stat status {};
  REQUIRE(::stat((root.path() + "/a").c_str(), &status) == 0);
  CHECK(status.st_uid == 999);
  CHECK(files.stat("/a")->owner == "chasquid");
  CHECK(files.stat("/a")->group == "0");  // a number without a name in this root
}

TEST_CASE("disk files: without a root, paths and owners are the host's", "[files]") {
  support::TemporaryDirectory const directory;
  DiskFiles files;
  auto const path = directory.path() + "/a";
  REQUIRE(files.write(path, "x", Attributes{0600, {}, {}}));
  CHECK(files.read(path) == "x");
  if (::geteuid() == 0) CHECK(files.stat(path)->owner == "root");
  CHECK(files.read("/proc/self/status")->starts_with("Name:"));  // a file whose size says 0
}

TEST_CASE("disk files: unprivileged, a forbidden directory is denied with the remedy", "[files]") {
  if (::geteuid() != 0) return;
  support::TemporaryDirectory const root;
  REQUIRE(::chmod(root.path().c_str(), 0755) == 0);
  pid_t const child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(9);
    DiskFiles mine(root.path());
    auto const written = mine.write("/a", "x", Attributes{0644, "root", {}});
    bool const taught = !written && written.error().code == ErrorCode::denied &&
                        written.error().what.find("permissions") != std::string::npos;
    ::_exit(taught && !mine.sets_owners() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

/// From now on this process has no openat2, as under RestrictSUIDSGID= of systemd.
bool forbid_openat2() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog const filter{static_cast<unsigned short>(std::size(rules)), rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST_CASE("disk files: regression: where openat2 is forbidden, paths are walked, and links judged",
          "[files]") {
  support::TemporaryDirectory const root;
  auto const inside = [&](std::string const& path) { return root.path() + path; };
  std::filesystem::create_directories(inside("/a/b"));
  std::filesystem::create_directory_symlink("/a", inside("/link"));
  std::filesystem::create_directory_symlink("/../../..", inside("/up"));
  pid_t const child = ::fork();
  if (child == 0) {
    if (!forbid_openat2()) ::_exit(9);
    DiskFiles files(root.path());
    bool ok = files.write("/link/b/x", "one", {0640, {}, {}}).has_value();
    ok = ok && files.read("/a/b/x") == "one" && files.read("/link/b/x") == "one";
    ok = ok && files.read("/up/a/b/x") == "one";  // the root is the end
    ok = ok && files.list("/link/b") && files.stat("/a/b/x")->mode == 0640;
    ok = ok && files.read("/a/none").error().code == ErrorCode::not_found;
    ok = ok && files.make_directory("/a/c/d", {0755, {}, {}}) && files.remove("/a/b/x");
    DiskFiles whole;
    ok = ok && whole.write(inside("/y"), "two", {}) && whole.read(inside("/y")) == "two";
    ::_exit(ok ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("disk files: a replaced file has changed, one that was read has not", "[files]") {
  support::TemporaryDirectory const root;
  DiskFiles files(root.path());
  auto const now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  REQUIRE(files.write("/a", "x", {}));
  auto const first = files.stat("/a")->changed;
  CHECK(first > now - std::chrono::seconds(1));
  CHECK(first < now + std::chrono::minutes(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  REQUIRE(files.read("/a"));
  CHECK(files.stat("/a")->changed == first);
  REQUIRE(files.write("/a", "x", {}));
  CHECK(files.stat("/a")->changed > first);
}

TEST_CASE("disk files: a writer that never ends is named, not waited for forever", "[files]") {
  support::TemporaryDirectory const root;
  auto const calls = std::make_shared<WatchedCalls>();
  DiskFiles files(root.path(), calls);
  int const held = ::open((root.path() + "/.a.mailstack").c_str(), O_CREAT | O_RDWR, 0600);
  REQUIRE(held >= 0);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  auto const written = files.write("/a", "x", {});
  ::close(held);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == ErrorCode::unavailable);
  CHECK(calls->pauses == 500);
  CHECK(written.error().what.find(".a.mailstack") != std::string::npos);
}

}  // namespace mailstack::files
