#pragma once
/// \file
/// What a stream was told to write and the socket has not taken yet.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/net/tls_session.hpp"

namespace mailstack::net {

/// Octets in the order in which they were written. Nothing is copied.
class Outgoing {
 public:
  void add(std::string octets) { add(Piece{std::move(octets), nullptr}); }
  void add(std::shared_ptr<std::string const> octets) { add(Piece{{}, std::move(octets)}); }
  void clear();
  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  /// Those that are left.
  [[nodiscard]] std::size_t octets() const { return octets_; }

  /// Gives the socket what it takes at once, through TLS if there is a session. What went is no
  /// longer here.
  TlsStep push(int fd, TlsSession* tls);

 private:
  struct Piece {
    std::string own;
    std::shared_ptr<std::string const> shared;
    std::size_t sent = 0;
    [[nodiscard]] std::string_view rest() const {
      return std::string_view(shared ? *shared : own).substr(sent);
    }
  };

  void add(Piece piece);
  TlsStep push_plain(int fd);
  void sent(std::size_t octets);

  std::vector<Piece> pieces_;  // few; no room is taken while there is nothing
  std::size_t octets_ = 0;
};

}  // namespace mailstack::net
