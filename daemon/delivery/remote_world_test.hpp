#pragma once
/// \file
/// A courier among fake hosts, with DNS and time in a test's hand.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/delivery/fake/fake_hosts.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::delivery::test {

using dns::type::a;
using dns::type::aaaa;
using dns::type::mx;
using dns::type::ptr;

class NoTls : public net::TlsContext {};

/// A courier among fake hosts.
struct World {
  World() {
    settings.hostname = "out.example.org";
    settings.state = directory.path();
    settings.delivery.keep_idle = std::chrono::seconds(60);
  }

  Courier& courier() {
    if (courier_) return *courier_;
    CourierDoors doors;
    doors.loop = loop.get();
    doors.resolver = &resolver;
    doors.connect = hosts.connect();
    doors.conf = [this] {
      auto snapshot = std::make_shared<conf::Snapshot>();
      snapshot->settings = settings;
      for (auto const& [domain, source] : sources) snapshot->domains[domain].source = source;
      return snapshot;
    };
    doors.tls = [] { return std::make_shared<NoTls>(); };
    doors.interfaces = [] { return std::vector<std::string>{"127.0.0.1", "192.0.2.200"}; };
    doors.now = [this] { return now; };
    doors.random = [] { return std::uint64_t{0}; };
    courier_ = make_courier(std::move(doors));
    return *courier_;
  }

  static Job job(std::vector<std::string> const& to) {
    Job job;
    job.sender = "a@example.org";
    job.content = std::make_shared<std::string const>("Subject: x\r\n\r\n.dot\r\n");
    for (auto const& one : to) {
      queue::Recipient recipient;
      recipient.address = recipient.original = one;
      job.recipients.push_back(std::move(recipient));
    }
    job.destination = destination_of({}, job.recipients.front());
    return job;
  }

  std::vector<Outcome> deliver(Job job) {
    if (!keep_destination) job.destination = destination_of(settings, job.recipients.front());
    std::vector<Outcome> outcomes;
    auto const limit = loop->after(std::chrono::seconds(20), [this] { loop->stop(); });
    courier().deliver(std::move(job), [&](std::vector<Outcome> all) {
      outcomes = std::move(all);
      loop->stop();
    });
    loop->run();
    settle();
    return outcomes;
  }
  /// The replies, one a line; a host's fault is marked.
  std::string replies(Job const& one) {
    std::string out;
    for (auto const& outcome : deliver(one)) {
      if (!out.empty()) out += '\n';
      out += smtp::one_line(outcome.reply) + (outcome.host_fault ? " (host)" : "");
    }
    return out;
  }
  std::string replies(std::vector<std::string> const& to) { return replies(job(to)); }

  /// Lets everything happen that was posted.
  void settle() {
    auto const pause = loop->after(std::chrono::milliseconds(2), [this] { loop->stop(); });
    loop->run();
  }

  /// An MX and its address.
  void mx_host(std::string const& domain, std::string const& preference, std::string const& host,
               std::string const& address) {
    resolver.add(domain + '.', mx, preference + ' ' + host + '.');
    resolver.add(host + '.', address.find(':') == std::string::npos ? a : aaaa, address);
  }

  support::TemporaryDirectory directory;
  conf::Settings settings;
  std::map<std::string, conf::Source> sources;  ///< of domains
  bool keep_destination = false;                ///< the one of the job, though it is wrong
  TimePoint now{std::chrono::seconds(1'800'000'000)};
  std::unique_ptr<net::Loop> loop = net::Loop::make();
  FakeHosts hosts{*loop};
  FakeResolver resolver;

 private:
  std::unique_ptr<Courier> courier_;
};

}  // namespace mailstack::delivery::test
