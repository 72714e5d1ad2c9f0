#include <algorithm>

#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/progress.hpp"
#include "reconciler/cli/render_doctor.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/doctor/examine.hpp"
#include "reconciler/features/records/records.hpp"

namespace mailstack::cli {

namespace {

using manifest::Host;
using manifest::Manifest;

/// The host that this machine is; nullptr after it was said that it is none.
Host const* examined(Session const& session, Talk& talk) {
  auto const& manifest = session.manifest();
  if (auto const* host = manifest.host(session.applier().host)) return host;
  std::string what = manifest.file + " has no hosts, so there is nothing to examine";
  if (!manifest.hosts.empty()) {
    what = "this machine is none of the hosts of " + manifest.file;
    for (auto const& host : manifest.hosts)
      what += (&host == &manifest.hosts.front() ? ": --as " : ", --as ") + host.key + " if it is " +
              host.fqdn.display();
  }
  talk.error(what);
  return nullptr;
}

/// Some domain has mail that leaves from our hosts (and keys that sign it).
bool any_sends(Manifest const& manifest, bool signs) {
  return std::any_of(manifest.domains.begin(), manifest.domains.end(), [&](auto const& domain) {
    return features::records::sends(domain) &&
           !(signs && domain.section.section("dkim").texts("algorithms").empty());
  });
}

doctor::Subject subject_of(Session& session, Host const& host, Doors& doors) {
  auto const& manifest = session.manifest();
  auto const* zone = manifest.zone_of(host.fqdn);
  bool const serves = host.mx || host.submit || host.send;
  doctor::Subject subject;
  subject.fqdn = host.fqdn;
  subject.ipv4 = host.ipv4;
  subject.ipv6 = host.ipv6;
  subject.serves = serves;
  subject.receives = host.mx;
  subject.submits = host.submit;
  subject.checks_ptr = host.ptr == Host::Ptr::verify;
  subject.publishes = zone != nullptr && !zone->provider.empty();
  subject.daemon_named = serves && any_sends(manifest, false);
  subject.signs = host.send && any_sends(manifest, true);
  subject.privileged = doors.privileged();
  subject.machine_name = doors.host_name();
  subject.addresses = doors.addresses();
  auto const& root = session.options().root;
  auto const prefix = root.empty() ? std::string() : absolute(root, doors);
  subject.daemon = manifest.daemon == manifest::Daemon::chasquid ? "chasquid" : "mailstackd";
  subject.places = {{subject.daemon + "'s configuration",
                     prefix + features::facts_for(manifest.daemon).conf_directory},
                    {"mailstack's state", session.state()}};
  if (serves)
    subject.places.emplace_back(subject.daemon + "'s queue", prefix + "/var/lib/" + subject.daemon);
  subject.now = session.now();
  subject.last_run = session.last_look();
  return subject;
}

std::vector<doctor::Target> targets_of(Options const& options) {
  std::vector<doctor::Target> targets;
  for (auto const& text : options.probes)
    if (auto target = doctor::parse_target(text)) targets.push_back(*std::move(target));
  return targets;
}

}  // namespace

ExitCode commands_of::doctor(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  Session session(options, doors, talk);
  if (!session.load()) return exit_code(session.happened);
  auto const* host = examined(session, talk);
  if (host == nullptr) return ExitCode::invalid;
  auto const machine = doors.machine();
  auto const dns = doors.dns(session.manifest().resolvers);
  auto const process = doors.process();
  doctor::Findings findings;
  {
    constexpr std::string_view lane = "doctor";
    auto const progress = session.progress();  // taken away before the findings are shown
    findings = doctor::examine(
        subject_of(session, *host, doors), targets_of(options),
        {*machine, *dns, *process,
         [&](std::string_view what, std::size_t total) { progress->expect(lane, what, total); },
         [&] { progress->advance(lane, 1); }});
  }
  if (options.json)
    talk.document(doctor_json(host->key, findings));
  else
    talk.result(
        render_doctor({host->key + " (" + host->fqdn.display() + ")", findings}, talk.paper()));
  session.happened.error |= doctor::number_of(findings, doctor::Verdict::problem) > 0;
  return exit_code(session.happened);
}

}  // namespace mailstack::cli
