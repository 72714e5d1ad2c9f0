#include "daemon/delivery/remote.hpp"

#include <utility>

#include "core/mail/path/path.hpp"
#include "daemon/delivery/find_route.hpp"
#include "daemon/delivery/source.hpp"

namespace mailstack::delivery {

namespace {

std::string shown(Target const& target) {
  return target.host == target.address ? target.address : target.host + " [" + target.address + "]";
}

}  // namespace

/// One job on its way.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(Remote& remote, Job job, std::function<void(std::vector<Outcome>)> done)
      : remote_(remote),
        doors_(remote.doors_),
        conf_(remote.doors_.conf()),
        job_(std::move(job)),
        source_(source_of(*conf_, job_)),
        done_(std::move(done)),
        outcomes_(job_.recipients.size()) {}

  void begin() {
    prepare();
    if (open_.empty()) return finish();
    ceiling_ = doors_.loop->after(settings().timeouts.attempt, [weak = weak_from_this()] {
      if (auto const self = weak.lock()) self->expire();
    });
    // Put together under other settings: its recipients may have parted ways since.
    if (destination_of(conf_->settings, job_.recipients.front()) != job_.destination)
      return give_all({451, "4.3.0", "the way has changed meanwhile"}, {}, false);
    search_ = find_route(doors_, remote_.proof_, conf_, source_, job_,
                         [weak = weak_from_this()](Decision<Route> route) {
                           auto const self = weak.lock();
                           if (!self) return;
                           if (!route) return self->give_all(route.error(), {}, false);
                           self->route_ = std::move(*route);
                           self->sort_targets();
                           self->try_target();
                         });
  }

 private:
  [[nodiscard]] conf::Settings::Delivery const& settings() const {
    return conf_->settings.delivery;
  }
  [[nodiscard]] Target const& target() const { return route_.targets[at_]; }

  /// Paths that do not parse are decided at once; they should never have come so far.
  void prepare() {
    if (auto sender = mail::parse_path(job_.sender))
      sender_ = std::move(*sender);
    else
      give_all({553, "5.1.7", "the sender is no address"}, {}, false, false);
    for (std::size_t i = 0; i < job_.recipients.size(); ++i) {
      if (outcomes_[i].reply.code != 0) continue;
      if (auto path = mail::parse_path(job_.recipients[i].address)) {
        open_.push_back(i);
        paths_.push_back(std::move(*path));
      } else {
        outcomes_[i].reply = {550, "5.1.3", "that is no address"};
      }
    }
  }

  // ---- the way there ----

  [[nodiscard]] smtp::ClientTls tls_now() const {
    using smtp::ClientTls;
    if (route_.tls != ClientTls::opportunistic) return route_.tls;
    if (insists()) return ClientTls::required;
    return plain_ ? ClientTls::never : ClientTls::opportunistic;
  }

  [[nodiscard]] bool insists() const {
    return !route_.domain.empty() &&
           remote_.memory_.insists(conf_->settings.state, route_.domain, doors_.now(),
                                   settings().downgrade_memory);
  }

  /// What two messages must agree on to share a connection.
  [[nodiscard]] std::string key() const {
    std::string key = source_for(source_, target()).value_or("");
    key.append(1, '|').append(source_.name).append(1, '|').append(target().address);
    key.append(1, '|').append(std::to_string(route_.port));
    key.append(1, '|').append(target().host).append(1, '|').append(route_.user);
    return key.append(1, '|').append(1, static_cast<char>('0' + static_cast<int>(tls_now())));
  }

  void sort_targets() {
    route_.targets = ipv4_first(std::move(route_.targets), [this](Target const& one) {
      return remote_.refusals_.refuses(one.host, source_for(source_, one).value_or(""),
                                       doors_.now());
    });
  }

  void try_target() {
    if (open_.empty()) return finish();
    while (ipv4_only_ && at_ < route_.targets.size() && target().ipv6()) ++at_;
    if (late_ || at_ >= route_.targets.size()) return give_up();
    if (!fresh_)
      if (auto kept = remote_.idle_.take(key())) return use(std::move(kept));
    connecting_ = doors_.connect(
        {target().address, route_.port}, source_for(source_, target()), settings().timeouts.connect,
        [weak = weak_from_this()](Result<std::unique_ptr<net::Stream>> stream) {
          if (auto const self = weak.lock()) self->connected(std::move(stream));
        });
  }

  void connected(Result<std::unique_ptr<net::Stream>> stream) {
    auto const held = std::move(connecting_);
    if (!stream)
      return next(
          {451, "4.4.1", "no connection to " + shown(target()) + ": " + stream.error().what});
    DialogueSetup setup;
    setup.session = {source_.name, tls_now(), route_.lmtp, route_.user, route_.password};
    setup.server_name = target().host;
    setup.verified = route_.verified && !is_loopback(target().address);
    setup.timeouts = settings().timeouts;
    setup.tls = doors_.tls;
    dialogue_ = std::make_shared<Dialogue>(*doors_.loop, std::move(*stream), std::move(setup));
    auto events = this->events();
    events.ready = [this] { ready(); };
    dialogue_->start(std::move(events));
  }

  /// The attempt holds the dialogue, which calls nobody once it is dropped.
  Dialogue::Events events() {
    return {[this] { parked(); },
            [this](std::vector<smtp::Reply> const& replies) { take(replies); },
            [this](smtp::Broken const& broken) { this->broken(broken); }};
  }

  /// Greeting, EHLO, TLS and AUTH are done.
  void ready() {
    if (dialogue_->tls() && !route_.domain.empty())
      remote_.memory_.saw(conf_->settings.state, route_.domain, doors_.now(),
                          settings().downgrade_memory);
    use(std::move(dialogue_));
  }

