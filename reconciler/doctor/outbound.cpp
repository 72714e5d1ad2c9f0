/// \file
/// Does mail get out? Many providers drop or refuse what goes to port 25.

#include <algorithm>

#include "core/clock/clock.hpp"
#include "reconciler/doctor/checks.hpp"

namespace mailstack::doctor {

namespace {

using Outcome = world::Greeting::Outcome;

bool six(world::Peer const& endpoint) { return endpoint.address.find(':') != std::string::npos; }

bool connected(world::Greeting const& greeting) {
  return greeting.outcome == Outcome::line || greeting.outcome == Outcome::silent ||
         greeting.outcome == Outcome::closed;
}

std::string seconds(std::chrono::milliseconds patience) {
  return std::to_string(patience.count() / 1000) + " s";
}

/// A server that cannot be connected to. `others`: some that can, by the same port and family.
void judge_no_connection(Probe const& probe, bool others, Finding& finding) {
  auto const port = std::to_string(probe.endpoint.port);
  if (others) {
    finding.verdict = Verdict::warning;
    finding.cause = "others answer, so port " + port +
                    " is open: this one is down, or keeps this machine's address out";
    finding.remedy = "try again later; where it stays so, ask who runs it";
    return;
  }
  finding.verdict = Verdict::problem;
  finding.cause = "your provider (or a firewall on this machine) blocks outbound port " + port +
                  (six(probe.endpoint) ? " over IPv6" : "") + ", so no mail leaves";
  finding.remedy = "ask the provider's support to open outbound port " + port +
                   "; `nft list ruleset` shows a firewall of this machine's own";
}

Finding judge(Probe const& probe, bool others, std::chrono::milliseconds patience) {
  auto const port = std::to_string(probe.endpoint.port);
  auto const& greeting = probe.greeting;
  Finding finding{"outbound",    Verdict::ok, "port " + port + " of " + probe.to,
                  greeting.text, {},          {}};
  switch (greeting.outcome) {
    case Outcome::line:
      if (greeting.text.starts_with("220")) break;
      finding.verdict = Verdict::warning;
      finding.cause = "port " + port + " is open, but this server turns this machine away";
      finding.remedy = "its words say why: often the PTR, or a list on which the address stands";
      break;
    case Outcome::silent:
      finding.answered = "connected, and no word within " + seconds(patience);
      [[fallthrough]];
    case Outcome::closed:
      if (greeting.outcome == Outcome::closed) finding.answered = "connected, and closed at once";
      finding.verdict = Verdict::warning;
      finding.cause =
          "the server makes strangers wait, or something on the way takes the connection";
      finding.remedy =
          "try again later, or with more time: `nc -v " + probe.endpoint.address + " " + port + "`";
      break;
    case Outcome::timed_out:
      finding.answered = "no answer within " + seconds(patience);
      judge_no_connection(probe, others, finding);
      break;
    case Outcome::refused: judge_no_connection(probe, others, finding); break;
    case Outcome::unreachable:
      finding.verdict = Verdict::unknown;
      finding.cause = "there is no way to it, so nothing is known of port " + port;
      finding.remedy = "mend the network first: `ip route get " + probe.endpoint.address + "`";
      break;
    case Outcome::failed:
      finding.verdict = Verdict::unknown;
      finding.cause = "the connection could not be tried";
      break;
  }
  return finding;
}

}  // namespace

Findings judge_outbound(std::vector<Probe> const& probes, std::chrono::milliseconds patience) {
  Findings all;
  all.reserve(probes.size());
  for (auto const& probe : probes) {
    bool const others = std::any_of(probes.begin(), probes.end(), [&](Probe const& other) {
      return connected(other.greeting) && other.endpoint.port == probe.endpoint.port &&
             six(other.endpoint) == six(probe.endpoint);
    });
    all.push_back(judge(probe, others, patience));
  }
  return all;
}

Findings judge_inbound(Subject const& subject) {
  Findings all;
  auto const& address = subject.ipv4.empty() ? subject.ipv6 : subject.ipv4;
  for (auto const port : mail_ports()) {
    bool const strangers = port == mail_ports().front();
    if (strangers ? !subject.receives : !subject.submits) continue;
    std::string asked = "port ", remedy = "once the daemon runs, from another machine: `nc -vz ";
    asked += std::to_string(port) + " of " + address + " from elsewhere";
    remedy += address + " " + std::to_string(port) + "`";
    all.push_back({"inbound", Verdict::unknown, std::move(asked), "not asked",
                   "a filter of the provider in front of this machine cannot be seen from it",
                   std::move(remedy)});
  }
  return all;
}

}  // namespace mailstack::doctor
