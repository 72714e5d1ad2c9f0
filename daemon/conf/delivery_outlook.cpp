#include "daemon/conf/delivery_outlook.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/files/descriptor.hpp"
#include "core/text/listed.hpp"
#include "daemon/conf/account.hpp"
#include "daemon/conf/outlook.hpp"
#include "daemon/conf/writable.hpp"

namespace mailstack::conf {

namespace {

using Local = Settings::Delivery::Local;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_of_word(char c) { return is_letter(c) || c == '_'; }

/// Whether somebody meant `text` to be replaced as a whole: letters of one case, two at least, and
/// `_` between them. `%Y%m%d`, `%Y_%m_%d` and `%Hh%M` are times.
bool is_word(std::string_view text) {
  if (text.size() < 2 || !is_letter(text.front()) || !is_letter(text.back())) return false;
  bool const upper = text.front() <= 'Z';
  return std::all_of(text.begin(), text.end(),
                     [upper](char c) { return c == '_' || (is_letter(c) && (c <= 'Z') == upper); });
}

/// The words `%…%` of `text` that are none of `known`.
std::vector<std::string_view> unknown_words(std::string_view text,
                                            std::span<std::string_view const> known) {
  std::vector<std::string_view> unknown;
  for (auto at = text.find('%'); at != text.npos;) {
    auto const end = text.find('%', at + 1);
    if (end == text.npos) break;
    auto const word = text.substr(at, end + 1 - at);
    bool const whole = is_word(word.substr(1, word.size() - 2));
    if (whole && std::find(known.begin(), known.end(), word) == known.end())
      unknown.push_back(word);
    at = whole ? text.find('%', end + 1) : end;
  }
  return unknown;
}

/// Words as Dovecot has them, `%d` and `%n` and `%u`, in the path of a maildir.
std::vector<std::string_view> words_of_dovecot(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::size_t at = 0; (at = text.find('%', at)) != text.npos && at + 1 < text.size(); ++at) {
    bool const ends = at + 2 == text.size() || !(is_of_word(text[at + 2]) || text[at + 2] == '%');
    if (ends && std::string_view("dnu").find(text[at + 1]) != text.npos)
      found.push_back(text.substr(at, 2));
  }
  return found;
}

std::string no_place_of(std::string_view word) {
  return "nothing takes the place of " + std::string(word);
}

/// Another word than those that are replaced would be the name of a folder.
void note_maildir(Settings const& settings, Problems& problems) {
  if (settings.delivery.local != Local::maildir) return;
  auto const place = place_of(settings, "delivery.maildir");
  auto const& path = settings.delivery.maildir;
  auto unknown = unknown_words(path, Settings::Delivery::maildir_words);
  auto const foreign = words_of_dovecot(path);
  unknown.insert(unknown.end(), foreign.begin(), foreign.end());
  for (auto const word : unknown)
    problems.push_back(
        problem_at(place, no_place_of(word), "words are %to_user%, %to_domain% and %to%", false));
  if (path.find("%to_user%") == path.npos && path.find("%to%") == path.npos)
    problems.push_back(problem_at(place, "the mail of all users goes to one maildir",
                                  "write %to_domain%/%to_user% into its path", true));
}

/// A warning only: the program may know what to do with it.
void note_arguments(Settings const& settings, Problems& problems) {
  if (settings.delivery.local != Local::mda) return;
  auto const& known = Settings::Delivery::mda_words;
  for (auto const& argument : settings.delivery.mda_arguments)
    for (auto const word : unknown_words(argument, known))
      problems.push_back(problem_at(place_of(settings, "delivery.mda_arguments"), no_place_of(word),
                                    "words are " + listed(known), true));
}

/// Whether no interface has the address, as bind(2) says: where addresses need not be there
/// (ip(7), ip_nonlocal_bind) it takes any.
bool is_of_no_interface(std::string const& address) {
  sockaddr_in6 six{};
  sockaddr_in four{};
  six.sin6_family = AF_INET6;
  four.sin_family = AF_INET;
  bool const is_six = ::inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1;
  if (!is_six && ::inet_pton(AF_INET, address.c_str(), &four.sin_addr) != 1) return false;
  files::Descriptor const socket(
      ::socket(is_six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return false;
  auto const* at =
      is_six ? reinterpret_cast<sockaddr const*>(&six) : reinterpret_cast<sockaddr const*>(&four);
  return ::bind(socket.number(), at, is_six ? sizeof six : sizeof four) != 0 &&
         errno == EADDRNOTAVAIL;
}

void note_source(Place const& place, std::string const& key,
                 std::optional<std::string> const& address, Problems& problems) {
  if (!address || !is_of_no_interface(*address)) return;
  problems.push_back(problem_at(place,
                                "`" + key + "`: no interface of this host has " + *address +
                                    ", so that nothing leaves from it",
                                "give it to one, or correct the address", true));
}

void note_sources(Snapshot const& snapshot, Problems& problems) {
  auto const& settings = snapshot.settings;
  auto const note_own = [&](std::string const& key, std::optional<std::string> const& address) {
    note_source(place_of(settings, key), key, address, problems);
  };
  note_own("delivery.source.ipv4", settings.delivery.source.ipv4);
  note_own("delivery.source.ipv6", settings.delivery.source.ipv6);
  for (auto const& [name, domain] : snapshot.domains) {
    Place const file{settings.directory + "/" + domain.directory + "/mailstackd.yaml"};
    note_source(file, "source.ipv4", domain.source.ipv4, problems);
    note_source(file, "source.ipv6", domain.source.ipv6, problems);
  }
}

void note_delay_warning(Settings const& settings, Problems& problems) {
  auto const& queue = settings.queue;
  // Who shortens the lifetime alone has not asked for a warning.
  if (!settings.places.contains("queue.delay_warning") || queue.delay_warning.count() == 0 ||
      queue.delay_warning < queue.lifetime)
    return;
  problems.push_back(
      problem_at(place_of(settings, "queue.delay_warning"),
                 "no warning of a delay is ever sent: at the end of `queue.lifetime` "
                 "the mail comes back",
                 "lower queue.delay_warning, or write 0s", true));
}

}  // namespace

void note_delivery(Snapshot const& snapshot, Problems& problems) {
  note_maildir(snapshot.settings, problems);
  note_arguments(snapshot.settings, problems);
  note_sources(snapshot, problems);
  note_delay_warning(snapshot.settings, problems);
}

void note_maildir_place(Settings const& settings, Problems& problems) {
  auto const& path = settings.delivery.maildir;
  if (settings.delivery.local != Local::maildir || !path.starts_with('/')) return;
  // Each user's own directories are made with the first mail.
  auto fixed = path.substr(0, path.find('%'));
  fixed.resize(std::max<std::size_t>(fixed.rfind('/'), 1));
  auto const at = nearest_above(fixed);
  bool const other = becomes(settings.user);
  auto const account = find_account(settings.user);
  if (other ? !account || may_write(at, *account) : may_write(at)) return;
  auto const name = other ? settings.user : own_name();
  problems.push_back(problem_at(
      place_of(settings, "delivery.maildir"),
      "no maildir can be made by the user " + name + " in " + at + ", so that mail for users waits",
      at == fixed ? "run: chown " + name + " " + at
                  : "run as root: install -d -o " + name + " -m 0700 " + fixed,
      true));
}

}  // namespace mailstack::conf
