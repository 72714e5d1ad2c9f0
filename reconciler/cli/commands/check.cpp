#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/mail_check.hpp"
#include "reconciler/cli/render_doctor.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/features/loads/loads.hpp"
#include "reconciler/features/mailstackd/mailstackd.hpp"
#include "reconciler/features/records/records.hpp"

namespace mailstack::cli {

namespace {

using manifest::Host;

/// The host that this machine is, where it takes mail of users; nullptr after it was said.
Host const* submitter(Session const& session, Talk& talk) {
  auto const* host = session.manifest().host(session.applier().host);
  if (host != nullptr && host->submit) return host;
  talk.error(host == nullptr ? "this machine is none of the hosts of the manifest: --as NAME"
                             : "host " + host->key + " takes no mail of users (`roles`)");
  return nullptr;
}

Result<Secret<std::string>> password_of(Options const& options, Session const& session,
                                        Doors& doors) {
  if (!options.credential.empty())
    return doors.secrets(session.manifest().directory)
        ->resolve({world::SecretReference::Form::credential, options.credential});
  auto password = doors.terminal.read_secret(
      doors.terminal.answers ? "Password for " + options.envelope_sender + ": " : std::string{});
  if (!password) return fail(ErrorCode::invalid, "no password was given");
  return *std::move(password);
}

/// The sender's, or all that send.
std::vector<dns::Name> domains_of(Options const& options, manifest::Manifest const& manifest) {
  if (!options.send_to.empty()) {
    auto const& from = options.envelope_sender;
    auto const name = dns::Name::parse(from.substr(from.rfind('@') + 1));
    return name ? std::vector{*name} : std::vector<dns::Name>{};
  }
  std::vector<dns::Name> all;
  for (auto const& domain : manifest.domains)
    if (features::records::sends(domain)) all.push_back(domain.name);
  return all;
}

/// The root of a local authority, so that its certificates can be checked, too.
std::string authority(Session const& session, files::Files& files) {
  auto const issuer =
      session.manifest().root.section("defaults").section("certificate").text("issuer");
  auto const path = session.facts().certificate_directory + "/authorities/" + issuer + "/root.pem";
  return !issuer.empty() && files.stat(path) ? session.root() + path : std::string();
}

}  // namespace

ExitCode commands_of::check(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  Session session(options, doors, talk);
  if (!session.load()) return exit_code(session.happened);
  auto const* host = submitter(session, talk);
  if (host == nullptr) return ExitCode::invalid;
  auto password = options.send_to.empty() ? Result<Secret<std::string>>(Secret<std::string>())
                                          : password_of(options, session, doors);
  if (!password) {
    talk.error(password.error().what);
    return ExitCode::invalid;
  }
  auto const listen = session.manifest().root.section("daemon").section("listen");
  auto const files = doors.files(session.root());
  MailCheck const check{*host,
                        listen.texts("smtp"),
                        listen.texts("submission"),
                        listen.texts("submissions"),
                        session.facts().conf_directory,
                        authority(session, *files),
                        features::mailstackd::control_socket,
                        features::daemon_service(session.manifest().daemon),
                        domains_of(options, session.manifest()),
                        options.envelope_sender,
                        options.send_to,
                        *std::move(password),
                        doors.random_word(),
                        options.wait};
  auto const sender = doors.mail();
  auto const dns = doors.dns(session.manifest().resolvers);
  auto const control = doors.control();
  auto const systemd = doors.systemd(options.root);
  auto const findings = check_mail(check, {*files, doors.clock, *sender, *dns, *control, *systemd});
  if (options.json)
    talk.document(doctor_json(host->key, findings, mail_titles()));
  else
    talk.result(render_doctor(
        {host->key + " (" + host->fqdn.display() + ")", findings, mail_titles(), "Check"},
        talk.paper()));
  session.happened.error |= doctor::number_of(findings, doctor::Verdict::problem) > 0;
  return exit_code(session.happened);
}

}  // namespace mailstack::cli
