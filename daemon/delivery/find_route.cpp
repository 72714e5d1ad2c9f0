#include "daemon/delivery/find_route.hpp"

#include <charconv>
#include <utility>

#include "core/dns/rrset.hpp"
#include "core/mail/path/path.hpp"

namespace mailstack::delivery {

namespace {

/// One search. The questions to DNS hold it weakly: who drops it hears nothing more.
class Search : public std::enable_shared_from_this<Search> {
 public:
  Search(CourierDoors& doors, SourceProof& proof, std::shared_ptr<conf::Snapshot const> conf,
         conf::Source source, std::function<void(Decision<Route>)> done)
      : doors_(doors),
        proof_(proof),
        conf_(std::move(conf)),
        source_(std::move(source)),
        done_(std::move(done)) {}

  void begin(Job const& job) {
    auto const& settings = conf_->settings;
    route_.port = settings.delivery.port;
    auto const& first = job.recipients.front();
    if (first.way == queue::Way::local) return to_lmtp(settings.delivery.lmtp);
    if (first.way == queue::Way::via) return to_named(job.destination, first.via);
    if (settings.smarthost) return to_smarthost(*settings.smarthost);
    auto const path = mail::parse_path(first.address);
    if (!path) return refuse({550, "5.1.3", "that is no address: " + path.error().what});
    route_.domain = path->domain;
    self_ = self_of(settings, doors_.interfaces());
    permit_ = permit_of(settings);
    if (path->literal()) return to_literal(path->domain);
    auto const domain = dns::Name::parse(path->domain);
    if (!domain) return refuse({550, "5.1.2", "that is no domain: " + path->domain});
    to_domain(*domain);
  }

 private:
  void to_smarthost(conf::Smarthost const& smarthost) {
    using Tls = conf::Smarthost::Tls;
    route_.port = smarthost.port;
    route_.tls = smarthost.tls == Tls::implicit   ? smtp::ClientTls::implicit
                 : smarthost.tls == Tls::starttls ? smtp::ClientTls::required
                                                  : smtp::ClientTls::never;
    route_.user = smarthost.user;
    route_.password = smarthost.password;
    to_named(smarthost.host, {smarthost.host});
  }

  /// `/run/dovecot/lmtp` or `host:port`.
  void to_lmtp(std::string const& where) {
    route_.lmtp = true;
    route_.tls = smtp::ClientTls::never;
    if (where.find('/') != std::string::npos) return conclude(std::vector<Target>{{where, where}});
    auto const colon = where.rfind(':');
    auto const port = where.substr(colon == std::string::npos ? where.size() : colon + 1);
    auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), route_.port);
    named_ = true;
    if (error != std::errc{} || end != port.data() + port.size())
      return refuse({451, "4.3.5", "that is no LMTP server: " + where});
    to_named(where, {where.substr(0, colon)});
  }

  /// Hosts that the conf tree names: the first one is the best.
  void to_named(std::string const& what, std::vector<std::string> const& names) {
    named_ = true;
    permit_.loopback = true;
    label_ = what;
    for (auto const& text : names) {
      HostAddresses host;
      host.host.preference = static_cast<unsigned>(answers_.size());
      if (auto const address = literal_address(text)) {
        auto& answer = address->find(':') == std::string::npos ? host.ipv4 : host.ipv6;
        answer.status = net::DnsAnswer::Status::found;
        answer.values = {*address};
      } else if (auto const name = dns::Name::parse(text)) {
        host.host.name = *name;
      } else {
        return refuse({451, "4.3.5", "that is no host: " + text});
      }
      answers_.push_back(std::move(host));
    }
    find_addresses();
  }

  void to_literal(std::string const& domain) {
    auto const address = literal_address(domain);
    if (!address) return refuse({550, "5.1.2", "that is no address: " + domain});
    conclude(literal_targets(*address, self_, permit_));
  }

  void to_domain(dns::Name const& domain) {
    label_ = domain.display();
    doors_.resolver->ask(domain, dns::type::mx,
                         [weak = weak_from_this(), domain](net::DnsAnswer const& mx) {
                           auto const self = weak.lock();
                           if (!self) return;
                           auto hosts = mail_hosts(domain, mx, self->self_, self->doors_.random);
                           if (!hosts) return self->refuse(hosts.error());
                           for (auto& host : *hosts)
                             self->answers_.push_back({std::move(host), {}, {}});
                           self->find_addresses();
                         });
  }

  void find_addresses() {
    open_ = 1;  // ours: answers may come at once
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      auto const name = answers_[i].host.name;
      if (name == dns::Name()) continue;  // named by its address
      open_ += 2;
      ask(name, dns::type::a, i, &HostAddresses::ipv4);
      ask(name, dns::type::aaaa, i, &HostAddresses::ipv6);
    }
    answered();
  }

  void ask(dns::Name const& name, dns::Type type, std::size_t host,
           net::DnsAnswer HostAddresses::*where) {
    doors_.resolver->ask(name, type, [weak = weak_from_this(), host, where](net::DnsAnswer answer) {
      auto const self = weak.lock();
      if (!self) return;
      self->answers_[host].*where = std::move(answer);
      self->answered();
    });
  }

  void answered() {
    if (--open_ > 0) return;
    if (named_) return choose({true});
    if (!source_.ipv6) return choose({false});
    proof_.ask(*source_.ipv6, source_.name, doors_.now(), [weak = weak_from_this()](bool proven) {
      if (auto const self = weak.lock()) self->choose({proven});
    });
  }

  void choose(Families families) {
    auto targets =
        targets_of(label_, answers_, named_ ? Self{} : self_, permit_, families, doors_.random);
    if (targets)
      for (auto& target : *targets)
        if (target.host == ".") target.host = target.address;
    conclude(std::move(targets));
  }

  void conclude(Decision<std::vector<Target>> targets) {
    if (!targets) return refuse(targets.error());
    route_.targets = std::move(*targets);
    route_.verified = !route_.user.empty();
    done(std::move(route_));
  }

  void refuse(smtp::Reply reply) {
    // What the conf tree names can be mended by whoever wrote it: mail waits for that.
    if (named_ && reply.permanent()) reply = {451, "4.3.5", std::move(reply.text)};
    done(tl::unexpected<smtp::Reply>(std::move(reply)));
  }

  void done(Decision<Route> route) {
    auto const call = std::exchange(done_, {});
    if (call) call(std::move(route));
  }

  CourierDoors& doors_;
  SourceProof& proof_;
  std::shared_ptr<conf::Snapshot const> conf_;
  conf::Source source_;
  std::function<void(Decision<Route>)> done_;
  Route route_;
  Self self_;
  Permit permit_;
  bool named_ = false;
  std::string label_;  // what is looked for, for people
  std::vector<HostAddresses> answers_;
  std::size_t open_ = 0;
};

}  // namespace

std::shared_ptr<void> find_route(CourierDoors& doors, SourceProof& proof,
                                 std::shared_ptr<conf::Snapshot const> conf,
                                 conf::Source const& source, Job const& job,
                                 std::function<void(Decision<Route>)> done) {
  auto search = std::make_shared<Search>(doors, proof, std::move(conf), source, std::move(done));
  search->begin(job);
  return search;
}

}  // namespace mailstack::delivery
