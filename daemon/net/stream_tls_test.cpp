#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "core/x509/x509.hpp"
#include "daemon/net/stream.hpp"
#include "daemon/net/tcp_stream.hpp"
#include "daemon/net/tls.hpp"

namespace mailstack::net {

namespace {

using std::chrono::milliseconds;

/// A server of TLS 1.3 whose octets a test carries to and fro. After the handshake it sends one
/// ticket, larger than its records.
class HandFedServer {
 public:
  HandFedServer() : context_(SSL_CTX_new(TLS_server_method())) {
    auto const key = *x509::make_key();
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto const chain = *x509::make_authority(key, "server.test", now - std::chrono::hours(1),
                                             now + std::chrono::hours(24));
    auto* const chain_text = BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size()));
    auto* const certificate = PEM_read_bio_X509(chain_text, nullptr, nullptr, nullptr);
    auto const& pem = key.reveal();
    auto* const key_text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    auto* const secret = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
    REQUIRE(SSL_CTX_use_certificate(context_, certificate) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context_, secret) == 1);
    EVP_PKEY_free(secret);
    X509_free(certificate);
    BIO_free(key_text);
    BIO_free(chain_text);
    SSL_CTX_set_num_tickets(context_, 1);
    SSL_CTX_set_session_ticket_cb(context_, enlarge, nullptr, nullptr);
    ssl_ = SSL_new(context_);
    SSL_set_max_send_fragment(ssl_, 512);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_);
  }
  ~HandFedServer() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  HandFedServer(HandFedServer const&) = delete;
  HandFedServer& operator=(HandFedServer const&) = delete;

  void hear(std::string const& octets) {
    BIO_write(SSL_get_rbio(ssl_), octets.data(), static_cast<int>(octets.size()));
    if (!ready()) SSL_do_handshake(ssl_);
  }
  [[nodiscard]] bool ready() const { return SSL_is_init_finished(ssl_) == 1; }
  /// What it has to say and has not given out yet.
  std::string take() {
    std::string all(65'536, '\0');
    auto const size = BIO_read(SSL_get_wbio(ssl_), all.data(), static_cast<int>(all.size()));
    all.resize(static_cast<std::size_t>(std::max(size, 0)));
    return all;
  }
  /// What the client has said.
  std::string read() {
    std::string all(1024, '\0');
    auto const size = SSL_read(ssl_, all.data(), static_cast<int>(all.size()));
    all.resize(static_cast<std::size_t>(std::max(size, 0)));
    return all;
  }

 private:
  static int enlarge(SSL* ssl, void* /*of*/) {
    std::string const large(3000, 'x');
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), large.data(), large.size());
  }
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
};

}  // namespace

// Nothing was written any more until the owner wrote again: the reply of a session, for example.
TEST_CASE("stream: a write that half a message of TLS holds up goes on when the rest has come",
          "[stream]") {
  bool const reads = GENERATE(true, false);  // also where the owner wants to read nothing now
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) == 0);
  auto const loop = Loop::make();
  auto const stream = stream_of(*loop, fds[0], {});
  HandFedServer server;
  bool secure = false;
  auto const turn = [&] {
    auto const timer = loop->after(milliseconds(20), [&] { loop->stop(); });
    loop->run();
  };
  auto const give = [&](std::string const& octets) {
    CHECK(::send(fds[1], octets.data(), octets.size(), 0) == static_cast<ssize_t>(octets.size()));
    turn();
    std::array<char, 65'536> room{};
    auto const size = ::recv(fds[1], room.data(), room.size(), 0);
    server.hear({room.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
  };
  stream->start({[](std::string_view) {}, [](std::string const&) {}, [] {}});
  stream->start_tls(*TlsContext::client(), "", [&](auto const& info) { secure = bool(info); });
  for (int i = 0; i < 5 && !server.ready(); ++i) give(server.take());
  REQUIRE(secure);
  auto const ticket = server.take();
  REQUIRE(ticket.size() > 3000);
  give(ticket.substr(0, ticket.size() - 10));
  if (!reads) stream->read(false);
  stream->write(std::string("late"));
  turn();
  CHECK(stream->unsent() == 4);
  give(ticket.substr(ticket.size() - 10));
  CHECK(stream->unsent() == 0);
  CHECK(server.read() == "late");
  ::close(fds[1]);
}

}  // namespace mailstack::net
