#pragma once
/// \file
/// The door to this machine as a mail server would find it: who listens, which way leads out, time,
/// space, programs. Only looks. The adapter is reconciler/world/machine/.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"

namespace mailstack::world {

/// A process that holds a socket.
struct Holder {
  int pid = 0;
  std::string name;        ///< of its program, at most 15 octets (comm, proc(5)): `exim4`
  std::string executable;  ///< path; empty where it may not be read

  bool operator==(Holder const&) const = default;
};

/// A TCP socket that waits for connections.
struct Listener {
  std::string address;  ///< canonical: `0.0.0.0`, `::`, `127.0.0.1`
  std::uint16_t port = 0;
  unsigned user = 0;  ///< uid of who made it
  /// Those that could be seen. Without root that is only one's own; another container's never are.
  std::vector<Holder> holders;

  bool operator==(Listener const&) const = default;
};

/// What the kernel thinks of its clock (adjtimex(2)).
struct ClockState {
  bool synchronised = false;                ///< a daemon has set it, and says so (not STA_UNSYNC)
  std::chrono::microseconds most_error{0};  ///< by which it may be wrong, as that daemon reckons
};

/// Of the file system that holds a path.
struct Space {
  std::string seen;               ///< the path, or its nearest parent that exists
  std::uint64_t free = 0;         ///< octets that who is not root may still write
  std::uint64_t total = 0;        ///< octets
  std::uint64_t free_inodes = 0;  ///< for who is not root
  std::uint64_t inodes = 0;       ///< 0: it has no limit of its own (btrfs)
  bool read_only = false;
};

/// An address and a port.
struct Peer {
  std::string address;  ///< canonical, without brackets
  std::uint16_t port = 0;

  bool operator==(Peer const&) const = default;
};

/// How a mail server answered a connection.
struct Greeting {
  enum class Outcome {
    line,         ///< it said something: `text`
    silent,       ///< connected, and nothing came in time
    closed,       ///< connected, and it ended that without a line
    refused,      ///< RST, or an ICMP that forbids it (ECONNREFUSED, EACCES, EPERM)
    timed_out,    ///< no answer to the connection
    unreachable,  ///< no way there: no route, no network
    failed,       ///< anything else
  };
  Outcome outcome = Outcome::failed;
  std::string text;  ///< the first line without its end, at most 512 octets; else why, in words

  bool operator==(Greeting const&) const = default;
};

/// Safe to call from several threads. Nothing here needs root; with it, more is seen.
class Machine {
 public:
  virtual ~Machine() = default;

  /// Who listens on one of these TCP ports, over IPv4 and IPv6, in this network namespace; sorted
  /// by port and address. Fails with unavailable where /proc does not show it.
  virtual Result<std::vector<Listener>> listeners(std::span<std::uint16_t const> ports) = 0;

  /// The address from which the kernel would send to `address`; no packet is sent. Fails with
  /// unavailable where there is no route, in the kernel's words.
  virtual Result<std::string> source_towards(std::string const& address) = 0;

  /// net.ipv6.conf.all.disable_ipv6; false too where the kernel has no IPv6 at all.
  virtual bool ipv6_switched_off() = 0;

  /// Fails with denied or unavailable.
  virtual Result<ClockState> clock() = 0;

  /// When the file of this program was written: no clock that is right shows less. Fails with
  /// unavailable.
  virtual Result<TimePoint> program_written() = 0;

  /// Fails with denied or unavailable.
  virtual Result<Space> space(std::string const& path) = 0;

  /// Connects to all at once and reads one line of each, within `patience` in all; says QUIT to who
  /// said something. One result an endpoint, in order. `told` is called after each, by this thread.
  virtual std::vector<Greeting> greetings(std::span<Peer const> endpoints,
                                          std::chrono::milliseconds patience,
                                          std::function<void()> const& told) = 0;

  /// Where the program `name` is: in PATH, /usr/local/sbin, /usr/sbin or /sbin.
  virtual std::optional<std::string> program(std::string const& name) = 0;

  /// systemd is this machine's manager (sd_booted(3)).
  virtual bool has_systemd() = 0;
};

}  // namespace mailstack::world
