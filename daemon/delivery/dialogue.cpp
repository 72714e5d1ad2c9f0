#include "daemon/delivery/dialogue.hpp"

#include <algorithm>
#include <utility>

namespace mailstack::delivery {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Dialogue::Dialogue(net::Loop& loop, std::unique_ptr<net::Stream> stream, DialogueSetup setup)
    : loop_(loop),
      stream_(std::move(stream)),
      setup_(std::move(setup)),
      session_(setup_.session),
      events_(std::make_shared<Events const>()) {}

void Dialogue::start(Events events) {
  watch(std::move(events));
  // The stream is ours and dies with us, so that it never calls a dialogue that is gone.
  stream_->start({[this](std::string_view octets) { run(session_.receive(octets)); },
                  [this](std::string const& why) { run(session_.disconnected(why)); },
                  [this] { set_deadline(); }});
  if (setup_.session.tls == smtp::ClientTls::implicit) begin_tls(true);
  set_deadline();
}

void Dialogue::send(smtp::Outgoing message) {
  ++messages_;
  run(session_.send(std::move(message)));
}

void Dialogue::close() {
  if (!stream_) return;
  events_ = std::make_shared<Events const>();
  run(session_.quit());
  // The stream waits for the other end for a moment: 221 needs no waiting of ours.
  if (stream_) stream_->close(net::Parting::patient);
  stream_.reset();
  timer_.reset();
}

void Dialogue::run(smtp::ClientEffects effects) {
  auto const self = shared_from_this();
  for (auto& effect : effects) {
    if (!stream_) return;
    std::visit([this](auto& it) { carry_out(it); }, effect);
  }
  if (stream_ && moved()) set_deadline();
}

void Dialogue::carry_out(smtp::SendOctets& effect) { stream_->write(std::move(effect.octets)); }
void Dialogue::carry_out(smtp::SendContent& effect) { stream_->write(std::move(effect.octets)); }
void Dialogue::carry_out(smtp::BeginTls&) { begin_tls(false); }

void Dialogue::carry_out(smtp::Ready&) {
  auto const events = events_;
  if (events->ready) events->ready();
}

void Dialogue::carry_out(smtp::Delivered& effect) {
  auto const events = events_;
  if (events->delivered) events->delivered(std::move(effect.replies));
}

void Dialogue::carry_out(smtp::Broken& effect) {
  auto const events = events_;
  // CloseConnection follows, and belongs to a stream that is no longer anybody's.
  stream_->close(net::Parting::patient);
  stream_.reset();
  timer_.reset();
  if (events->broken) events->broken(std::move(effect));
}

void Dialogue::carry_out(smtp::CloseConnection&) {
  stream_->close(net::Parting::patient);
  stream_.reset();
  timer_.reset();
}

void Dialogue::begin_tls(bool implicit) {
  auto context = setup_.tls ? setup_.tls() : nullptr;
  if (!context)
    return loop_.post([weak = weak_from_this()] {
      if (auto const self = weak.lock())
        self->run(self->session_.tls_failed("no TLS can be set up here"));
    });
  stream_->start_tls(
      std::move(context), setup_.server_name,
      [this, implicit](Result<net::TlsInfo> const& info) { shaken(info, implicit); });
}

void Dialogue::shaken(Result<net::TlsInfo> const& info, bool implicit) {
  if (!info) return run(session_.tls_failed(info.error().what));
  if (setup_.verified && !info->verified)
    return run(session_.tls_failed("the certificate of " + setup_.server_name + " is not good"));
  tls_ = *info;
  run(implicit ? smtp::ClientEffects{} : session_.tls_started());
}

// ---- time ----

milliseconds Dialogue::limit() const {
  auto const& times = setup_.timeouts;
  switch (session_.wait()) {
    case smtp::ClientWait::greeting:
      return implicit_handshake_runs() ? times.starttls : times.greeting;
    case smtp::ClientWait::ehlo: return times.ehlo;
    case smtp::ClientWait::starttls: return times.starttls;
    case smtp::ClientWait::auth:
    case smtp::ClientWait::mail:
    case smtp::ClientWait::rcpt: return times.command;
    case smtp::ClientWait::data: return times.data;
    case smtp::ClientWait::block: return times.block;
    case smtp::ClientWait::dot: return unsent_ > 0 ? times.block : times.dot;
    case smtp::ClientWait::quit: return times.quit;
    case smtp::ClientWait::idle: break;
  }
  return milliseconds::zero();
}

bool Dialogue::implicit_handshake_runs() const {
  return setup_.session.tls == smtp::ClientTls::implicit && !tls_;
}

/// Octets alone are no reason for more time: a peer that trickles them would have all there is.
bool Dialogue::moved() {
  std::tuple const stage{session_.wait(), session_.replies(), tls_.has_value()};
  return std::exchange(stage_, stage) != stage;
}

void Dialogue::set_deadline() {
  unsent_ = stream_ ? stream_->unsent() : 0;
  auto const span = limit();
  if (span == milliseconds::zero() || !stream_) {
    // Whoever keeps an idle one says how long.
    deadline_ = steady_clock::time_point::max();
    return;
  }
  auto const now = steady_clock::now();
  deadline_ = now + span;
  // A timer that rings too early looks again: most messages never set one.
  if (!timer_ || rings_ > deadline_) arm(now);
}

void Dialogue::arm(steady_clock::time_point now) {
  rings_ = deadline_;
  auto const left = std::chrono::ceil<milliseconds>(deadline_ - now);
  timer_ = loop_.after(std::max(left, milliseconds(1)), [this] { ring(); });
}

void Dialogue::ring() {
  if (!stream_) return;
  auto const now = steady_clock::now();
  if (deadline_ == steady_clock::time_point::max()) return timer_.reset();
  // Slow, but it moves: each part of a message has its own time (RFC 5321 4.5.3.2.5).
  if (now >= deadline_ && unsent_ > 0 && stream_->unsent() < unsent_) set_deadline();
  if (now < deadline_) return arm(now);
  run(session_.timed_out());
}

}  // namespace mailstack::delivery
