#include "daemon/net/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "daemon/net/event_loop.hpp"
#include "daemon/net/outgoing.hpp"
#include "daemon/net/sockets.hpp"
#include "daemon/net/tcp_stream.hpp"
#include "daemon/net/tls_session.hpp"

namespace mailstack::net {

namespace {

/// Reads of one turn, so that one fast peer does not starve the others.
constexpr int most_reads = 8;
constexpr std::size_t read_room = 65'536;
/// How long the other end may take to see our last octets before the connection is cut.
constexpr std::chrono::seconds last_words{5};

std::string error_text(int error) { return std::strerror(error); }

/// The connection itself. Lives as long as the owner of the stream wants something of it, or until
/// its last words are said.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(EventLoop& loop, int fd)
      : loop_(loop),
        fd_(fd),
        reads_(loop.events(), fd, EV_READ | EV_PERSIST, may_read, this),
        writes_(loop.events(), fd, EV_WRITE, may_write, this) {}
  ~Connection() { cut(); }
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  void start(Stream::Events events) {
    events_ = std::make_shared<Stream::Events const>(std::move(events));
    reading_ = true;
    arm_read();
  }

  void read(bool wanted) {
    if (wanted == reading_) return;
    reading_ = wanted;
    if (!wanted) return;
    if (tls_ && tls_->pending())
      later([self = shared_from_this()] { self->readable(); });
    else
      arm_read();
  }

  void read_at_most(std::size_t octets) {
    most_read_ = octets == 0 ? read_room : std::min(octets, read_room);
  }

  template <class Octets>
  void write(Octets octets) {
    if (state_ != State::open) return;
    out_.add(std::move(octets));
    if (!out_.empty() && !writes_.armed() && !handshaking()) flush();
  }

  [[nodiscard]] std::size_t unsent() const { return out_.octets(); }

  void start_tls(std::shared_ptr<TlsContext> context, std::string const& server_name,
                 std::function<void(Result<TlsInfo>)> done) {
    handshake_done_ = std::move(done);
    auto session = TlsSession::make(std::move(context), fd_, server_name);
    if (!session) {
      later([self = shared_from_this(), error = session.error()] {
        self->finish_handshake(tl::unexpected(error));
      });
      return;
    }
    next_tls_ = std::move(*session);
    if (out_.empty()) begin_handshake();
  }

  void close(Parting parting) {
    if (state_ != State::open) return;
    events_.reset();
    state_ = State::closing;
    if (parting == Parting::peer_is_done && out_.empty() && !unread()) {
      if (tls_) tls_->shut_down();
      return cut();
    }
    loop_.keep(shared_from_this());
    limit_ = loop_.after(last_words, [this] { cut(); });
    if (out_.empty()) say_goodbye();
  }

  void cut() {
    if (state_ == State::gone) return;
    state_ = State::gone;
    events_.reset();
    handshake_done_ = {};
    limit_.reset();
    reads_.disarm();
    writes_.disarm();
    ::close(std::exchange(fd_, -1));
    if (auto const self = weak_from_this().lock()) loop_.release(self);
  }

  [[nodiscard]] int fd() const { return fd_; }

 private:
  enum class State { open, closing, goodbye, gone };

  [[nodiscard]] bool handshaking() const { return static_cast<bool>(next_tls_); }

  void later(std::function<void()> call) { loop_.post(std::move(call)); }

  void arm_read() {
    if (state_ != State::gone) reads_.arm();
  }
  void arm_write() {
    if (state_ != State::gone) writes_.arm();
  }

  static void may_read(evutil_socket_t /*fd*/, short /*what*/, void* of) {
    static_cast<Connection*>(of)->shared_from_this()->ready();
  }
  static void may_write(evutil_socket_t /*fd*/, short /*what*/, void* of) {
    auto const self = static_cast<Connection*>(of)->shared_from_this();
    self->writes_.came();
    self->writable();
  }

