#pragma once
/// \file
/// One connection to a server and the session that speaks over it: effects are carried out, time is
/// watched.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/conf/settings.hpp"
#include "daemon/net/stream.hpp"
#include "daemon/net/tls.hpp"
#include "daemon/smtp/client_session.hpp"

namespace mailstack::delivery {

using Timeouts = decltype(conf::Settings::Delivery::timeouts);

struct DialogueSetup {
  smtp::ClientSetup session;
  std::string server_name;  ///< for SNI, and what the certificate must hold where it is verified
  bool verified = false;  ///< a password goes over it: a certificate that is not good is a failure
  Timeouts timeouts;
  std::function<std::shared_ptr<net::TlsContext>()> tls;  ///< asked when TLS begins; may be null
};

/// Lives on its loop. Holds the stream; whoever holds the dialogue owns both. Dropping it cuts the
/// connection, close() says QUIT. Events come from the loop or from inside of send(), and may drop
/// the dialogue.
class Dialogue : public std::enable_shared_from_this<Dialogue> {
 public:
  struct Events {
    std::function<void()> ready;                              ///< for a message
    std::function<void(std::vector<smtp::Reply>)> delivered;  ///< ready follows
    std::function<void(smtp::Broken)> broken;                 ///< the last one
  };

  Dialogue(net::Loop& loop, std::unique_ptr<net::Stream> stream, DialogueSetup setup);
  /// Once: TLS first where it is implicit, and the greeting is waited for.
  void start(Events events);
  /// Who hears of it from now on.
  void watch(Events events) { events_ = std::make_shared<Events const>(std::move(events)); }
  /// Only after ready.
  void send(smtp::Outgoing message);
  void close();
  /// Ends it as if the peer had gone; `why` stands in what broken says.
  void give_up(std::string const& why) { run(session_.disconnected(why)); }

  [[nodiscard]] std::size_t messages() const { return messages_; }  ///< sent so far
  [[nodiscard]] std::optional<net::TlsInfo> const& tls() const { return tls_; }

 private:
  void run(smtp::ClientEffects effects);
  void carry_out(smtp::SendOctets& effect);
  void carry_out(smtp::SendContent& effect);
  void carry_out(smtp::BeginTls& effect);
  void carry_out(smtp::Ready& effect);
  void carry_out(smtp::Delivered& effect);
  void carry_out(smtp::Broken& effect);
  void carry_out(smtp::CloseConnection& effect);
  void begin_tls(bool implicit);
  void shaken(Result<net::TlsInfo> const& info, bool implicit);
  [[nodiscard]] bool moved();
  void set_deadline();
  void arm(std::chrono::steady_clock::time_point now);
  void ring();
  [[nodiscard]] std::chrono::milliseconds limit() const;
  [[nodiscard]] bool implicit_handshake_runs() const;

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;  // none: it is over
  DialogueSetup setup_;
  smtp::ClientSession session_;
  std::shared_ptr<Events const> events_;  // shared with the call that runs
  std::optional<net::TlsInfo> tls_;
  std::size_t messages_ = 0;
  /// What the session waits for, how many replies it has, and whether TLS is there: when the
  /// deadline was set.
  std::tuple<smtp::ClientWait, std::size_t, bool> stage_{};
  std::size_t unsent_ = 0;  // when the deadline was set
  std::unique_ptr<net::Timer> timer_;
  std::chrono::steady_clock::time_point deadline_{};
  std::chrono::steady_clock::time_point rings_{};
};

}  // namespace mailstack::delivery
