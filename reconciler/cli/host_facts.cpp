#include "reconciler/cli/host_facts.hpp"

#include "reconciler/cli/session.hpp"

namespace mailstack::cli {

namespace {

/// `chasquid 1.11-2+b2 (source date: …)` → `1.11-2+b2`.
std::string version_in(std::string const& text) {
  auto const start = text.find(' ');
  if (start == std::string::npos) return {};
  return text.substr(start + 1, text.find_first_of(" \n", start + 1) - start - 1);
}

/// What dpkg says of an installed chasquid; empty where it knows none.
std::string packaged_version(Doors const& doors) {
  auto const status = doors.files("")->read("/var/lib/dpkg/status").value_or(std::string());
  auto const start = ("\n" + status).find("\nPackage: chasquid\n");
  if (start == std::string::npos) return {};
  auto const entry = status.substr(start, status.find("\n\n", start) - start);
  constexpr std::string_view field = "\nVersion: ";
  auto const at = entry.find(field);
  if (at == std::string::npos || entry.find(" installed\n") == std::string::npos) return {};
  return entry.substr(at + field.size(), entry.find('\n', at + 1) - at - field.size());
}

/// The program's own word, else its package's: a program that cannot be run here for once is not
/// one that is not installed. Empty where there is none.
std::string daemon_version(Doors const& doors) {
  auto const asked = doors.process()->run({{"chasquid", "-version"}, {}, {}, {}, {}});
  if (!asked && asked.error().code == ErrorCode::not_found) return {};
  auto version = asked && asked->status == 0 ? version_in(asked->output) : std::string();
  return version.empty() ? packaged_version(doors) : version;
}

/// Where a package or an administrator puts programs goes before the place of the one that runs: a
/// copy in somebody's build directory may be gone tomorrow.
std::string program(Doors const& doors) {
  auto const files = doors.files("");
  for (auto const* path : {"/usr/bin/mailstack", "/usr/local/bin/mailstack"})
    if (files->stat(path)) return path;
  return doors.program();
}

/// Where a package or an administrator puts it, or beside this program; empty where it is nowhere.
std::string mailstackd(Doors const& doors) {
  auto const files = doors.files("");
  auto const own = doors.program();
  for (auto const& path :
       {std::string("/usr/sbin/mailstackd"), std::string("/usr/bin/mailstackd"),
        std::string("/usr/local/sbin/mailstackd"), std::string("/usr/local/bin/mailstackd"),
        own.substr(0, own.rfind('/') + 1) + "mailstackd"})
    if (files->stat(path)) return path;
  return {};
}

/// The folder that holds the repository of `directory`; empty where there is none.
std::string repository_of(std::string const& directory, Doors const& doors) {
  auto const files = doors.files("");
  for (auto up = directory; !up.empty(); up = up.substr(0, up.rfind('/')))
    if (files->stat(up + "/.git")) return up;
  return {};
}

}  // namespace

features::Facts::Here look_at_host(manifest::Manifest const& manifest, Applier const& applier,
                                   Options const& options, Doors const& doors,
                                   std::string const& state) {
  features::Facts::Here here;
  if (applier.host.empty()) return here;
  here.host = applier.host;
  bool const wanted = manifest.root.section("systemd").text("manage") != "never";
  if (wanted && !options.root.empty())
    here.without_systemd = "below --root nothing runs";
  else if (wanted && !doors.runs_systemd())
    here.without_systemd = "systemd does not run here";
  here.systemd = wanted && here.without_systemd.empty();
  if (!options.root.empty()) return here;
  here.runs = true;
  if (manifest.daemon == manifest::Daemon::chasquid)
    here.daemon_version = daemon_version(doors);
  else
    here.daemon_program = mailstackd(doors);
  here.addresses = doors.addresses();
  here.program = program(doors);
  here.delivers = doors.files("")->stat("/usr/bin/maildrop").has_value();
  here.arguments = {"--manifest", manifest_path(options, doors), "--as", applier.host};
  if (!options.state.empty()) here.arguments.insert(here.arguments.end(), {"--state", state});
  // The service runs as root, whoever plans it.
  here.writes = {options.state.empty() ? "/var/lib/mailstack" : state};
  if (auto repository = repository_of(directory_of(manifest_path(options, doors)), doors);
      !repository.empty())
    here.writes.push_back(std::move(repository));
  return here;
}

}  // namespace mailstack::cli
