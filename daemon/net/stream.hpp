#pragma once
/// \file
/// One connection: TCP or a unix socket, in the clear or under TLS. Octets come by call, never by
/// waiting.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result/result.hpp"
#include "daemon/net/loop.hpp"

namespace mailstack::net {

class TlsContext;  ///< tls.hpp

struct TlsInfo {
  std::string version;  ///< `TLSv1.3`
  std::string cipher;
  std::string server_name;  ///< SNI that the client sent or was sent
  bool verified = false;    ///< the peer's chain and name are good; a client only knows
};

struct Endpoint {
  std::string address;  ///< numeric; with a `/`: a unix socket
  std::uint16_t port = 0;
};

/// How a connection is closed.
enum class Parting {
  /// Our end, then we read on for a moment: what is closed with octets unread is reset, and the
  /// peer
  /// may lose our last reply.
  patient,
  /// The peer sends nothing more, and waits for nothing but our last octets: after QUIT.
  peer_is_done,
};

/// Belongs to one loop; used on its thread only. Calls of Stream::Events never come from inside a
/// call to the stream, so they may destroy it.
class Stream {
 public:
  struct Events {
    std::function<void(std::string_view octets)> received;
    /// The peer closed, or something broke; comes once, and nothing after it. Not after close().
    std::function<void(std::string const& why)> ended;
    /// unsent() came down to zero.
    std::function<void()> drained;
  };

  virtual ~Stream() = default;
  /// Once, before anything else. Reading begins.
  virtual void start(Events events) = 0;
  /// false: what comes is left with the kernel, so that a peer cannot fill our memory.
  virtual void read(bool wanted) = 0;
  /// How much the next reads take at most; 0: as much as there is. One octet at a time leaves what
  /// stands behind a line in the clear for TLS.
  virtual void read_at_most(std::size_t octets) = 0;
  virtual void write(std::string octets) = 0;
  virtual void write(std::shared_ptr<std::string const> octets) = 0;
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  /// After what was written before. Octets that came before the handshake are dropped (RFC
  /// 3207 4.2; CVE-2011-0411, CVE-2021-38371). A client gives the name that it wants to reach.
  virtual void start_tls(std::shared_ptr<TlsContext> context, std::string const& server_name,
                         std::function<void(Result<TlsInfo>)> done) = 0;
  /// Closes once everything was written, or after a few seconds. No events follow.
  virtual void close(Parting parting) = 0;
  [[nodiscard]] virtual Endpoint peer() const = 0;  ///< IPv4 in IPv6 is told as IPv4
  [[nodiscard]] virtual Endpoint local() const = 0;
};

/// Calls back once, on the loop. Destroying what is returned gives up. `source`: the address to
/// come from. Fails with unavailable, saying why.
std::unique_ptr<Timer> connect(Loop& loop, Endpoint const& to,
                               std::optional<std::string> const& source,
                               std::chrono::milliseconds limit,
                               std::function<void(Result<std::unique_ptr<Stream>>)> done);

}  // namespace mailstack::net