  void ready() {
    if (state_ == State::gone) return;
    if (state_ == State::goodbye) return drain();
    if (handshaking() && out_.empty()) return shake_hands();
    if (std::exchange(write_wants_read_, false)) {
      flush();
      if (state_ == State::gone) return;
      if (state_ == State::goodbye) return drain();
    }
    readable();
  }

  void writable() {
    if (state_ == State::gone) return;
    if (handshaking() && out_.empty()) return shake_hands();
    flush();
    if (read_wants_write_) {
      read_wants_write_ = false;
      readable();
    }
  }

  // ---- reading ----

  void readable() {
    static thread_local std::array<char, read_room> room;
    for (int i = 0; i < most_reads; ++i) {
      if (state_ == State::goodbye) return;  // drain() reads
      // Nobody wants to hear of it now: it would be told again and again.
      if (state_ != State::open || !reading_ || handshaking())
        return write_wants_read_ ? arm_read() : reads_.disarm();
      auto const step = take(room.data(), most_read_);
      switch (step.kind) {
        case TlsStep::Kind::octets:
          received({room.data(), step.octets});
          // A short read of a plain socket has taken all that was there.
          if (!tls_ && step.octets < most_read_) return arm_read();
          break;
        case TlsStep::Kind::want_read: return arm_read();
        case TlsStep::Kind::want_write:
          read_wants_write_ = true;
          reads_.disarm();
          return arm_write();
        case TlsStep::Kind::ended: return end("the other end closed the connection");
        case TlsStep::Kind::broken: return end(step.why);
      }
    }
    // More may be there; others first.
    if (state_ == State::open && reading_) later([self = shared_from_this()] { self->readable(); });
  }

  void received(std::string_view octets) {
    // The owner may destroy the stream, and with it the function that is running.
    auto const self = shared_from_this();
    auto const events = events_;
    if (events) events->received(octets);
  }

  TlsStep take(char* to, std::size_t room) {
    if (tls_) return tls_->read(to, room);
    for (;;) {
      auto const got = ::recv(fd_, to, room, 0);
      if (got > 0) return {TlsStep::Kind::octets, static_cast<std::size_t>(got), {}};
      if (got == 0) return {TlsStep::Kind::ended, 0, {}};
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {TlsStep::Kind::want_read, 0, {}};
      return {TlsStep::Kind::broken, 0, error_text(errno)};
    }
  }

  void end(std::string const& why) {
    if (state_ == State::gone) return;
    auto const self = shared_from_this();
    auto events = std::move(events_);
    auto done = std::move(handshake_done_);
    cut();
    if (done)
      done(fail(ErrorCode::unavailable, why));
    else if (events)
      events->ended(why);
  }

  // ---- writing ----

  void flush() {
    while (!out_.empty()) {
      auto const step = out_.push(fd_, tls_.get());
      switch (step.kind) {
        case TlsStep::Kind::octets: break;
        case TlsStep::Kind::want_write: was_behind_ = true; return arm_write();
        case TlsStep::Kind::want_read:
          // Half a message of TLS itself has come (a ticket, a key update): its rest goes first.
          was_behind_ = write_wants_read_ = true;
          return arm_read();
        default:
          // The owner is inside of write(); it hears of it from the loop.
          later([self = shared_from_this(), why = step.why] { self->end(why); });
          out_.clear();
          return;
      }
    }
    all_sent();
  }

  void all_sent() {
    if (next_tls_ && state_ == State::open) return begin_handshake();
    if (state_ == State::closing) return say_goodbye();
    if (was_behind_) {
      was_behind_ = false;
      auto const self = shared_from_this();
      auto const events = events_;
      if (events && events->drained) events->drained();
    }
  }

  // ---- TLS ----

  void begin_handshake() {
    later([self = shared_from_this()] { self->shake_hands(); });
  }

