#pragma once
/// \file
/// TLS on a descriptor that does not block.

#include <memory>
#include <string>

#include "daemon/net/stream.hpp"
#include "daemon/net/tls.hpp"

struct ssl_st;

namespace mailstack::net {

/// What a step came to: octets, or what must be waited for.
struct TlsStep {
  enum class Kind { octets, want_read, want_write, ended, broken } kind = Kind::broken;
  std::size_t octets = 0;
  std::string why;  ///< of broken
};

/// One connection's state of TLS. Keeps its context alive.
class TlsSession {
 public:
  /// Whether this end is the server is the context's. Fails with internal.
  static Result<std::unique_ptr<TlsSession>> make(std::shared_ptr<TlsContext> context, int fd,
                                                  std::string const& server_name);
  ~TlsSession();
  TlsSession(TlsSession const&) = delete;
  TlsSession& operator=(TlsSession const&) = delete;

  TlsStep handshake();  ///< octets: it is done
  TlsStep read(char* to, std::size_t room);
  TlsStep write(char const* from, std::size_t size);
  /// close_notify, if it can be written now.
  void shut_down();
  /// Octets that were decrypted and not read: the descriptor will not tell of them.
  [[nodiscard]] bool pending() const;
  [[nodiscard]] TlsInfo info() const;

 private:
  TlsSession(std::shared_ptr<TlsContext> context, ssl_st* ssl);
  TlsStep step(int result);
  std::shared_ptr<TlsContext> context_;
  ssl_st* ssl_;
};

}  // namespace mailstack::net
