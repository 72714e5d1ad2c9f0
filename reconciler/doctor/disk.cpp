/// \file
/// Is there room for mail and for what mailstack writes?

#include <array>
#include <cstdio>

#include "reconciler/doctor/checks.hpp"

namespace mailstack::doctor {

namespace {

constexpr std::uint64_t megabyte = 1'000'000;

std::string size(std::uint64_t octets) {
  if (octets < 1000 * megabyte) return std::to_string(octets / megabyte) + " MB";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f GB",
                static_cast<double>(octets) / (1000.0 * static_cast<double>(megabyte)));
  return text.data();
}

/// `part` of `whole` in percent, rounded down; of nothing all is free.
unsigned percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 100
                    : static_cast<unsigned>(static_cast<double>(part) / static_cast<double>(whole) *
                                            100.0);
}

std::string amount(world::Space const& space) {
  auto text =
      size(space.free) + " free (" + std::to_string(percent(space.free, space.total)) + " %)";
  if (space.inodes > 0)
    text += ", " + std::to_string(percent(space.free_inodes, space.inodes)) + " % of the inodes";
  return text;
}

/// How bad the room is: below `least` percent, or octets.
bool below(world::Space const& space, unsigned least, std::uint64_t octets) {
  return percent(space.free, space.total) < least || space.free < octets ||
         percent(space.free_inodes, space.inodes) < least;
}

}  // namespace

Finding judge_space(std::string const& what, std::string const& path,
                    Result<world::Space> const& space) {
  Finding finding{"disk", Verdict::ok, "room in " + path + " (" + what + ")", {}, {}, {}};
  if (!space) {
    finding.verdict = Verdict::unknown;
    finding.answered = space.error().what;
    finding.cause = "this user may not look there";
    finding.remedy = "run `mailstack doctor` as root";
    return finding;
  }
  finding.answered = amount(*space);
  if (space->seen != path) finding.answered += ", seen at " + space->seen;
  if (space->read_only) {
    finding.verdict = Verdict::problem;
    finding.answered += ", mounted read-only";
    finding.cause = "nothing can be written there";
    finding.remedy =
        "`mount -o remount,rw`, after a look at `dmesg`: a disk that fails is made "
        "read-only, too";
    return finding;
  }
  bool const bad = below(*space, 1, 50 * megabyte);
  if (!bad && !below(*space, 5, 500 * megabyte)) return finding;
  finding.verdict = bad ? Verdict::problem : Verdict::warning;
  finding.cause = bad ? "mail and journal will not be written for long" : "that fills soon";
  finding.remedy = "make room: `du -xh --max-depth=2 " + space->seen +
                   "`; `journalctl "
                   "--vacuum-size=200M` frees old logs";
  return finding;
}

}  // namespace mailstack::doctor