  void shake_hands() {
    if (state_ != State::open || !next_tls_) return;
    auto const step = next_tls_->handshake();
    switch (step.kind) {
      case TlsStep::Kind::want_read: return arm_read();
      case TlsStep::Kind::want_write: return arm_write();
      case TlsStep::Kind::octets: {
        tls_ = std::move(next_tls_);
        finish_handshake(tls_->info());
        if (state_ == State::open && reading_)
          later([self = shared_from_this()] { self->readable(); });
        if (state_ == State::open) flush();
        return;
      }
      default:
        next_tls_.reset();
        return finish_handshake(
            fail(ErrorCode::unavailable,
                 step.why.empty() ? "the other end closed the connection" : step.why));
    }
  }

  void finish_handshake(Result<TlsInfo> result) {
    auto const self = shared_from_this();
    auto done = std::move(handshake_done_);
    handshake_done_ = {};
    if (done) done(std::move(result));
  }

  // ---- the end ----

  /// What is closed with octets unread is reset, and the peer may lose our last reply: we say that
  /// we are done, and read on for a moment.
  void say_goodbye() {
    state_ = State::goodbye;
    if (tls_) tls_->shut_down();
    if (::shutdown(fd_, SHUT_WR) != 0) return cut();
    drain();
  }

  [[nodiscard]] bool unread() const {
    char one = 0;
    return ::recv(fd_, &one, 1, MSG_PEEK) > 0;
  }

  void drain() {
    static thread_local std::array<char, read_room> room;
    for (int i = 0; i < most_reads; ++i) {
      auto const got = ::recv(fd_, room.data(), room.size(), 0);
      if (got > 0) continue;
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
      return cut();
    }
    arm_read();
  }

  EventLoop& loop_;
  int fd_;
  Wait reads_;
  Wait writes_;
  /// Shared with the call that runs: it may end the stream.
  std::shared_ptr<Stream::Events const> events_;
  State state_ = State::open;
  Outgoing out_;
  bool reading_ = false;
  std::size_t most_read_ = read_room;
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
  bool was_behind_ = false;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<TlsSession> next_tls_;  // until its handshake is done
  std::function<void(Result<TlsInfo>)> handshake_done_;
  std::unique_ptr<Timer> limit_;
};

class TcpStream : public Stream {
 public:
  TcpStream(EventLoop& loop, int fd, Endpoint peer, std::optional<Endpoint> local)
      : connection_(std::make_shared<Connection>(loop, fd)),
        peer_(std::move(peer)),
        local_(std::move(local)) {}
  ~TcpStream() override {
    if (!closed_) connection_->cut();
  }
  void start(Events events) override { connection_->start(std::move(events)); }
  void read(bool wanted) override { connection_->read(wanted); }
  void read_at_most(std::size_t octets) override { connection_->read_at_most(octets); }
  void write(std::string octets) override { connection_->write(std::move(octets)); }
  void write(std::shared_ptr<std::string const> octets) override {
    connection_->write(std::move(octets));
  }
  [[nodiscard]] std::size_t unsent() const override { return connection_->unsent(); }
  void start_tls(std::shared_ptr<TlsContext> context, std::string const& server_name,
                 std::function<void(Result<TlsInfo>)> done) override {
    connection_->start_tls(std::move(context), server_name, std::move(done));
  }
  void close(Parting parting) override {
    closed_ = true;
    connection_->close(parting);
  }
  [[nodiscard]] Endpoint peer() const override { return peer_; }
  [[nodiscard]] Endpoint local() const override {
    return local_ ? *local_ : local_endpoint(connection_->fd());
  }

 private:
  std::shared_ptr<Connection> connection_;
  Endpoint peer_;
  std::optional<Endpoint> local_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Stream> stream_of(Loop& loop, int fd, Endpoint peer,
                                  std::optional<Endpoint> local) {
  return std::make_unique<TcpStream>(event_loop(loop), fd, std::move(peer), std::move(local));
}

void send_at_once(int fd) {
  int const on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace mailstack::net
