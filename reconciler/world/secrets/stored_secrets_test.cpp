#include "reconciler/world/secrets/stored_secrets.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "tests/support/temporary_directory.hpp"

namespace mailstack::world {
namespace {

using Form = SecretReference::Form;

void store(std::string const& path, std::string const& content, mode_t mode) {
  std::ofstream(path) << content;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

}  // namespace

TEST_CASE("secrets: a file without its final newline", "[world]") {
  support::TemporaryDirectory const directory;
  StoredSecrets secrets(directory.path(), directory.path());
  struct Case {
    std::string content;
    std::string value;
  };
  for (auto const& [content, value] : {Case{"key", "key"},
                                       {"key\n", "key"},
                                       {"key\r\n", "key"},
                                       {"key\n\n", "key\n"},
                                       {" k ", " k "}}) {
    store(directory.path() + "/a", content, 0600);
    auto const secret = secrets.resolve({Form::file, "a"});
    REQUIRE(secret);
    CHECK(secret->reveal() == value);
    CHECK(secrets.resolve({Form::file, directory.path() + "/a"})->reveal() == value);
    CHECK(secrets.resolve({Form::credential, "a"})->reveal() == value);
  }
}

TEST_CASE("secrets: a file that others can read is refused with the command that mends it",
          "[world]") {
  support::TemporaryDirectory const directory;
  StoredSecrets secrets(directory.path());
  for (mode_t const mode : {0644, 0640, 0604, 0620, 0610, 0602}) {
    store(directory.path() + "/a", "geheim", mode);
    auto const secret = secrets.resolve({Form::file, "a"});
    REQUIRE_FALSE(secret);
    CHECK(secret.error().code == ErrorCode::denied);
    CHECK(secret.error().what.find("chmod 600 " + directory.path() + "/a") != std::string::npos);
    CHECK(secret.error().what.find("geheim") == std::string::npos);
  }
}

TEST_CASE("secrets: a file of another user is refused", "[world]") {
  if (::geteuid() != 0) return;
  support::TemporaryDirectory const directory;
  StoredSecrets secrets(directory.path());
  store(directory.path() + "/a", "geheim", 0600);
  REQUIRE(::chown((directory.path() + "/a").c_str(), 65534, 65534) == 0);
  CHECK(secrets.resolve({Form::file, "a"}).error().code == ErrorCode::denied);
}

TEST_CASE("secrets: what is missing, empty, huge or no file says where it looked", "[world]") {
  support::TemporaryDirectory const directory;
  StoredSecrets secrets(directory.path(), directory.path() + "/credentials");
  auto const missing = secrets.resolve({Form::credential, "cf-token"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().what.find("credential:cf-token") != std::string::npos);
  CHECK(missing.error().what.find(directory.path() + "/credentials/cf-token") != std::string::npos);
  store(directory.path() + "/empty", "\n", 0600);
  CHECK(secrets.resolve({Form::file, "empty"}).error().code == ErrorCode::not_found);
  store(directory.path() + "/huge", std::string(70'000, 'x'), 0600);
  CHECK(secrets.resolve({Form::file, "huge"}).error().code == ErrorCode::invalid);
  CHECK(secrets.resolve({Form::file, directory.path()}).error().code == ErrorCode::invalid);
  CHECK(secrets.resolve({Form::file, ""}).error().code == ErrorCode::invalid);
  for (auto const* name : {"../etc/shadow", "a/b", "..", "."})
    CHECK(secrets.resolve({Form::credential, name}).error().code == ErrorCode::invalid);
  // A pipe must not make us wait.
  REQUIRE(::mkfifo((directory.path() + "/pipe").c_str(), 0600) == 0);
  CHECK(secrets.resolve({Form::file, "pipe"}).error().code == ErrorCode::invalid);
}

TEST_CASE("secrets: the environment", "[world]") {
  StoredSecrets secrets("/");
  ::setenv("MAILSTACK_TEST_KEY", "from the environment", 1);
  CHECK(secrets.resolve({Form::env, "MAILSTACK_TEST_KEY"})->reveal() == "from the environment");
  ::unsetenv("MAILSTACK_TEST_KEY");
  CHECK(secrets.resolve({Form::env, "MAILSTACK_TEST_KEY"}).error().code == ErrorCode::not_found);
}

TEST_CASE("secrets: systemd's credentials come first, with the mode that systemd gives them",
          "[world]") {
  support::TemporaryDirectory const by_systemd;
  support::TemporaryDirectory const own;
  StoredSecrets secrets("/", own.path());
  store(by_systemd.path() + "/key", "systemd's", 0440);
  store(own.path() + "/key", "ours", 0600);
  store(own.path() + "/other", "ours", 0600);
  ::setenv("CREDENTIALS_DIRECTORY", by_systemd.path().c_str(), 1);
  auto const key = secrets.resolve({Form::credential, "key"});
  auto const other = secrets.resolve({Form::credential, "other"});
  auto const missing = secrets.resolve({Form::credential, "missing"});
  store(by_systemd.path() + "/key", "systemd's", 0444);
  auto const open = secrets.resolve({Form::credential, "key"});
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(key->reveal() == "systemd's");
  CHECK(other->reveal() == "ours");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().what.find("LoadCredential=missing") != std::string::npos);
  CHECK(open.error().code == ErrorCode::denied);
}

}  // namespace mailstack::world
