#pragma once
/// \file
/// What chasquid.conf and mailstackd.yaml say, with everything they leave out at its default.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret/secret.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::conf {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// An address family prefix: 192.0.2.0/24, 2001:db8::/32.
struct Network {
  std::string address;
  unsigned bits = 0;
};

/// Where something was said: in which file, at which line and column, from 1; 0: the file as a
/// whole.
struct Place {
  std::string path;  ///< absolute; empty: nowhere
  unsigned line = 0;
  unsigned column = 0;

  bool operator==(Place const&) const = default;
};

struct Listen {
  std::string address;  ///< numeric; empty: every address of the host; a path with `/`: unix
  std::uint16_t port = 0;
  smtp::Service service = smtp::Service::smtp;
  bool systemd = false;  ///< inherited under chasquid's names: smtp, submission, submission_tls
  Place place = {};      ///< of the address
};

struct Smarthost {
  std::string host;
  std::uint16_t port = 587;
  enum class Tls { starttls, implicit, never } tls = Tls::starttls;
  std::string user;
  Secret<std::string> password;
};

/// Where connections to other servers come from, and the name that goes with it.
struct Source {
  std::optional<std::string> ipv4;  ///< none: the system chooses
  std::optional<std::string> ipv6;
  std::string name;  ///< in EHLO; empty: the host's
};

struct Settings {
  std::string directory;  ///< of the conf tree; relative paths start there
  std::string hostname;
  std::vector<Listen> listen;
  std::string user;             ///< whom root becomes; empty: stays root
  std::optional<bool> seccomp;  ///< none: unless the MDA needs its setuid or setgid bit
  std::string spool = "/var/lib/mailstackd/queue";
  std::string state = "/var/lib/mailstackd";
  std::string control_socket = "/run/mailstackd/control";
  std::optional<std::string>
      monitoring_address;  ///< `127.0.0.1:1099`, `[::1]:1099`; `:1099`: everywhere
  std::string suffix_separators = "+";
  std::string drop_characters = ".";
  std::vector<Network> trusted_networks;  ///< may relay; empty: nobody
  std::vector<Network> proxies;           ///< speak PROXY v1, always
  bool normalise_line_ends = false;

  struct Dns {
    std::vector<std::string> servers;  ///< `127.0.0.1`, `[::1]:5353`; empty: /etc/resolv.conf
    bool dnssec = false;
    std::string trust_anchor = "/usr/share/dns/root.key";  ///< a zone file of DS or DNSKEY
    milliseconds timeout{5000};
    unsigned attempts = 3;
  } dns;

  std::optional<Smarthost> smarthost;

  struct Delivery {
    std::uint16_t port = 25;
    std::vector<std::string> own_names;      ///< MX names that are us, beside hostname
    std::vector<std::string> own_addresses;  ///< beside those of the interfaces
    Source source;                           ///< of mail whose domain names none
    struct {
      seconds connect{30}, greeting{300}, ehlo{300}, command{300}, data{120}, block{180}, dot{600},
          quit{5}, starttls{60};
      /// With all hosts and commands: 50 MiB at 15 KiB/s, and no peer holds a place for longer.
      seconds attempt{std::chrono::hours(1)};
    } timeouts;
    std::size_t per_destination = 20;
    std::size_t total = 200;
    seconds downgrade_memory{std::chrono::hours(72)};  ///< how long seen TLS is insisted on
    seconds keep_idle{2};              ///< a connection without work is kept so long
    std::size_t per_connection = 100;  ///< messages
    enum class Local { mda, lmtp, maildir } local = Local::mda;
    std::string mda = "maildrop";
    std::vector<std::string> mda_arguments = {"-f", "%from%", "-d", "%to_user%"};
    /// What is replaced in them.
    static constexpr std::array<std::string_view, 6> mda_words{
        "%from%", "%from_user%", "%from_domain%", "%to%", "%to_user%", "%to_domain%"};
    std::string lmtp;     ///< `/run/dovecot/lmtp` or `host:port`
    std::string maildir;  ///< `/var/mail/%to_domain%/%to_user%`
    /// What is replaced in it: words of the recipient only, since a sender could lead elsewhere.
    static constexpr std::array<std::string_view, 3> maildir_words{"%to%", "%to_user%",
                                                                   "%to_domain%"};
    seconds pipe_timeout{30};
  } delivery;

  struct Queue {
    seconds retry_first{60};
    seconds retry_max{20 * 60};
    double jitter = 0.2;
    seconds host_backoff_first{30};
    seconds host_backoff_max{15 * 60};
    seconds lifetime{20 * 3600};
    seconds delay_warning{4 * 3600};
    double reserve = 0.05;      ///< of the disk
    std::size_t max_items = 0;  ///< 0: any number
  } queue;

  struct LimitsOf {
    smtp::Limits session;
    seconds command_timeout{300};
    seconds session_timeout{3600};
    std::size_t connections = 12'000;
    std::size_t per_address = 50;          ///< connections at once
    std::size_t per_address_rate = 300;    ///< connections a minute
    std::size_t per_address_errors = 100;  ///< refusals an hour, then 421 at the greeting
    std::size_t per_user_rate = 0;  ///< recipients an hour; 0: any (domains/D/mailstackd.yaml)
    std::size_t memory = 256UL * 1024 * 1024;  ///< of messages being received, all together
  } limits;

  /// Where the keys of mailstackd.yaml stand that were given; fields of chasquid.conf under the key
  /// that means the same. Those that are not here have their default.
  std::map<std::string, Place, std::less<>> places;

  std::vector<std::string> secret_files;  ///< absolute; what they hold was read into these settings

  std::string srs_secret_file;  ///< empty: `state`/srs.key, made at the first start
  seconds srs_lifetime{21 * 24 * 3600};

  enum class Log { chasquid, json, journal } log = Log::chasquid;
  std::string mail_log_path = "<syslog>";
  std::size_t loops = 0;  ///< threads with sessions; 0: one per core
};

/// Where `key` was given, or the key that its value follows from (`spool` from `state`); the conf
/// tree as a whole where neither was.
Place place_of(Settings const& settings, std::string_view key);

}  // namespace mailstack::conf
