#include "reconciler/doctor/examine.hpp"

#include <iterator>

#include "reconciler/doctor/checks.hpp"
#include "reconciler/doctor/targets.hpp"

namespace mailstack::doctor {

namespace {

/// Addresses far away; the kernel chooses the way to them, and nothing is sent.
constexpr char const* far_four = "8.8.8.8";
constexpr char const* far_six = "2001:4860:4860::8888";

void add(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Findings examine_outbound(Subject const& subject, std::vector<Target> const& targets,
                          Doors const& doors) {
  auto found = find_probes(subject, targets, doors.dns);
  std::vector<world::Peer> endpoints;
  endpoints.reserve(found.probes.size());
  for (auto const& probe : found.probes) endpoints.push_back(probe.endpoint);
  doors.expect("connections to mail servers", endpoints.size());
  auto const said = doors.machine.greetings(endpoints, greeting_patience, doors.advance);
  for (std::size_t i = 0; i < said.size(); ++i) found.probes[i].greeting = said[i];
  auto all = judge_outbound(found.probes, greeting_patience);
  add(all, std::move(found.findings));
  return all;
}

Findings examine_reverse(Subject const& subject, Doors const& doors) {
  std::vector<resolve::Claim> claims;
  for (auto const& address : {subject.ipv4, subject.ipv6})
    if (!address.empty()) claims.push_back({address, subject.fqdn});
  auto const looks = resolve::look_at_reverse(doors.dns, claims);
  Findings all;
  for (std::size_t i = 0; i < claims.size(); ++i)
    add(all, judge_reverse(subject, claims[i].address, looks[i]));
  return all;
}

Findings examine_daemon(Subject const& subject, std::optional<std::string> const& path,
                        Doors const& doors) {
  std::optional<Result<world::Finished>> version;
  if (subject.daemon == "mailstackd") return {judge_mailstackd(path)};
  if (path) version = doors.process.run({{*path, "-version"}, {}, {}, {}, {}});
  return judge_daemon(subject, path, version);
}

}  // namespace

Findings examine(Subject const& subject, std::vector<Target> const& targets, Doors const& doors) {
  auto& machine = doors.machine;
  auto const daemon = machine.program(subject.daemon);
  Findings all;
  if (subject.serves) {
    all = examine_outbound(subject, targets, doors);
    add(all, judge_inbound(subject));
    add(all, judge_listeners(subject, machine.listeners(mail_ports()), daemon.has_value()));
  }
  all.push_back(judge_way_out(subject, {false, machine.source_towards(far_four), false}));
  all.push_back(
      judge_way_out(subject, {true, machine.source_towards(far_six), machine.ipv6_switched_off()}));
  add(all, examine_reverse(subject, doors));
  add(all, judge_clock(subject, machine.clock(), machine.program_written()));
  for (auto const& [what, path] : subject.places)
    all.push_back(judge_space(what, path, machine.space(path)));
  if (!subject.serves) return all;
  all.push_back(judge_name(subject));
  add(all, examine_daemon(subject, daemon, doors));
  if (subject.daemon == "chasquid") all.push_back(judge_systemd(machine.has_systemd()));
  return all;
}

}  // namespace mailstack::doctor
