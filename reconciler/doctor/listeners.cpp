/// \file
/// Who has the ports of mail already? The daemon gets none that another server holds.

#include <algorithm>
#include <array>
#include <map>

#include "core/text/listed.hpp"
#include "reconciler/doctor/checks.hpp"

namespace mailstack::doctor {

namespace {

using world::Holder;
using world::Listener;

/// Mail servers by the name of their listening process, and what makes room for ours.
struct Rival {
  std::string_view process;
  std::string_view name;
  std::string_view remedy;
};
constexpr std::array<Rival, 9> rivals{
    {{"exim4", "exim4", "systemctl disable --now exim4"},
     {"exim", "exim", "systemctl disable --now exim4"},
     {"master", "postfix", "systemctl disable --now postfix"},
     {"sendmail", "sendmail", "systemctl disable --now sendmail"},
     {"sendmail-mta", "sendmail", "systemctl disable --now sendmail"},
     {"smtpd", "opensmtpd", "systemctl disable --now opensmtpd"},
     {"maddy", "maddy", "systemctl disable --now maddy"},
     {"stalwart-mail", "stalwart-mail", "systemctl disable --now stalwart-mail"},
     {"dovecot", "dovecot's submission service", ""}}};

Rival const* rival(Holder const& holder) {
  for (auto const& one : rivals) {
    // "master" is a common word; Debian's postfix is /usr/lib/postfix/sbin/master.
    bool const sure = one.process != "master" || holder.executable.empty() ||
                      holder.executable.find("postfix") != std::string::npos;
    if (holder.name == one.process && sure) return &one;
  }
  return nullptr;
}

bool any_named(std::vector<Holder> const& holders, std::string_view name) {
  return std::any_of(holders.begin(), holders.end(),
                     [&](Holder const& one) { return one.name == name; });
}

std::string shown(Holder const& holder) {
  auto const& path = holder.executable;
  return holder.name + " (" + (path.empty() ? "" : path + ", ") + "process " +
         std::to_string(holder.pid) + ")";
}

void judge_unseen(Subject const& subject, unsigned user, std::string const& where,
                  Finding& finding) {
  finding.verdict = Verdict::unknown;
  finding.answered = "a process of uid " + std::to_string(user) + where;
  if (subject.privileged) {
    finding.cause = "no process here holds that socket: it is another container's, or the kernel's";
    finding.remedy = "look for it where the containers of this machine are run";
  } else {
    finding.cause = "only root sees whose socket it is";
    finding.remedy = "run `mailstack doctor` as root, or `ss -lntp` there";
  }
}

void judge_stranger(Subject const& subject, Holder const& holder, std::string const& port,
                    Finding& finding) {
  finding.verdict = Verdict::problem;
  auto const* known = rival(holder);
  finding.cause = (known ? std::string(known->name) : holder.name) + " holds port " + port +
                  ", so " + subject.daemon + " will not get it";
  if (known == nullptr)
    finding.remedy = "stop it, or have it listen elsewhere; `systemctl status " +
                     std::to_string(holder.pid) + "` says which service it is of";
  else if (known->remedy.empty())
    finding.remedy =
        "take submission out of `protocols` in dovecot's configuration, and restart it";
  else
    finding.remedy = "`" + std::string(known->remedy) + "`";
}

/// Of sockets that the same processes hold.
Finding judge(Subject const& subject, std::uint16_t number, std::vector<Listener> const& sockets,
              bool daemon) {
  auto const port = std::to_string(number);
  Finding finding{"listeners", Verdict::ok, "who listens on port " + port, {}, {}, {}};
  std::vector<std::string> addresses;
  addresses.reserve(sockets.size());
  for (auto const& one : sockets) addresses.push_back(one.address);
  auto const where = " on " + listed(addresses);
  auto const& holders = sockets.front().holders;
  if (holders.empty()) {
    judge_unseen(subject, sockets.front().user, where, finding);
    return finding;
  }
  std::vector<std::string> who;
  who.reserve(holders.size());
  for (auto const& one : holders) who.push_back(shown(one));
  finding.answered = listed(who) + where;
  if (any_named(holders, subject.daemon)) return finding;
  if (!any_named(holders, "systemd")) {
    judge_stranger(subject, holders.front(), port, finding);
  } else if (daemon) {
    finding.cause = "systemd holds the sockets of " + subject.daemon;
  } else {
    finding.verdict = Verdict::warning;
    finding.cause =
        "systemd holds the port for a socket unit, and " + subject.daemon + " is not installed";
    finding.remedy = "`systemctl list-sockets` names the unit; disable it where it is not " +
                     subject.daemon + "'s";
  }
  return finding;
}

}  // namespace

std::vector<std::uint16_t> const& mail_ports() {
  static std::vector<std::uint16_t> const all{25, 465, 587};
  return all;
}

Findings judge_listeners(Subject const& subject, Result<std::vector<Listener>> const& listeners,
                         bool daemon) {
  Findings all;
  if (!listeners)
    return {{"listeners",
             Verdict::unknown,
             "who listens on ports 25, 465 and 587",
             listeners.error().what,
             "the kernel's table of sockets cannot be read",
             {}}};
  for (auto const port : mail_ports()) {
    // One server has a socket for each family, and often for each address.
    std::map<std::vector<std::pair<int, std::string>>, std::vector<Listener>> by_holders;
    for (auto const& one : *listeners) {
      if (one.port != port) continue;
      std::vector<std::pair<int, std::string>> key;
      key.reserve(one.holders.size());
      for (auto const& holder : one.holders) key.emplace_back(holder.pid, holder.name);
      by_holders[key].push_back(one);
    }
    for (auto const& [key, sockets] : by_holders)
      all.push_back(judge(subject, port, sockets, daemon));
    if (by_holders.empty())
      all.push_back({"listeners",
                     Verdict::ok,
                     "who listens on port " + std::to_string(port),
                     "nobody: it is free",
                     {},
                     {}});
  }
  return all;
}

}  // namespace mailstack::doctor
