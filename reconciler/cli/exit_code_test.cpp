#include "reconciler/cli/exit_code.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace mailstack::cli;

namespace {

struct Case {
  std::string what;
  Happenings happened;
  ExitCode code;
};

std::vector<Case> const cases{
    {"nothing happened", {}, ExitCode::done},
    {"all applied", {.applied = true}, ExitCode::done},
    {"an error", {.error = true}, ExitCode::error},
    {"changes pending", {.pending = true}, ExitCode::pending},
    {"the manifest is wrong", {.invalid = true}, ExitCode::invalid},
    {"the provider is down", {.blind = true}, ExitCode::unreachable},
    {"blind, the rest was applied", {.applied = true, .blind = true}, ExitCode::unreachable},
    {"every write was refused by the provider", {.failed_away = true}, ExitCode::unreachable},
    {"a write was refused, others applied",
     {.applied = true, .failed_away = true},
     ExitCode::partly},
    {"disk full before anything was written", {.failed_here = true}, ExitCode::error},
    {"disk full half way", {.applied = true, .failed_here = true}, ExitCode::partly},
    {"applied, not recorded", {.applied = true, .not_recorded = true}, ExitCode::partly},
    {"not recorded, so nothing was written", {.not_recorded = true}, ExitCode::error},
    {"a hazard that is not allowed", {.refused = true}, ExitCode::refused},
    {"a conflict, the rest applied", {.refused = true, .applied = true}, ExitCode::refused},
    {"locked", {.locked = true}, ExitCode::locked},
    {"a name server lags", {.applied = true, .not_served = true}, ExitCode::not_served},
    {"the checkout is stale", {.stale = true}, ExitCode::stale},
    {"interrupted", {.interrupted = true}, ExitCode::interrupted},
};

}  // namespace

TEST_CASE("exit_code: each thing that can happen has its number", "[cli]") {
  for (auto const& one : cases) {
    CAPTURE(one.what);
    CHECK(exit_code(one.happened) == one.code);
  }
}

TEST_CASE("exit_code: of several the first of 130, 3, 7, 9, 5, 6, 4, 8, 1, 2", "[cli]") {
  // Everything happens at once; what was reported is taken away, and the next must come forward.
  Happenings all{.interrupted = true,
                 .invalid = true,
                 .locked = true,
                 .stale = true,
                 .refused = true,
                 .applied = true,
                 .failed_away = true,
                 .failed_here = false,
                 .not_recorded = false,
                 .blind = true,
                 .not_served = true,
                 .pending = true,
                 .error = true};
  auto const expect = [&](ExitCode code) { CHECK(exit_code(all) == code); };
  expect(ExitCode::interrupted);
  all.interrupted = false;
  expect(ExitCode::invalid);
  all.invalid = false;
  expect(ExitCode::locked);
  all.locked = false;
  expect(ExitCode::stale);
  all.stale = false;
  expect(ExitCode::refused);
  all.refused = false;
  expect(ExitCode::partly);
  all.failed_away = false;
  expect(ExitCode::unreachable);
  all.blind = false;
  expect(ExitCode::not_served);
  all.not_served = false;
  expect(ExitCode::error);
  all.error = false;
  expect(ExitCode::pending);
  all.pending = false;
  expect(ExitCode::done);
}
