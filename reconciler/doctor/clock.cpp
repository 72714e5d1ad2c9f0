/// \file
/// Is it the time that it says? Certificates and signatures are valid between two dates.

#include "reconciler/doctor/checks.hpp"

namespace mailstack::doctor {

namespace {

constexpr char const* set_it =
    "`timedatectl set-ntp true` where systemd-timesyncd is installed, else `apt-get install "
    "systemd-timesyncd`";

Finding judge_synchronised(Result<world::ClockState> const& clock) {
  Finding finding{"clock", Verdict::ok, "is the clock synchronised", {}, {}, {}};
  if (!clock) {
    finding.verdict = Verdict::unknown;
    finding.answered = clock.error().what;
    finding.cause = "the kernel does not say";
    return finding;
  }
  if (clock->synchronised) {
    auto const error = std::chrono::ceil<std::chrono::milliseconds>(clock->most_error).count();
    finding.answered = "yes, to " + std::to_string(error) + " ms";
    return finding;
  }
  finding.verdict = Verdict::warning;
  finding.answered = "no";
  finding.cause =
      "nothing sets it, so it drifts; with a wrong clock certificates and DKIM "
      "signatures fail";
  finding.remedy = set_it;
  return finding;
}

}  // namespace

Findings judge_clock(Subject const& subject, Result<world::ClockState> const& clock,
                     Result<TimePoint> const& program_written) {
  Finding plausible{"clock", Verdict::ok, "what time is it", mailstack::format(subject.now),
                    {},      {}};
  auto const later = [&](TimePoint than, std::string const& what) {
    if (subject.now >= than || plausible.verdict == Verdict::problem) return;
    plausible.verdict = Verdict::problem;
    plausible.cause = what + " at " + mailstack::format(than) +
                      ", so the clock is behind; certificates and "
                      "DKIM signatures fail with it";
    plausible.remedy = set_it;
  };
  if (subject.last_run) later(*subject.last_run, "mailstack last ran");
  if (program_written) later(*program_written, "this program was written");
  return {judge_synchronised(clock), std::move(plausible)};
}

}  // namespace mailstack::doctor