  void use(std::shared_ptr<Dialogue> dialogue) {
    dialogue_ = std::move(dialogue);
    was_kept_ = dialogue_->messages() > 0;
    dialogue_->watch(events());
    smtp::Outgoing message;
    message.sender = sender_;
    message.content = job_.content;
    message.utf8 = job_.utf8;
    message.eight_bit = job_.eight_bit;
    message.recipients = paths_;
    dialogue_->send(std::move(message));
  }

  // ---- what came of it ----

  /// What was decided is an outcome; the rest stays open.
  void take(std::vector<smtp::Reply> const& replies) {
    std::vector<std::size_t> open;
    std::vector<mail::Path> paths;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      auto const& reply = replies[i];
      if (reply.code == 0 || goes_to_ipv4(reply)) {
        open.push_back(open_[i]);
        paths.push_back(std::move(paths_[i]));
      } else {
        outcomes_[open_[i]] = {reply, target().host, reply.code == 421};
      }
    }
    open_ = std::move(open);
    paths_ = std::move(paths);
  }

  /// Our IPv6 address is what was refused, and there is another way: where that cannot be gone now,
  /// the recipient waits for it.
  bool goes_to_ipv4(smtp::Reply const& reply) {
    if (!target().ipv6() || !refuses_ipv6(reply)) return false;
    for (auto const& one : route_.targets) ipv4_only_ = ipv4_only_ || !one.ipv6();
    if (ipv4_only_)
      remote_.refusals_.saw(target().host, source_for(source_, target()).value_or(""),
                            doors_.now());
    return ipv4_only_;
  }

  void parked() {
    if (dialogue_->messages() < settings().per_connection && settings().keep_idle.count() > 0)
      remote_.idle_.put(key(), std::move(dialogue_), settings().keep_idle);
    else
      dialogue_->close();
    dialogue_.reset();
    if (open_.empty()) return finish();
    next_target();
  }

  void broken(smtp::Broken const& broken) {
    auto const held = std::move(dialogue_);
    // It was kept too long: that says nothing of the host.
    if (was_kept_ && broken.unheard) {
      fresh_ = true;
      return try_target();
    }
    if (!broken.replies.empty()) take(broken.replies);
    if (open_.empty()) return finish();
    bool const may_be_plain = route_.tls == smtp::ClientTls::opportunistic && !insists();
    if (broken.tls_fault && may_be_plain && !plain_) {
      plain_ = true;
      return try_target();
    }
    auto reply = broken.reply;
    reply.text = shown(target()) + ": " + reply.text;
    next(std::move(reply));
  }

  /// Each step has a time of its own; a peer that uses up all of them holds a place for hours.
  void expire() {
    late_ = true;
    search_.reset();
    connecting_.reset();
    if (!dialogue_) return give_up();
    auto const held = dialogue_;
    held->give_up("the attempt took too long");
  }

  /// The host is unwell.
  void next(smtp::Reply reply) {
    bool const never = reply.code == 521;
    if (!fault_ || fault_->code == 521 || !never) fault_ = std::move(reply);
    next_target();
  }

  void next_target() {
    ++at_;
    plain_ = fresh_ = false;
    try_target();
  }

  void give_up() {
    auto reply = fault_.value_or(smtp::Reply{451, "4.4.2", "the attempt took too long"});
    // RFC 5321 4.2.1 would let a greeting's 5yz end the message; the next hour knows better.
    if (reply.permanent() && reply.code != 521)
      reply = {451, "4.4.1",
               "refused for now: " + std::to_string(reply.code) + ' ' + reply.enhanced + ' ' +
                   reply.text};
    give_all(reply, {}, true);
  }

  void give_all(smtp::Reply const& reply, std::string const& host, bool host_fault,
                bool last = true) {
    for (auto& outcome : outcomes_)
      if (outcome.reply.code == 0) outcome = {reply, host, host_fault};
    if (last) finish();
  }

  void finish() {
    auto const self = shared_from_this();
    remote_.running_.erase(self);
    auto const done = std::exchange(done_, {});
    if (done) done(std::move(outcomes_));
  }

  Remote& remote_;
  CourierDoors& doors_;
  std::shared_ptr<conf::Snapshot const> conf_;
  Job job_;
  conf::Source source_;
  std::function<void(std::vector<Outcome>)> done_;
  std::vector<Outcome> outcomes_;
  mail::Path sender_;
  std::vector<std::size_t> open_;  // recipients that nobody has decided
  std::vector<mail::Path> paths_;  // theirs
  std::shared_ptr<void> search_;
  Route route_;
  std::size_t at_ = 0;
  bool plain_ = false;      // TLS broke with this target
  bool fresh_ = false;      // no kept connection any more with this target
  bool was_kept_ = false;   // the dialogue carried a message before
  bool ipv4_only_ = false;  // somebody refused our IPv6 address
  bool late_ = false;       // the whole attempt took too long
  std::optional<smtp::Reply> fault_;
  std::unique_ptr<net::Timer> ceiling_;
  std::unique_ptr<net::Timer> connecting_;
  std::shared_ptr<Dialogue> dialogue_;
};

Remote::Remote(CourierDoors& doors) : doors_(doors), idle_(*doors.loop), proof_(*doors.resolver) {}
Remote::~Remote() = default;

void Remote::deliver(Job job, std::function<void(std::vector<Outcome>)> done) {
  auto attempt = std::make_shared<Attempt>(*this, std::move(job), std::move(done));
  running_.insert(attempt);
  // Never from inside of this call: who hands out jobs is not ready for outcomes.
  doors_.loop->post([weak = std::weak_ptr(attempt)] {
    if (auto const self = weak.lock()) self->begin();
  });
}

}  // namespace mailstack::delivery
