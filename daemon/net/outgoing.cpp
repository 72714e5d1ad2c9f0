#include "daemon/net/outgoing.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mailstack::net {

namespace {

/// Pieces of one system call.
constexpr std::size_t most_pieces = 16;

}  // namespace

void Outgoing::add(Piece piece) {
  if (piece.rest().empty()) return;
  octets_ += piece.rest().size();
  pieces_.push_back(std::move(piece));
}

void Outgoing::clear() {
  pieces_.clear();
  octets_ = 0;
}

TlsStep Outgoing::push(int fd, TlsSession* tls) {
  TlsStep step;
  if (tls != nullptr) {
    auto const rest = pieces_.front().rest();
    step = tls->write(rest.data(), rest.size());
  } else {
    step = push_plain(fd);
  }
  if (step.kind == TlsStep::Kind::octets) sent(step.octets);
  return step;
}

TlsStep Outgoing::push_plain(int fd) {
  std::array<iovec, most_pieces> parts{};
  std::size_t count = 0;
  for (auto const& piece : pieces_) {
    if (count == parts.size()) break;
    auto const rest = piece.rest();
    parts[count++] = {const_cast<char*>(rest.data()), rest.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  for (;;) {
    auto const put = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (put >= 0) return {TlsStep::Kind::octets, static_cast<std::size_t>(put), {}};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {TlsStep::Kind::want_write, 0, {}};
    return {TlsStep::Kind::broken, 0, std::strerror(errno)};
  }
}

void Outgoing::sent(std::size_t octets) {
  octets_ -= octets;
  std::size_t whole = 0;
  while (octets > 0) {
    auto& piece = pieces_[whole];
    auto const part = std::min(octets, piece.rest().size());
    piece.sent += part;
    octets -= part;
    if (piece.rest().empty()) ++whole;
  }
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(whole));
}

}  // namespace mailstack::net
