#include "daemon/conf/outlook.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "daemon/conf/account.hpp"
#include "daemon/conf/certificate_names.hpp"
#include "daemon/conf/dead_ends.hpp"
#include "daemon/conf/delivery_outlook.hpp"
#include "daemon/conf/exposure.hpp"
#include "daemon/conf/host_name.hpp"
#include "daemon/conf/ports.hpp"
#include "daemon/conf/program_path.hpp"
#include "daemon/conf/writable.hpp"

namespace mailstack::conf {

std::string_view const listen_remedy =
    "start it by its .socket units, or say in mailstackd.yaml where it listens, such as `listen: "
    "[{address: \":25\", service: smtp}, {address: \":465\", service: submissions}]`";

namespace {

using Service = smtp::Service;

bool is_there(std::string const& path) { return ::access(path.c_str(), F_OK) == 0; }

// ---- what stays so while the daemon runs ----

/// Whether there are files of one, whatever is wrong with them. Directories for something else are
/// none, and of those that cannot be looked into it is not known.
bool has_certificate_files(std::string const& certificates) {
  std::error_code error;
  std::filesystem::directory_iterator one(certificates, error);
  for (; !error && one != std::filesystem::directory_iterator(); one.increment(error))
    for (auto const* file : {"/fullchain.pem", "/privkey.pem"}) {
      struct stat found {};
      if (::lstat((one->path().string() + file).c_str(), &found) == 0 || errno == EACCES)
        return true;
    }
  return error && error != std::errc::no_such_file_or_directory;
}

void note_certificates(Snapshot const& snapshot, Machine const& machine, Problems& problems) {
  auto const& settings = snapshot.settings;
  auto const directory = settings.directory + "/certs";
  for (auto const& pair : snapshot.certificates)
    if (pair.expires <= machine.now)
      problems.push_back({directory + "/" + pair.name + "/fullchain.pem",
                          "the certificate has expired at " + mailstack::format(pair.expires), 0, 0,
                          "put a new one there, with its key", true});
  if (!snapshot.certificates.empty()) return;
  // What is wrong with each has been said.
  bool const unusable = has_certificate_files(directory);
  auto const remedy = unusable ? "mend those of " + directory
                               : "put fullchain.pem and privkey.pem into " + directory + "/NAME";
  auto const none =
      std::string(unusable ? "no certificate can be used" : "there is no certificate");
  for (auto const& at : settings.listen)
    // A port that nobody named is there only if systemd has it.
    if (at.service == Service::submissions && !at.place.path.empty())
      problems.push_back(problem_at(at.place,
                                    none + ", without which `submissions` serves nobody: its TLS "
                                           "begins with the first octet",
                                    remedy, false));
  if (std::any_of(settings.listen.begin(), settings.listen.end(),
                  [](Listen const& at) { return at.service != Service::submissions; }))
    problems.push_back(
        {directory, none + ": nobody can log in, and mail from other servers comes in the clear", 0,
         0, remedy, true});
}

/// Only root becomes somebody: whoever else runs us stays who he is, and serves.
void note_user(Settings const& settings, Machine const& machine, Problems& problems) {
  if (settings.user.empty()) return;
  auto const account = find_account(settings.user);
  if (account) return;
  problems.push_back(problem_of_user(settings, account.error()));
  problems.back().warning = machine.user != 0;
}

/// A user whose mail ends here and does not go on by an alias.
std::optional<std::string> somebody_with_mail(Snapshot const& snapshot,
                                              userdb::NameIndex const& index) {
  auto const ends_here = [&](userdb::Recipient const& one) {
    auto const at = one.text.rfind('@');
    return one.form == userdb::Recipient::Form::mail && at != std::string::npos &&
           index.user(one.text.substr(0, at), one.text.substr(at + 1)) != nullptr;
  };
  for (auto const& [domain, local] : snapshot.mail.domains)
    for (auto const& [name, scheme] : local.users) {
      auto const& policies = snapshot.domains.at(domain).policies;
      auto const policy = policies.find(name);
      if (policy != policies.end() && (policy->second.disabled || !policy->second.receive))
        continue;
      auto const address = name + "@" + domain;
      auto const way = userdb::resolve(snapshot.mail, index, address, userdb::Order::users_first);
      if (way && std::any_of(way->recipients.begin(), way->recipients.end(), ends_here))
        return address;
    }
  return std::nullopt;
}

void note_mda(Snapshot const& snapshot, userdb::NameIndex const& index, Problems& problems) {
  auto const& settings = snapshot.settings;
  if (settings.delivery.local != Settings::Delivery::Local::mda) return;
  auto const program = find_program(settings.delivery.mda, settings.directory);
  if (program) return;
  auto const somebody = somebody_with_mail(snapshot, index);
  if (!somebody) return;
  problems.push_back(problem_at(
      place_of(settings, "delivery.mda"),
      program.error().what + ": mail for users such as " + *somebody + " waits",
      "install it, name another mail_delivery_agent_bin, or write in mailstackd.yaml `delivery: "
      "{local: maildir, maildir: /var/mail/%to_domain%/%to_user%}`",
      true));
}

void note_syslog(Settings const& settings, Machine const& machine, Problems& problems) {
  if (settings.log == Settings::Log::journal || settings.mail_log_path != "<syslog>" ||
      is_there(machine.syslog))
    return;
  problems.push_back(problem_at(
      place_of(settings, "mail_log_path"),
      "the log goes to syslog, and nothing listens at " + machine.syslog +
          ": until something does, it goes to standard error",
      "start a syslogd, or write `mail_log_path: <stderr>` or a file into mailstackd.yaml", true));
}

// ---- what a start needs ----

void note_listeners(Settings const& settings, Machine const& machine, Problems& problems) {
  bool const all_inherited = std::all_of(settings.listen.begin(), settings.listen.end(),
                                         [](Listen const& at) { return at.systemd; });
  if (!all_inherited || std::getenv("LISTEN_FDS") != nullptr || is_there(machine.service_manager))
    return;
  problems.push_back(problem_at(place_of(settings, "listen"),
                                "all addresses are `systemd`, which does not run here: there is "
                                "nothing to listen on",
                                std::string(listen_remedy), true));
}

/// Root makes what is missing before it becomes `account`.
void note_directory_of_other(Place const& place, std::string const& path, Account const& account,
                             Problems& problems) {
  if (!is_directory_there(path) || may_write(path, account)) return;
  problems.push_back(problem_at(place, path + " is not for " + account.name + " to write",
                                "run: chown " + account.name + " " + path, true));
}

/// Whether nobody makes our directories before we are started: what we may not do now we may not
/// do then. Under systemd a unit's StateDirectory= does, be there a directory already or not,
/// unless we are in that unit: then it has done so.
bool makes_its_own(Settings const& settings, Machine const& machine) {
  bool const same_user = settings.user.empty() || settings.user == own_name();
  return same_user &&
         (!is_there(machine.service_manager) || std::getenv("STATE_DIRECTORY") != nullptr);
}

void note_own_directory(Place const& place, std::string const& path, bool warning,
                        Problems& problems) {
  auto const at = nearest_above(path);
  if (may_write(at)) return;
  problems.push_back(
      problem_at(place,
                 path + (at == path ? " is not for the user " + own_name() + " to write"
                                    : " cannot be made by the user " + own_name() + " in " + at),
                 directory_remedy(path, own_name()), warning));
}

void note_directories(Settings const& settings, Machine const& machine, Problems& problems) {
  auto const account = find_account(settings.user);
  for (auto const& [key, path] :
       {std::pair("state", settings.state), std::pair("spool", settings.spool)}) {
    auto const place = place_of(settings, key);
    if (!becomes(settings.user))
      note_own_directory(place, path, !makes_its_own(settings, machine), problems);
    else if (account)
      note_directory_of_other(place, path, *account, problems);
  }
}

void note_log_place(Settings const& settings, Machine const& machine, Problems& problems) {
  auto const warn = [&](std::string_view key, std::string what, std::string remedy) {
    problems.push_back(problem_at(place_of(settings, key),
                                  std::move(what) + ": the log goes to standard error",
                                  std::move(remedy), true));
  };
  auto const& path = settings.mail_log_path;
  if (settings.log == Settings::Log::journal) {
    if (!is_there(machine.journal))
      warn("log", "`log` is `journal`, and nothing listens at " + machine.journal,
           "write `log: chasquid` or `log: json`");
  } else if (!path.starts_with('<') && !is_directory_there(above(path))) {
    warn("mail_log_path", "there is no directory " + above(path),
         directory_remedy(above(path), settings.user.empty() ? own_name() : settings.user));
  }
}

}  // namespace

std::string directory_remedy(std::string const& path, std::string const& user) {
  return "run as root: install -d -o " + user + " -m 0700 " + path +
         ", or let StateDirectory= of the unit make it";
}

Error unusable(std::string const& path, Error error) {
  if (error.what.find(path) == std::string::npos) error = within(std::move(error), path);
  if (!may_write(path)) error.what += "; " + directory_remedy(path, own_name());
  return error;
}

Problem problem_of_user(Settings const& settings, Error const& error) {
  std::string remedy = "name another one";
  if (error.code == ErrorCode::not_found)
    remedy = "make it: adduser --system --group --no-create-home " + settings.user;
  if (error.code == ErrorCode::unavailable) remedy = "try again";
  return problem_at(place_of(settings, "user"), "`user`: " + error.what, std::move(remedy), false);
}

void look_ahead(Snapshot const& snapshot, Machine const& machine, Problems& problems) {
  userdb::NameIndex const index(snapshot.mail);
  note_host_name(snapshot.settings, problems);
  note_exposure(snapshot, problems);
  note_certificates(snapshot, machine, problems);
  note_certificate_names(snapshot, problems);
  note_user(snapshot.settings, machine, problems);
  note_mda(snapshot, index, problems);
  note_delivery(snapshot, problems);
  note_syslog(snapshot.settings, machine, problems);
  note_dead_ends(snapshot, index, problems);
}

void look_at_start(Settings const& settings, Machine const& machine, Problems& problems) {
  note_listeners(settings, machine, problems);
  // Where systemd runs, sockets or the capability come from the unit.
  if (!is_there(machine.service_manager)) note_low_ports(settings, lowest_port(), problems);
  note_directories(settings, machine, problems);
  note_maildir_place(settings, problems);
  note_log_place(settings, machine, problems);
}

}  // namespace mailstack::conf
