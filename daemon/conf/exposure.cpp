#include "daemon/conf/exposure.hpp"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace mailstack::conf {

namespace {

/// A prefix of fewer bits is more than one owner's.
constexpr unsigned least_bits = 8;

using Octets = std::array<unsigned char, 16>;
constexpr Octets mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool same_front(Octets const& a, Octets const& b, unsigned bits) {
  for (unsigned bit = 0; bit < bits; ++bit)
    if (((a[bit / 8] ^ b[bit / 8]) & (0x80U >> (bit % 8))) != 0) return false;
  return true;
}

std::string text_of(Network const& network) {
  return network.address + "/" + std::to_string(network.bits);
}

void warn(Settings const& settings, std::string_view key, std::string what, std::string remedy,
          Problems& problems) {
  problems.push_back(problem_at(place_of(settings, key), std::move(what), std::move(remedy), true));
}

void note_proxies(Settings const& settings, Problems& problems) {
  auto const open = std::find_if(settings.proxies.begin(), settings.proxies.end(), holds_strangers);
  if (open == settings.proxies.end()) return;
  warn(settings, "proxies",
       text_of(*open) +
           " may say by PROXY to come from any address: limits, logs and hooks then "
           "speak of an address that strangers choose",
       "name the proxies in mailstackd.yaml: `proxies: [ADDRESS]`", problems);
}

void note_monitoring(Settings const& settings, Problems& problems) {
  if (!settings.monitoring_address) return;
  auto const& at = *settings.monitoring_address;
  auto const host = at.substr(0, at.rfind(':'));
  if (!host.empty() && host != "0.0.0.0" && host != "[::]") return;
  warn(settings, "monitoring_address",
       "metrics and health are served on every address, without a password",
       "name one that strangers do not get to, such as 127.0.0.1" + at.substr(at.rfind(':')),
       problems);
}

/// Whether all others pass the directories above `path`, and read it.
bool everybody_reads(std::filesystem::path const& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || (found.st_mode & S_IROTH) == 0) return false;
  for (auto above = path.parent_path();; above = above.parent_path()) {
    if (::stat(above.c_str(), &found) != 0 || (found.st_mode & S_IXOTH) == 0) return false;
    if (above == above.root_path()) return true;
  }
}

void note_key(std::string const& path, Problems& problems) {
  // A link's target may lie behind a directory that is closed (certbot's live/ and archive/).
  std::error_code unknown;
  auto const real = std::filesystem::canonical(path, unknown);
  if (unknown || !everybody_reads(path) || !everybody_reads(real)) return;
  problems.push_back({path, "every account of this machine may read this private key", 0, 0,
                      "run: chmod o-r " + real.string(), true});
}

}  // namespace

bool holds_strangers(Network const& network) {
  Octets octets{};
  if (::inet_pton(AF_INET, network.address.c_str(), octets.data()) == 1)
    return network.bits < least_bits;
  if (::inet_pton(AF_INET6, network.address.c_str(), octets.data()) != 1) return false;
  if (same_front(octets, mapped, std::min(network.bits, 96U)))
    return network.bits < 96 + least_bits;
  bool const local = network.bits == 7 && (octets[0] & 0xfeU) == 0xfc;  // RFC 4193
  return network.bits < least_bits && !local;
}

void refuse_open_relay(Settings const& settings, std::string const& directory, Problems& problems) {
  auto const& trusted = settings.trusted_networks;
  if (auto const open = std::find_if(trusted.begin(), trusted.end(), holds_strangers);
      open != trusted.end())
    problems.push_back(problem_at(place_of(settings, "trusted_networks"),
                                  "strangers may relay from " + text_of(*open) + ": an open relay",
                                  "name your own networks, such as 10.0.0.0/8", false));
  // Whoever comes would claim an address that may relay.
  if (trusted.empty() ||
      std::none_of(settings.proxies.begin(), settings.proxies.end(), holds_strangers))
    return;
  problems.push_back(
      {directory,
       "everybody may say by PROXY to come from an address of trusted_networks: an open relay", 0,
       0, "name the proxies in mailstackd.yaml: `proxies: [ADDRESS]`"});
}

void note_exposure(Snapshot const& snapshot, Problems& problems) {
  note_proxies(snapshot.settings, problems);
  note_monitoring(snapshot.settings, problems);
  for (auto const& pair : snapshot.certificates)
    note_key(snapshot.settings.directory + "/certs/" + pair.name + "/privkey.pem", problems);
  for (auto const& [name, domain] : snapshot.domains)
    for (auto const& key : domain.keys) note_key(key.path, problems);
}

}  // namespace mailstack::conf
