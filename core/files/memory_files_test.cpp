// The faults that the twin can have.

#include "core/files/memory_files.hpp"

#include <catch2/catch.hpp>

namespace mailstack::files {

TEST_CASE("memory files: the n-th call fails with the code asked for", "[files]") {
  MemoryFiles files;
  REQUIRE(files.write("/a", "old", {}));
  files.fail_call(2, ErrorCode::unavailable);
  CHECK(files.read("/a") == "old");
  auto const failed = files.write("/a", "new", {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::unavailable);
  CHECK(files.read("/a") == "old");
  CHECK(files.write("/a", "new", {}));
}

TEST_CASE("memory files: a read-only tree refuses every change below it and no other", "[files]") {
  MemoryFiles files;
  REQUIRE(files.make_directory("/etc/mail", {}));
  REQUIRE(files.write("/etc/mail/a", "x", {}));
  files.set_read_only("/etc/mail/");
  CHECK(files.write("/etc/mail/a", "y", {}).error().code == ErrorCode::denied);
  CHECK(files.append("/etc/mail/a", "y").error().code == ErrorCode::denied);
  CHECK(files.remove("/etc/mail/a").error().code == ErrorCode::denied);
  CHECK(files.make_directory("/etc/mail/d", {}).error().code == ErrorCode::denied);
  CHECK(files.move("/etc/mail/a", "/b").error().code == ErrorCode::denied);
  CHECK(files.write("/etc/mailname", "y", {}));
  CHECK(files.move("/etc/mailname", "/etc/mail/b").error().code == ErrorCode::denied);
  CHECK(files.read("/etc/mail/a") == "x");
  files.set_read_only("");
  CHECK(files.write("/etc/mail/a", "y", {}));
}

TEST_CASE("memory files: an unreadable file is denied", "[files]") {
  MemoryFiles files;
  REQUIRE(files.write("/key", "x", {}));
  files.set_unreadable("/key");
  CHECK(files.read("/key").error().code == ErrorCode::denied);
}

TEST_CASE("memory files: a full disk keeps the old file and gets room by removal", "[files]") {
  MemoryFiles files;
  REQUIRE(files.write("/a", "12345", {}));
  files.set_free_space(3);
  auto const full = files.write("/a", "1234", {});
  REQUIRE_FALSE(full);
  CHECK(full.error().code == ErrorCode::unavailable);
  CHECK(full.error().what.find("free space") != std::string::npos);
  CHECK(files.append("/a", "6789").error().code == ErrorCode::unavailable);
  CHECK(files.read("/a") == "12345");
  CHECK(files.append("/a", "678"));
  CHECK(files.append("/a", "9").error().code == ErrorCode::unavailable);
  CHECK(files.remove("/a"));
  CHECK(files.write("/b", "12345678", {}));
}

TEST_CASE("memory files: a crash stops at the n-th change, with all, half or nothing of it",
          "[files]") {
  struct Case {
    MemoryFiles::Torn torn;
    std::string file;
    std::string journal;
  };
  auto const expected = GENERATE(values<Case>({
      {MemoryFiles::Torn::nothing, "old", "first\n"},
      {MemoryFiles::Torn::half, "old", "first\nsec"},
      {MemoryFiles::Torn::all, "new", "first\nsecond\n"},
  }));
  MemoryFiles files;
  REQUIRE(files.write("/a", "old", {}));
  REQUIRE(files.append("/j", "first\n"));
  SECTION("write") {
    files.crash_at(2, expected.torn);
    REQUIRE(files.write("/b", "x", {}));
    CHECK_THROWS_AS(files.write("/a", "new", {}), MemoryFiles::Crash);
    CHECK(files.read("/a") == expected.file);
  }
  SECTION("append") {
    files.crash_at(1, expected.torn);
    CHECK_THROWS_AS(files.append("/j", "second\n"), MemoryFiles::Crash);
    CHECK(files.read("/j") == expected.journal);
  }
  CHECK_THROWS_AS(files.remove("/a"), MemoryFiles::Crash);  // the dead write nothing more
  files.revive();
  CHECK(files.remove("/a"));
}

TEST_CASE("memory files: changes count the places where a crash can strike", "[files]") {
  MemoryFiles files;
  auto const before = files.changes();
  REQUIRE(files.write("/a", "x", {}));
  REQUIRE(files.read("/a"));
  REQUIRE(files.move("/a", "/b"));
  CHECK(files.changes() - before == 2);
}

TEST_CASE("memory files: what changes has the time that was set, what is read keeps its own",
          "[files]") {
  MemoryFiles files;
  auto const at = [](int second) {
    return std::chrono::sys_time<std::chrono::microseconds>(std::chrono::seconds(second));
  };
  REQUIRE(files.write("/a", "x", {}));
  CHECK(files.stat("/a")->changed == at(0));
  files.set_time(at(5));
  REQUIRE(files.read("/a"));
  CHECK(files.stat("/a")->changed == at(0));
  REQUIRE(files.append("/a", "y"));
  CHECK(files.stat("/a")->changed == at(5));
  files.set_time(at(6));
  REQUIRE(files.move("/a", "/b"));
  CHECK(files.stat("/b")->changed == at(6));
}

}  // namespace mailstack::files
