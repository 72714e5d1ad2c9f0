#pragma once
/// \file
/// Where there is no systemd to talk to.

#include <string>
#include <utility>
#include <vector>

#include "reconciler/world/systemd.hpp"

namespace mailstack::world {

/// The twin of a systemd that must not be touched: all calls fail with `reason`.
class NoSystemd final : public Systemd {
 public:
  explicit NoSystemd(std::string reason) : reason_(std::move(reason)) {}

  Result<std::string> version() override { return none(); }
  Result<UnitState> state(std::string const& /*unit*/) override { return none(); }
  Result<> daemon_reload() override { return none(); }
  Result<> enable(std::string const& /*unit*/) override { return none(); }
  Result<> disable(std::string const& /*unit*/) override { return none(); }
  Result<> run(std::string const& /*unit*/, Job /*job*/,
               std::chrono::milliseconds /*timeout*/) override {
    return none();
  }
  Result<> reset_failed(std::string const& /*unit*/) override { return none(); }
  std::vector<std::string> journal(std::string const& /*unit*/, TimePoint /*since*/,
                                   std::size_t /*most*/) override {
    return {};
  }

 private:
  [[nodiscard]] tl::unexpected<Error> none() const { return fail(ErrorCode::unavailable, reason_); }
  std::string reason_;
};

}  // namespace mailstack::world
