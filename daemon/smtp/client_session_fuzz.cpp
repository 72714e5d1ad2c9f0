/// \file
/// Whatever a server says: no crash; every message that was handed over gets its outcome, once; no
/// octet that ends a line stands alone in what is written; a password is written under TLS only;
/// how the server's octets were cut changes nothing.
// parser: daemon/smtp/client_session.cpp daemon/smtp/client_transaction.cpp
// parser: daemon/smtp/reply_reader.cpp daemon/smtp/stuffing.cpp

#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/smtp/client_session.hpp"

namespace {

using namespace mailstack;
using namespace mailstack::smtp;

constexpr std::string_view secret_plain = "AGpvZQBzZWNyZXQ=";
constexpr std::string_view secret_login = "c2VjcmV0";

void require(bool holds) {
  if (!holds) std::abort();
}

/// A transport that does what the session says and brings it three messages.
class Driver {
 public:
  explicit Driver(unsigned options)
      : lmtp_((options & 1U) != 0),
        tls_(static_cast<ClientTls>((options >> 1U) & 3U)),
        user_((options & 8U) != 0),
        utf8_((options & 16U) != 0),
        large_((options & 32U) != 0),
        session_({"mx.example.org", tls_, lmtp_, user_ ? "joe" : "",
                  Secret<std::string>(user_ ? "secret" : "")}),
        secure_(tls_ == ClientTls::implicit) {}

  void hear(std::string_view octets) {
    if (!closed_) run(session_.receive(octets));
  }
  void end() {
    if (!closed_) run(session_.disconnected("end"));
    require(closed_ && open_ == 0);
    run(session_.timed_out());
  }
  [[nodiscard]] std::string const& said() const { return said_; }

 private:
  void run(ClientEffects const& effects) {
    for (auto const& effect : effects) {
      require(!closed_);
      std::visit([this](auto const& it) { carry_out(it); }, effect);
    }
    (void)session_.wait();
    if (std::exchange(begins_, false)) {
      secure_ = true;
      run(session_.tls_started());
    }
    if (std::exchange(ready_, false) && !closed_) next();
  }

  void next() {
    if (sent_ == 3) return run(session_.quit());
    ++sent_;
    ++open_;
    run(session_.send(message()));
  }

  [[nodiscard]] Outgoing message() const {
    Outgoing out;
    if (sent_ != 2) out.sender = {"a", "example.org"};
    out.recipients = {
        {"b", "example.net"}, {utf8_ ? "\xc3\xbc" : "c d", "example.net"}, {"e", "f"}};
    std::string content = "Subject: \xc3\xbc\r\n\r\n.dot\r\nno end";
    if (large_ && sent_ == 1) content.assign(20'000, 'x');
    if (large_ && sent_ == 2) content = "a bare\nline";
    out.content = std::make_shared<std::string const>(content);
    out.utf8 = utf8_;
    return out;
  }

  void write(std::string_view octets) {
    said_ += octets;
    for (std::size_t i = 0; i < octets.size(); ++i) {
      require(octets[i] != '\n' || (i > 0 && octets[i - 1] == '\r'));
      require(octets[i] != '\r' || (i + 1 < octets.size() && octets[i + 1] == '\n'));
    }
    bool const secret =
        octets.find(secret_plain) != octets.npos || octets.find(secret_login) != octets.npos;
    require(!secret || secure_);
  }

  void carry_out(SendOctets const& it) { write(it.octets); }
  void carry_out(SendContent const& it) { write(*it.octets); }
  void carry_out(BeginTls const&) {
    require(!secure_);
    begins_ = true;
  }
  void carry_out(Ready const&) { ready_ = true; }
  void carry_out(Delivered const& it) {
    require(open_ == 1 && it.replies.size() == 3);
    for (auto const& reply : it.replies) require(reply.code >= 200 && reply.code < 600);
    --open_;
  }
  void carry_out(Broken const& it) {
    require(it.replies.size() == (open_ == 1 ? 3U : 0U));
    open_ = 0;
    broken_ = true;
  }
  void carry_out(CloseConnection const&) {
    closed_ = true;
    if (!broken_) require(open_ == 0);
  }

  bool lmtp_;
  ClientTls tls_;
  bool user_;
  bool utf8_;
  bool large_;
  ClientSession session_;
  bool secure_;
  bool begins_ = false;
  bool ready_ = false;
  bool broken_ = false;
  bool closed_ = false;
  int sent_ = 0;
  int open_ = 0;
  std::string said_;
};

std::string by_lines(unsigned options, std::string_view octets) {
  Driver driver(options);
  while (!octets.empty()) {
    auto const line = octets.substr(0, octets.find('\n') + 1);
    driver.hear(line.empty() ? octets : line);
    octets.remove_prefix(line.empty() ? octets.size() : line.size());
  }
  driver.end();
  return driver.said();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  if (size == 0) return 0;
  std::string_view const octets(reinterpret_cast<char const*>(data) + 1, size - 1);
  Driver driver(data[0]);
  for (auto const& octet : octets) driver.hear({&octet, 1});
  driver.end();
  require(by_lines(data[0], octets) == driver.said());
  Driver at_once(data[0]);
  at_once.hear(octets);
  at_once.end();
  return 0;
}
