#pragma once
/// \file
/// Where connections come in: a socket of our own or one that systemd opened.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result/result.hpp"
#include "daemon/net/stream.hpp"

namespace mailstack::net {

/// An accepted connection that belongs to no loop yet. Closes it where nobody takes it.
class Accepted {
 public:
  /// `local`: none where the listener's address is every one of the host.
  Accepted(int fd, Endpoint peer, std::optional<Endpoint> local)
      : fd_(fd), peer_(std::move(peer)), local_(std::move(local)) {}
  Accepted(Accepted&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        peer_(std::move(other.peer_)),
        local_(std::move(other.local_)) {}
  Accepted& operator=(Accepted&&) = delete;
  ~Accepted();
  /// A stream of `loop`; to be called on its thread.
  std::unique_ptr<Stream> on(Loop& loop) &&;

 private:
  int fd_;
  Endpoint peer_;
  std::optional<Endpoint> local_;
};

/// A socket that listens and that nobody accepts from yet.
struct Bound {
  Endpoint at;
  int fd = -1;
};

class Listener {
 public:
  virtual ~Listener() = default;

  /// Binds and listens. An empty address is every one of the host, IPv6 and IPv4. `accepted` is
  /// called on the loop. Fails with denied or unavailable, and says for which address and why.
  /// Without descriptors left it waits a tenth of a second and calls `exhausted`.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, Endpoint const& at,
                                                std::function<void(Accepted)> accepted,
                                                std::function<void()> exhausted);
  /// The descriptor of open() alone, to be adopted later.
  static Result<int> bind(Endpoint const& at);
  /// Where a descriptor listens, a port that was 0 included.
  static Endpoint local(int fd);
  /// On a descriptor that listens already (sd_listen_fds(3)).
  static std::unique_ptr<Listener> adopt(Loop& loop, int fd, std::function<void(Accepted)> accepted,
                                         std::function<void()> exhausted);
};

/// A descriptor that the service manager passed, and its name (LISTEN_FDS, LISTEN_FDNAMES).
struct Inherited {
  int fd = -1;
  std::string name;
};
/// Empty where this process was not given any. Takes the variables out of the environment.
std::vector<Inherited> inherited_sockets();

}  // namespace mailstack::net
