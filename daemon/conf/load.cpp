#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "core/digest/digest.hpp"
#include "core/mail/path/path.hpp"
#include "daemon/conf/account.hpp"
#include "daemon/conf/chasquid_conf.hpp"
#include "daemon/conf/exposure.hpp"
#include "daemon/conf/hook_file.hpp"
#include "daemon/conf/mailstackd_yaml.hpp"
#include "daemon/conf/outlook.hpp"
#include "daemon/conf/parts.hpp"
#include "daemon/conf/ports.hpp"
#include "daemon/conf/readable.hpp"
#include "daemon/conf/snapshot.hpp"
#include "daemon/conf/tree_file.hpp"

namespace mailstack::conf {

namespace {

constexpr std::array setting_files{std::string_view("chasquid.conf"),
                                   std::string_view("mailstackd.yaml")};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

void make_absolute(std::string const& directory, std::string& path) {
  if (!path.empty() && !path.starts_with('/')) path = directory + "/" + path;
}

/// Reads one of setting_files over `settings`. Returns its digest; empty where it is not there.
std::string read_settings_file(Reading reading, std::string_view name, Settings& settings) {
  auto const path = reading.directory + "/" + std::string(name);
  auto const text = read_file(path);
  if (!text) {
    if (text.error().code != ErrorCode::not_found)
      reading.problems.push_back(unreadable(path, text.error()));
    return {};
  }
  auto const read_secret = [&](std::string const& file) {
    auto absolute = file;
    make_absolute(reading.directory, absolute);
    settings.secret_files.push_back(absolute);
    return read_file(absolute);
  };
  auto found = name == setting_files[0] ? read_chasquid_conf(path, *text, settings)
                                        : read_yaml(path, *text, read_secret, settings);
  std::move(found.begin(), found.end(), std::back_inserter(reading.problems));
  return digest::sha256(*text);
}

/// A spool deep in somebody's home is as good as another; only nobody can speak with the daemon.
void note_long_path(Reading reading, Settings const& settings) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (settings.control_socket.size() <= longest) return;
  reading.problems.push_back({settings.control_socket,
                              "the path is longer than the " + std::to_string(longest) +
                                  " octets that a unix socket may have",
                              0, 0, "give control_socket in mailstackd.yaml", true});
}

/// Nothing would be found by name, and mail would wait for that.
void note_trust_anchor(Reading reading, Settings const& settings) {
  auto const& anchor = settings.dns.trust_anchor;
  if (!settings.dns.dnssec || ::access(anchor.c_str(), R_OK) == 0) return;
  reading.problems.push_back({anchor, "`dns.dnssec` is on, and this trust anchor cannot be read", 0,
                              0, "install dns-root-data, or give dns.trust_anchor", true});
}

/// False where there are no usable settings, neither in the tree nor of before.
bool read_settings(Reading reading) {
  Settings settings;
  for (auto const service :
       {smtp::Service::smtp, smtp::Service::submission, smtp::Service::submissions})
    settings.listen.push_back({{}, 0, service, true});
  std::map<std::string, std::string> digests;
  for (auto const name : setting_files)
    if (auto digest = read_settings_file(reading, name, settings); !digest.empty())
      digests.emplace(name, std::move(digest));
  if (digests.empty() && !failed(reading.problems))
    reading.problems.push_back({reading.directory,
                                "neither chasquid.conf nor mailstackd.yaml is here", 0, 0,
                                "an empty chasquid.conf is enough for the defaults"});
  refuse_open_relay(settings, reading.directory, reading.problems);
  refuse_same_ports(settings, reading.problems);
  if (!failed(reading.problems)) {
    complete(reading.directory, settings);
    note_long_path(reading, settings);
    note_trust_anchor(reading, settings);
    reading.next.settings = std::move(settings);
    reading.next.digests.merge(digests);
    return true;
  }
  if (reading.before == nullptr) return false;
  for (auto& problem : reading.problems) note_kept(problem, "the settings of before stay");
  reading.next.settings = reading.before->settings;
  for (auto const name : setting_files)
    if (auto const found = reading.before->digests.find(std::string(name));
        found != reading.before->digests.end())
      reading.next.digests.insert(*found);
  return true;
}

void read_rest(Reading reading) {
  reading.next.mail.suffix_separators = reading.next.settings.suffix_separators;
  reading.next.mail.drop_characters = reading.next.settings.drop_characters;
  read_domains(reading);
  read_certificates(reading);
}

Problem no_directory(std::string const& directory, bool before) {
  return {directory, "no such directory", 0, 0,
          before ? "what was read of it before stays in use" : "name another one: --config DIR"};
}

}  // namespace

