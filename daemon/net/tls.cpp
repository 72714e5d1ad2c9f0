#include "daemon/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <vector>

#include "core/text/ascii.hpp"
#include "core/x509/handles.hpp"
#include "core/x509/x509.hpp"
#include "daemon/net/tls_session.hpp"

namespace mailstack::net {

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

/// One certificate, and the names that it is for.
struct Identity {
  std::vector<std::string> names;  // lower case
  Context context;
};

class OpenSslContext : public TlsContext {
 public:
  bool server = false;
  std::vector<Identity> identities;  // a client has one, without names
  std::size_t fallback = 0;

  [[nodiscard]] SSL_CTX* first() const { return identities[fallback].context.get(); }
};

std::string tls_error(char const* what) {
  auto const code = ERR_get_error();
  ERR_clear_error();
  auto const* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return std::string(what) + (reason == nullptr ? "" : std::string(": ") + reason);
}

Identity const* identity_for(OpenSslContext const& all, std::string_view name) {
  for (auto const& identity : all.identities)
    for (auto const& pattern : identity.names)
      if (x509::covers(pattern, name)) return &identity;
  return nullptr;
}

int choose(SSL* ssl, int* /*alert*/, void* all) {
  auto const* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  // A name of nobody is served with our own: senders do not verify, and a refusal would cost mail.
  if (auto const* identity = identity_for(*static_cast<OpenSslContext*>(all), ascii::lower(name)))
    SSL_set_SSL_CTX(ssl, identity->context.get());
  return SSL_TLSEXT_ERR_OK;
}

Context fresh(SSL_METHOD const* method) {
  Context context(SSL_CTX_new(method));
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

/// The chain in PEM, leaf first, into the context.
bool use_chain(SSL_CTX* context, std::string const& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> source(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  bool leaf = true;
  for (;;) {
    std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr), X509_free);
    if (!certificate) break;
    auto const done = leaf ? SSL_CTX_use_certificate(context, certificate.get())
                           : SSL_CTX_add1_chain_cert(context, certificate.get());
    if (done != 1) return false;
    leaf = false;
  }
  ERR_clear_error();  // the end of the text is an error to PEM
  return !leaf;
}

bool use_key(SSL_CTX* context, Secret<std::string> const& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> source(
      BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())), BIO_free_all);
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
         SSL_CTX_check_private_key(context) == 1;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::server(
    std::span<ServerCertificate const> certificates, std::string const& fallback) {
  if (certificates.empty()) return fail(ErrorCode::not_found, "there is no certificate");
  auto all = std::make_shared<OpenSslContext>();
  all->server = true;
  for (auto const& certificate : certificates) {
    auto leaf = x509::read_chain(certificate.chain);
    if (!leaf) return fail(ErrorCode::invalid, certificate.name + ": " + leaf.error().what);
    Identity identity{{}, fresh(TLS_server_method())};
    for (auto const& name : leaf->names) identity.names.push_back(ascii::lower(name));
    if (!identity.context || !use_chain(identity.context.get(), certificate.chain))
      return fail(ErrorCode::invalid, certificate.name + ": " + tls_error("no certificate"));
    if (!use_key(identity.context.get(), certificate.key))
      return fail(ErrorCode::invalid,
                  certificate.name + ": " + tls_error("not the key of this certificate"));
    SSL_CTX_set_options(identity.context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_tlsext_servername_callback(identity.context.get(), choose);
    SSL_CTX_set_tlsext_servername_arg(identity.context.get(), all.get());
    all->identities.push_back(std::move(identity));
  }
  if (auto const* own = identity_for(*all, ascii::lower(fallback)))
    all->fallback = static_cast<std::size_t>(own - all->identities.data());
  return std::shared_ptr<TlsContext>(std::move(all));
}

Result<std::shared_ptr<TlsContext>> TlsContext::client() {
  auto all = std::make_shared<OpenSslContext>();
  auto context = fresh(TLS_client_method());
  if (!context) return fail(ErrorCode::internal, tls_error("no TLS"));
  // Weak encryption is better than none, which is what follows a refused handshake.
  SSL_CTX_set_security_level(context.get(), 1);
  SSL_CTX_set_default_verify_paths(context.get());
  all->identities.push_back({{}, std::move(context)});
  return std::shared_ptr<TlsContext>(std::move(all));
}

TlsSession::TlsSession(std::shared_ptr<TlsContext> context, ssl_st* ssl)
    : context_(std::move(context)), ssl_(ssl) {}

TlsSession::~TlsSession() { SSL_free(ssl_); }

Result<std::unique_ptr<TlsSession>> TlsSession::make(std::shared_ptr<TlsContext> context, int fd,
                                                     std::string const& server_name) {
  auto const& ours = static_cast<OpenSslContext const&>(*context);
  auto* ssl = SSL_new(ours.first());
  if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) {
    SSL_free(ssl);
    return fail(ErrorCode::internal, tls_error("no TLS"));
  }
  if (ours.server) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
    if (!server_name.empty()) {
      SSL_set_tlsext_host_name(ssl, server_name.c_str());
      SSL_set1_host(ssl, server_name.c_str());
    }
  }
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(context), ssl));
}

TlsStep TlsSession::step(int result) {
  if (result > 0) return {TlsStep::Kind::octets, static_cast<std::size_t>(result), {}};
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return {TlsStep::Kind::want_read, 0, {}};
    case SSL_ERROR_WANT_WRITE: return {TlsStep::Kind::want_write, 0, {}};
    case SSL_ERROR_ZERO_RETURN: return {TlsStep::Kind::ended, 0, {}};
    default: return {TlsStep::Kind::broken, 0, tls_error("TLS failed")};
  }
}

TlsStep TlsSession::handshake() {
  ERR_clear_error();
  return step(SSL_do_handshake(ssl_));
}

TlsStep TlsSession::read(char* to, std::size_t room) {
  ERR_clear_error();
  return step(SSL_read(ssl_, to, static_cast<int>(std::min<std::size_t>(room, 1U << 30U))));
}

TlsStep TlsSession::write(char const* from, std::size_t size) {
  ERR_clear_error();
  return step(SSL_write(ssl_, from, static_cast<int>(std::min<std::size_t>(size, 1U << 30U))));
}

void TlsSession::shut_down() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  ERR_clear_error();
}

bool TlsSession::pending() const { return SSL_pending(ssl_) > 0; }

TlsInfo TlsSession::info() const {
  auto const* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  auto const* cipher = SSL_get_cipher_name(ssl_);
  return {SSL_get_version(ssl_), cipher == nullptr ? "" : cipher, name == nullptr ? "" : name,
          SSL_get_verify_result(ssl_) == X509_V_OK && SSL_get0_peer_certificate(ssl_) != nullptr};
}

}  // namespace mailstack::net
