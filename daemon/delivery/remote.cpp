#include "daemon/delivery/remote.hpp"

#include <utility>

#include "core/mail/path/path.hpp"
#include "daemon/delivery/find_route.hpp"

namespace mailstack::delivery {

namespace {

bool on_loopback(Target const& target) {
  return target.address == "::1" || target.address.starts_with("127.");
}

std::string shown(Target const& target) {
  return target.host == target.address ? target.address : target.host + " [" + target.address + "]";
}

/// A source address of our own for this domain, else that of the settings.
std::optional<std::string> source_for(conf::Settings const& settings, Target const& target) {
  if (target.address.find('/') != std::string::npos) return {};  // a unix socket
  return target.ipv6() ? settings.delivery.source_ipv6 : settings.delivery.source_ipv4;
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
        done_(std::move(done)),
        outcomes_(job_.recipients.size()) {}

  void begin() {
    prepare();
    if (open_.empty()) return finish();
    search_ = find_route(doors_, remote_.proof_, conf_, job_,
                         [weak = weak_from_this()](Decision<Route> route) {
                           auto const self = weak.lock();
                           if (!self) return;
                           if (!route) return self->give_all(route.error(), {}, false);
                           self->route_ = std::move(*route);
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
    std::string key = source_for(conf_->settings, target()).value_or("");
    key.append(1, '|').append(target().address).append(1, '|').append(std::to_string(route_.port));
    key.append(1, '|').append(target().host).append(1, '|').append(route_.user);
    return key.append(1, '|').append(1, static_cast<char>('0' + static_cast<int>(tls_now())));
  }

  void try_target() {
    if (open_.empty()) return finish();
    if (at_ >= route_.targets.size()) return give_up();
    if (!fresh_)
      if (auto kept = remote_.kept_.take(key())) return use(std::move(kept));
    connecting_ =
        doors_.connect({target().address, route_.port}, source_for(conf_->settings, target()),
                       settings().timeouts.connect,
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
    setup.session = {conf_->settings.hostname, tls_now(), route_.lmtp, route_.user,
                     route_.password};
    setup.server_name = target().host;
    setup.verified = route_.verified && !on_loopback(target());
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
            [this](std::vector<smtp::Reply> replies) { take(std::move(replies)); },
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

  void take(std::vector<smtp::Reply> replies) {
    for (std::size_t i = 0; i < open_.size(); ++i)
      outcomes_[open_[i]] = {std::move(replies[i]), target().host, false};
    open_.clear();
  }

  void parked() {
    if (dialogue_->messages() < settings().per_connection && settings().keep_idle.count() > 0)
      remote_.kept_.put(key(), std::move(dialogue_), settings().keep_idle);
    else
      dialogue_->close();
    finish();
  }

  void broken(smtp::Broken const& broken) {
    auto const held = std::move(dialogue_);
    // It was kept too long: that says nothing of the host.
    if (was_kept_ && broken.unheard) {
      fresh_ = true;
      return try_target();
    }
    take_some(broken);
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

  /// Those of the message under way that were decided.
  void take_some(smtp::Broken const& broken) {
    if (broken.replies.empty()) return;
    std::vector<std::size_t> open;
    std::vector<mail::Path> paths;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      auto const& reply = broken.replies[i];
      if (reply.code == 0) {
        open.push_back(open_[i]);
        paths.push_back(std::move(paths_[i]));
      } else {
        outcomes_[open_[i]] = {reply, target().host, reply.code == 421};
      }
    }
    open_ = std::move(open);
    paths_ = std::move(paths);
  }

  /// The host is unwell.
  void next(smtp::Reply reply) {
    bool const never = reply.code == 521;
    if (!fault_ || fault_->code == 521 || !never) fault_ = std::move(reply);
    ++at_;
    plain_ = fresh_ = false;
    try_target();
  }

  void give_up() {
    auto reply = *fault_;
    // RFC 5321 4.2.1 would let a greeting's 5yz end the message; the next hour knows better.
    if (reply.permanent() && reply.code != 521)
      reply = {451, "4.4.1", std::to_string(reply.code) + ' ' + reply.enhanced + ' ' + reply.text};
    give_all(std::move(reply), {}, true);
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
  Doors& doors_;
  std::shared_ptr<conf::Snapshot const> conf_;
  Job job_;
  std::function<void(std::vector<Outcome>)> done_;
  std::vector<Outcome> outcomes_;
  mail::Path sender_;
  std::vector<std::size_t> open_;  // recipients that nobody has decided
  std::vector<mail::Path> paths_;  // theirs
  std::shared_ptr<void> search_;
  Route route_;
  std::size_t at_ = 0;
  bool plain_ = false;     // TLS broke with this target
  bool fresh_ = false;     // no kept connection any more with this target
  bool was_kept_ = false;  // the dialogue carried a message before
  std::optional<smtp::Reply> fault_;
  std::unique_ptr<net::Timer> connecting_;
  std::shared_ptr<Dialogue> dialogue_;
};

Remote::Remote(Doors& doors) : doors_(doors), kept_(*doors.loop), proof_(*doors.resolver) {}
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
