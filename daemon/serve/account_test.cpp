#include "daemon/serve/account.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>

namespace mailstack::serve {

namespace {

constexpr std::array names{"HOME", "USER", "LOGNAME", "SHELL"};

/// This process has its own environment again.
class Kept {
 public:
  Kept() {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (auto const* value = std::getenv(names.at(i))) values_.at(i) = value;
  }
  Kept(Kept const&) = delete;
  Kept& operator=(Kept const&) = delete;
  ~Kept() {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (values_.at(i))
        ::setenv(names.at(i), values_.at(i)->c_str(), 1);
      else
        ::unsetenv(names.at(i));
  }

 private:
  std::array<std::optional<std::string>, names.size()> values_;
};

std::string variable(char const* name) {
  auto const* value = std::getenv(name);
  return value == nullptr ? "none" : value;
}

}  // namespace

TEST_CASE("account: programs of the account get its home, and not that of root", "[serve]") {
  Kept const kept;
  ::setenv("HOME", "/root", 1);
  ::setenv("USER", "root", 1);
  ::setenv("SHELL", "/bin/bash", 1);
  take_environment({.name = "ann", .user = 4711, .group = 4711, .home = "/home/ann"});
  CHECK(variable("HOME") == "/home/ann");
  CHECK(variable("USER") == "ann");
  CHECK(variable("LOGNAME") == "ann");
  CHECK(variable("SHELL") == "none");
}

TEST_CASE("account: one that is found has its home and shell", "[serve]") {
  auto const nobody = conf::find_account("nobody");
  if (!nobody) return;
  CHECK(nobody->home.starts_with('/'));
  CHECK(nobody->shell.starts_with('/'));
}

}  // namespace mailstack::serve
