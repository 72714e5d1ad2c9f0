#include "daemon/serve/connection.hpp"

#include <algorithm>
#include <deque>

#include "daemon/smtp/proxy_line.hpp"

namespace mailstack::serve {

namespace {

using std::chrono::steady_clock;
using namespace smtp;

/// A message grows by steps of this size against the memory that all share.
constexpr std::size_t memory_step = 64UL * 1024;
/// With more than this on the way out nothing is read: a peer that only writes cannot fill us.
constexpr std::size_t most_unsent = 256UL * 1024;
/// What MAIL declares is believed so far when room is made for it.
constexpr std::uint64_t most_reserved = 1024UL * 1024;

class ServerConnection : public Connection, public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(net::Loop& loop, std::unique_ptr<net::Stream> stream, Service service,
                   Reception& reception, ConnectionTimes times, std::function<void()> over)
      : loop_(loop),
        stream_(std::move(stream)),
        reception_(reception),
        times_(times),
        over_(std::move(over)),
        peer_(stream_->peer().address),
        setup_(reception.setup(service, peer_)),
        proxy_line_due_(setup_.proxy_header && service == Service::submissions),
        session_(session_setup()) {
    client_.address = peer_;
    client_.port = stream_->peer().port;
    client_.server = stream_->local().address;
    client_.service = service;
  }
  ~ServerConnection() override {
    drop_content();
    if (admitted_) reception_.leave(client_, lasted());
  }

  void start() override {
    begun_ = heard_ = steady_clock::now();
    // The address is that of a proxy until the proxy says another.
    if (!setup_.proxy_header && !admit()) return;
    stream_->start({[this](std::string_view octets) { received(octets); },
                    [this](std::string const& why) { ended(why); }, [this] { drained(); }});
    arm_timer();
    if (proxy_line_due_) return stream_->read_at_most(1);
    if (client_.service == Service::submissions) return begin_tls(true);
    run(session_.open());
  }

  void stop() override {
    // In a handshake nothing could be said, and nothing is lost.
    if (shaking_) return close();
    run(session_.stopping());
  }

  bool cut() override {
    if (!stream_ || !admitted_) return false;
    auto const* const where = session_.in_message() ? "in the middle of a message"
                              : session_.waiting()  ? "before it had its answer"
                                                    : "between commands";
    reception_.cut(client_, session_.transaction(), where);
    if (!shaking_) run(session_.cut());
    return true;
  }