std::optional<std::string> real_directory(std::string const& directory) {
  std::unique_ptr<char, void (*)(void*)> const real(::realpath(directory.c_str(), nullptr),
                                                    std::free);
  if (!real) return std::nullopt;
  return std::string(real.get());
}

void complete(std::string const& directory, Settings& settings) {
  settings.directory = directory;
  if (settings.hostname.empty()) settings.hostname = host_name();
  // As it stands in addresses: lower case, A-labels, no final dot.
  if (settings.hostname.ends_with('.')) settings.hostname.pop_back();
  if (auto const path = mail::parse_path("postmaster@" + settings.hostname))
    settings.hostname = path->text().substr(sizeof "postmaster@" - 1);
  make_absolute(directory, settings.state);
  if (settings.spool.empty()) settings.spool = settings.state + "/queue";
  if (settings.control_socket.empty()) settings.control_socket = settings.state + "/control";
  if (settings.srs_secret_file.empty()) settings.srs_secret_file = settings.state + "/srs.key";
  for (auto* path : {&settings.spool, &settings.control_socket, &settings.srs_secret_file,
                     &settings.dns.trust_anchor})
    make_absolute(directory, *path);
  for (auto& listen : settings.listen)
    if (listen.address.find('/') != std::string::npos) make_absolute(directory, listen.address);
  settings.secret_files.push_back(settings.srs_secret_file);
  if (!settings.mail_log_path.starts_with('<')) make_absolute(directory, settings.mail_log_path);
}

Place place_of(Settings const& settings, std::string_view key) {
  auto const given = [&](std::string_view name) { return settings.places.find(name); };
  auto found = given(key);
  // These follow from each other, whichever is given.
  if (key == "control_socket" || key == "spool" || key == "state")
    for (auto const* const other : {"state", "spool"})
      if (found == settings.places.end()) found = given(other);
  if (found == settings.places.end()) return {settings.directory};
  return found->second;
}

Loaded load(std::string const& directory, std::shared_ptr<Snapshot const> const& before) {
  auto const root = real_directory(directory);
  if (!root) return {nullptr, {no_directory(directory, before != nullptr)}};
  auto next = std::make_shared<Snapshot>();
  Loaded loaded;
  Reading const reading{*root, before.get(), *next, loaded.problems};
  if (!read_settings(reading)) return loaded;
  read_rest(reading);
  loaded.snapshot = std::move(next);
  return loaded;
}

std::vector<std::string> secret_files(std::string const& directory, Snapshot const* before) {
  Snapshot next;
  Problems unheard;
  if (auto const root = real_directory(directory)) read_settings({*root, before, next, unheard});
  return next.settings.secret_files;
}

Problems check(std::string const& directory) {
  auto const root = real_directory(directory);
  if (!root) return {no_directory(directory, false)};
  Snapshot next;
  Problems problems;
  Reading const reading{*root, nullptr, next, problems};
  bool const usable = read_settings(reading);
  read_rest(reading);
  find_hook(*root, problems);
  if (!usable) return problems;
  look_ahead(next, {}, problems);
  look_at_start(next.settings, {}, problems);
  // Root reads everything; the account that it becomes does not.
  if (becomes(next.settings.user))
    if (auto const account = find_account(next.settings.user))
      note_unreadable(next.settings, *account, problems);
  return problems;
}

}  // namespace mailstack::conf
