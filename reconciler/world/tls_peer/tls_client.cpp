#include "reconciler/world/tls_peer/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/digest/digest.hpp"
#include "reconciler/world/dns_query/endpoint.hpp"
#include "reconciler/world/no_broken_pipe.hpp"

namespace mailstack::world {

namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;
using Session = std::unique_ptr<SSL, Free>;
using Certificate = std::unique_ptr<X509, Free>;

// RFC 5321 4.5.3.1.5: 512 octets a line; servers send many of them before STARTTLS.
constexpr std::size_t most_octets = 16'384;

tl::unexpected<Error> gone(std::string what) {
  return fail(ErrorCode::unavailable, std::move(what));
}

/// One connection, until a deadline.
class Connection {
 public:
  Connection(files::Descriptor socket, Steady::time_point until)
      : socket_(std::move(socket)), until_(until) {}

  [[nodiscard]] int number() const { return socket_.number(); }

  Result<> wait_for(short events) {
    pollfd watched{socket_.number(), events, 0};
    for (;;) {
      auto const left = std::chrono::ceil<milliseconds>(until_ - Steady::now()).count();
      if (left <= 0) return gone("no answer in time");
      auto const ready = ::poll(&watched, 1, static_cast<int>(std::min<long>(left, 60'000)));
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return gone(std::strerror(errno));
    }
  }

  Result<> connected() {
    if (auto ready = wait_for(POLLOUT); !ready) return ready;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_.number(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? Result<>{} : gone(std::strerror(error));
  }

  Result<> send(std::string_view text) {
    while (!text.empty()) {
      auto const sent = ::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return gone(std::strerror(errno));
      text.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
      if (text.empty()) break;
      if (auto ready = wait_for(POLLOUT); !ready) return ready;
    }
    return {};
  }

  /// A whole reply of SMTP (RFC 5321 4.2): its code, and all its lines.
  Result<std::pair<int, std::string>> reply() {
    std::string all;
    for (;;) {
      auto const end = pending_.find('\n');
      if (end == std::string::npos) {
        if (auto more = receive(); !more) return fail(more.error());
        continue;
      }
      auto const line = pending_.substr(0, end + 1);
      pending_.erase(0, end + 1);
      all += line;
      bool const numbered =
          line.size() >= 4 &&
          std::all_of(line.begin(), line.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
      if (!numbered || all.size() > most_octets)
        return fail(ErrorCode::invalid, "it does not speak SMTP");
      if (line[3] != '-') return std::pair(std::stoi(line.substr(0, 3)), std::move(all));
    }
  }

 private:
  Result<> receive() {
    if (pending_.size() > most_octets) return fail(ErrorCode::invalid, "it does not speak SMTP");
    if (auto ready = wait_for(POLLIN); !ready) return ready;
    std::array<char, 4096> buffer;
    auto const got = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
    if (got == 0) return gone("it ends the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR) return gone(std::strerror(errno));
    if (got > 0) pending_.append(buffer.data(), static_cast<std::size_t>(got));
    return {};
  }

  files::Descriptor socket_;
  Steady::time_point until_;
  std::string pending_;
};

Result<> ask_for_tls(Connection& connection) {
  for (auto const& [command, wanted, what] :
       {std::tuple{"", 220, "its greeting"},
        std::tuple{"EHLO localhost\r\n", 250, "its answer to EHLO"},
        std::tuple{"STARTTLS\r\n", 220, "its answer to STARTTLS"}}) {
    if (auto sent = connection.send(command); !sent) return sent;
    auto const reply = connection.reply();
    if (!reply) return fail(reply.error());
    if (reply->first != wanted)
      return fail(ErrorCode::invalid, std::string(what) + " is " + std::to_string(reply->first) +
                                          ", so there is no TLS");
  }
  return {};
}

std::string words_of_openssl() {
  std::array<char, 256> text{};
  auto const error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "the connection ends";
  ERR_error_string_n(error, text.data(), text.size());
  auto const* reason = ERR_reason_error_string(error);
  return reason ? reason : text.data();
}

Result<> shake_hands(SSL* session, Connection& connection) {
  for (;;) {
    ERR_clear_error();
    auto const done = SSL_connect(session);
    if (done == 1) return {};
    auto const why = SSL_get_error(session, done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
      return gone("TLS handshake: " + words_of_openssl());
    if (auto ready = connection.wait_for(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT); !ready)
      return fail(within(ready.error(), "TLS handshake"));
  }
}

Result<std::string> fingerprint(SSL* session) {
  Certificate const shown(SSL_get1_peer_certificate(session));
  if (!shown) return fail(ErrorCode::invalid, "it shows no certificate");
  unsigned char* der = nullptr;
  auto const size = i2d_X509(shown.get(), &der);
  if (size <= 0) return fail(ErrorCode::invalid, "its certificate cannot be read");
  auto digest =
      digest::sha256({reinterpret_cast<char const*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return digest;
}

}  // namespace

Result<std::string> TlsClient::leaf(MailPort const& port, std::string const& name) {
  auto const endpoint = parse_endpoint(port.address);
  if (!endpoint) return fail(endpoint.error());
  auto socket = open_socket(*endpoint, SOCK_STREAM);
  if (!socket) return fail(socket.error());
  Connection connection(*std::move(socket), Steady::now() + timeout_);
  if (auto done = connection.connected(); !done) return fail(done.error());
  if (port.starttls)
    if (auto done = ask_for_tls(connection); !done) return fail(done.error());
  // OpenSSL writes as write(2) does: a server that has gone must not end us.
  NoBrokenPipe const guard;
  Context const context(SSL_CTX_new(TLS_client_method()));
  Session const session(context ? SSL_new(context.get()) : nullptr);
  if (!session) return fail(ErrorCode::internal, "OpenSSL: " + words_of_openssl());
  // Whom it belongs to is compared by its digest, so nothing else need vouch for it.
  SSL_set_verify(session.get(), SSL_VERIFY_NONE, nullptr);
  SSL_set_tlsext_host_name(session.get(), name.c_str());
  SSL_set_fd(session.get(), connection.number());
  if (auto done = shake_hands(session.get(), connection); !done) return fail(done.error());
  auto seen = fingerprint(session.get());
  // A polite end, so that the daemon logs no broken connection. Nobody waits for the answer.
  SSL_write(session.get(), "QUIT\r\n", 6);
  SSL_shutdown(session.get());
  return seen;
}

}  // namespace mailstack::world