 private:
  [[nodiscard]] std::chrono::milliseconds lasted() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begun_);
  }

  /// The line of a proxy in front of TLS is read here, not by the session.
  [[nodiscard]] SessionSetup session_setup() const {
    auto setup = setup_;
    if (proxy_line_due_) setup.proxy_header = false;
    return setup;
  }

  /// Whether this address may be here; else it is told why, and that is all.
  bool admit() {
    auto const refusal = reception_.admit(client_);
    admitted_ = !refusal;
    if (!refusal) return true;
    // Under TLS nobody could read it.
    if (client_.service != Service::submissions || session_.tls()) stream_->write(format(*refusal));
    close();
    return false;
  }

  // ---- what comes ----

  void received(std::string_view octets) {
    heard_ = steady_clock::now();
    if (proxy_line_due_) return take_proxy_line(octets);
    run(session_.receive(octets));
  }

  /// Octet by octet: what follows the line is TLS.
  void take_proxy_line(std::string_view octets) {
    proxy_line_ += octets;
    auto line = parse_proxy_line(proxy_line_);
    if (line.fate == ProxyLine::Fate::incomplete) return;
    auto const self = shared_from_this();
    if (line.fate == ProxyLine::Fate::wrong) {
      reception_.tls_failed(client_, "the proxy did not say whom it speaks for");
      return close();
    }
    proxy_line_due_ = false;
    stream_->read_at_most(0);
    ProxiedFor proxied{std::move(line.address), line.port};
    carry_out(proxied);
    if (stream_) begin_tls(true);
  }

  void ended(std::string const& /*why*/) {
    run(session_.disconnected());
    finish();
  }

  void drained() { pace(); }

  void begin_tls(bool implicit) {
    shaking_ = true;
    auto const context = reception_.tls();
    if (!context) {  // only submissions: STARTTLS is not offered without
      reception_.tls_failed(client_, "there is no certificate");
      return close();
    }
    stream_->start_tls(context, {}, [this, implicit](Result<net::TlsInfo> const& info) {
      shaking_ = false;
      if (!info) {
        reception_.tls_failed(client_, info.error().what);
        run(session_.disconnected());
        return finish();
      }
      heard_ = steady_clock::now();
      TlsState state{info->version, info->cipher, info->server_name};
      client_.tls = state;
      run(implicit ? session_.open(std::move(state)) : session_.tls_started(std::move(state)));
    });
  }

  // ---- what the session says ----

  void run(Effects effects) {
    auto const self = shared_from_this();
    for (auto& effect : effects) work_.push_back(std::move(effect));
    if (running_) return;
    running_ = true;
    std::string out;
    while (!work_.empty() && stream_) {
      auto effect = std::move(work_.front());
      work_.pop_front();
      if (auto* send = std::get_if<Send>(&effect)) {
        out += send->octets;
        continue;
      }
      if (std::holds_alternative<StartTls>(effect) || std::holds_alternative<Close>(effect))
        write(out);
      std::visit([this](auto& it) { carry_out(it); }, effect);
    }
    running_ = false;
    write(out);
    pace();
  }

  void write(std::string& out) {
    if (stream_ && !out.empty()) stream_->write(std::move(out));
    out.clear();
  }

  /// Adds to the work that run() is going through.
  void answered(Effects effects) {
    // In front: what follows an answer belongs before what the session said later.
    work_.insert(work_.begin(), std::make_move_iterator(effects.begin()),
                 std::make_move_iterator(effects.end()));
  }

  void carry_out(Send&) {}
  void carry_out(StartTls&) { begin_tls(false); }
  void carry_out(Close& how) {
    if (how.reproach) reception_.hung_up(client_, *how.reproach);
    close(how.after_quit ? net::Parting::peer_is_done : net::Parting::patient);
  }
  void carry_out(ProxiedFor& proxied) {
    if (!proxied.address.empty()) {
      client_.address = proxied.address;
      client_.port = proxied.port;
    }
    admit();
  }
  void carry_out(AskSender& ask) {
    look();
    answered(session_.answer(reception_.sender(client_, ask.sender)));
  }
  void carry_out(AskRecipient& ask) {
    answered(session_.answer(reception_.recipient(client_, session_.transaction(), ask.recipient)));
  }
  void carry_out(AskData&) {
    auto reply = reception_.room(session_.transaction());
    if (reply.code == 354) {
      auto const declared = session_.transaction().size.value_or(0);
      content_.reserve(static_cast<std::size_t>(std::min(declared, most_reserved)));
    }
    answered(session_.answer(reply));
  }
  void carry_out(AskAuth& ask) {
    look();
    reception_.authenticate(client_, ask, [weak = weak_from_this(), &loop = loop_](auto verdict) {
      loop.post([weak, verdict = std::move(verdict)]() mutable {
        auto const self = weak.lock();
        if (!self || !self->stream_) return;
        if (verdict.accepted) self->client_.user = verdict.user;
        self->run(self->session_.answer(std::move(verdict)));
      });
    });
  }
  void carry_out(Body& body) {
    if (!has_memory(content_.size() + body.octets.size())) {
      void_ = true;  // answered when it is whole, so that the protocol stays in step
      std::string().swap(content_);
    }
    if (!void_) content_ += body.octets;
  }
  void carry_out(Discard&) { drop_content(); }
  void carry_out(Finish&) {
    if (void_) {
      drop_content();
      return answered(session_.answer({452, "4.3.1", "too much mail at once, try again later"}));
    }
    look();
    Incoming incoming{client_, session_.transaction(), std::move(content_)};
    content_ = {};
    reception_.finish(std::move(incoming), [weak = weak_from_this(), &loop = loop_](Reply reply) {
      loop.post([weak, reply = std::move(reply)] {
        auto const self = weak.lock();
        if (!self) return;
        self->drop_content();
        if (self->stream_) self->run(self->session_.answer(reply));
      });
    });
  }

  /// What the session knows of the client by now.
  void look() {
    client_.greeted_as = session_.greeted_as();
    client_.extended = session_.extended();
  }

  // ---- memory ----

  bool has_memory(std::size_t wanted) {
    while (memory_ < wanted) {
      if (!reception_.take_memory(memory_step)) return false;
      memory_ += memory_step;
    }
    return true;
  }

  void drop_content() {
    if (memory_ > 0) reception_.give_memory(memory_);
    memory_ = 0;
    void_ = false;
    // Kept for the next message, unless it was a large one.
    if (content_.capacity() > memory_step) std::string().swap(content_);
    content_.clear();
  }

  // ---- time ----

  /// One timer that looks when it rings, and is not set again with each octet.
  void arm_timer() {
    auto const now = steady_clock::now();
    auto const due = std::min(heard_ + times_.command, begun_ + times_.session);
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(due - now);
    timer_ = loop_.after(std::max(left, std::chrono::milliseconds(1)), [this] { ring(); });
  }

  void ring() {
    auto const now = steady_clock::now();
    bool const silent = now - heard_ >= times_.command && !session_.waiting();
    if (!silent && now - begun_ < times_.session) {
      if (session_.waiting()) heard_ = now;  // it is we who are slow
      return arm_timer();
    }
    if (shaking_) {
      reception_.tls_failed(client_, "the handshake takes too long");
      return finish();
    }
    run(session_.timed_out());
    // Where a question is open the session ends once it is answered: a message that is being kept
    // is told of, or it would come again.
    if (!session_.waiting()) close();
  }

  // ---- the end ----

  void pace() {
    if (!stream_) return;
    stream_->read(!session_.waiting() && stream_->unsent() < most_unsent);
  }

  void close(net::Parting parting = net::Parting::patient) {
    if (!stream_) return;
    stream_->close(parting);
    finish();
  }

  void finish() {
    if (!stream_) return;
    timer_.reset();
    work_.clear();
    // Not from inside of the stream's own call, nor of ours.
    loop_.post([self = shared_from_this(), stream = std::shared_ptr(std::move(stream_)),
                over = std::move(over_)] {
      if (over) over();
    });
    stream_.reset();
  }

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;  // none: it is over
  Reception& reception_;
  ConnectionTimes times_;
  std::function<void()> over_;
  std::string peer_;
  SessionSetup setup_;
  bool proxy_line_due_;  // in front of TLS
  std::string proxy_line_;
  ServerSession session_;
  Client client_;
  std::deque<Effect> work_;
  std::string content_;
  std::size_t memory_ = 0;  // taken of what all share
  bool void_ = false;       // the message had no memory
  bool running_ = false;
  bool shaking_ = false;
  bool admitted_ = false;
  steady_clock::time_point begun_{};
  steady_clock::time_point heard_{};
  std::unique_ptr<net::Timer> timer_;
};

/// The owner's handle. The connection itself lives on while a call of it runs.
class Handle : public Connection {
 public:
  explicit Handle(std::shared_ptr<ServerConnection> connection)
      : connection_(std::move(connection)) {}
  void start() override { connection_->start(); }
  void stop() override { connection_->stop(); }
  bool cut() override { return connection_->cut(); }

 private:
  std::shared_ptr<ServerConnection> connection_;
};

}  // namespace

std::unique_ptr<Connection> Connection::make(net::Loop& loop, std::unique_ptr<net::Stream> stream,
                                             Service service, Reception& reception,
                                             ConnectionTimes times, std::function<void()> over) {
  return std::make_unique<Handle>(std::make_shared<ServerConnection>(
      loop, std::move(stream), service, reception, times, std::move(over)));
}

}  // namespace mailstack::serve
