/// \file
/// mailstackd as units of systemd: the account that it runs as, its service, and a socket for each
/// of its three services. All of them are files of ours.

#include "reconciler/features/feature.hpp"
#include "reconciler/features/listen/listen.hpp"
#include "reconciler/features/mailstackd/mailstackd.hpp"
#include "reconciler/features/mailstackd/units.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/account/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"

namespace mailstack::features {
namespace {

using manifest::Host;
using manifest::Manifest;
namespace unit = kinds::unit;

/// Made for one host.
class Units {
 public:
  Units(Manifest const& manifest, Facts const& facts, Host const& host, Compiled& out)
      : manifest_(manifest),
        facts_(facts),
        host_(host),
        source_(manifest.root.present("daemon") ? manifest.root.place("daemon").at : host.place.at),
        out_(out) {}

  void add() {
    if (facts_.here.runs)
      say(kinds::account::account(host_.key, facts_.conf_group, mailstackd::home),
          "mailstackd runs as it, and its group reads what the daemon reads");
    if (auto const& why = facts_.here.without_systemd; !why.empty())
      out_.unmanaged.push_back("units (" + why + ")");
    if (!facts_.here.systemd) return;
    if (facts_.here.daemon_program.empty()) {
      out_.warnings.emplace_back(
          "mailstackd is not installed: put it beside mailstack, into /usr/local/sbin or "
          "/usr/local/bin; without it its units are not managed");
      return;
    }
    add_service();
  }

 private:
  void add_service() {
    auto wish = proved();
    wish.reload = unit::Reload::reload;
    wish.because = "a reload cuts no session; in a restart the sockets stay open";
    wish.asks = mailstackd::control_socket;
    wish.tree = facts_.conf_directory;
    std::string sockets;
    for (auto const& one : mailstackd::services) {
      auto const endpoints = manifest_.root.section("daemon").section("listen").texts(one.key);
      if (endpoints.empty()) continue;
      sockets += (sockets.empty() ? "" : " ") + std::string(one.socket);
      auto const made = add_socket(one, endpoints);
      wish.needs.emplace_back(engine::Reference{made.address, "unit"});
      auto const ports = made.spec.texts("ports");
      wish.ports.insert(wish.ports.end(), ports.begin(), ports.end());
    }
    wish.files.push_back(unit::version_of(
        add_file(mailstackd::service,
                 kinds::conf_file::made_by_us +
                     mailstackd::service_unit({.program = facts_.here.daemon_program,
                                               .conf = facts_.conf_directory,
                                               .account = facts_.conf_group,
                                               .sockets = sockets,
                                               .mda = !records::kept_here(manifest_).empty()}),
                 "mailstackd is started by it")));
    say(unit::unit(host_.key, mailstackd::service, wish),
        "the mail of host " + host_.key + " goes through it");
  }

  engine::Resource add_socket(mailstackd::Service const& one,
                              std::vector<std::string> const& endpoints) {
    // Who connects starts the daemon: the trial comes before.
    auto wish = proved();
    for (auto const& endpoint : endpoints)
      wish.ports.push_back((one.starttls ? "starttls " : "tls ") + listen::reached(endpoint));
    wish.files.push_back(unit::version_of(
        add_file(one.socket, kinds::conf_file::made_by_us + mailstackd::socket_unit(one, endpoints),
                 std::string("the ports of ") + one.key)));
    auto resource = unit::unit(host_.key, one.socket, wish);
    say(resource, "it holds the ports while mailstackd restarts");
    return resource;
  }

  engine::Resource add_file(std::string const& name, std::string content, std::string reason) {
    auto file = kinds::conf_file::file(host_.key, facts_.unit_directory + "/" + name,
                                       std::move(content), "0644", {});
    say(file, std::move(reason));
    return file;
  }

  /// What is started only after a trial, and then asked for under the host's name.
  [[nodiscard]] unit::Wish proved() const {
    return {
        .enabled = true,
        .active = true,
        .trial = {facts_.here.daemon_program, "check", "config", "--config", facts_.conf_directory},
        .trial_by = mailstackd::home,
        .name = host_.fqdn.display()};
  }

  void say(engine::Resource resource, std::string reason) {
    resource.reason = std::move(reason);
    resource.source = source_;
    resource.group = host_.key;
    resource.lane = "host/" + host_.key;
    out_.resources.push_back(std::move(resource));
  }

  Manifest const& manifest_;
  Facts const& facts_;
  Host const& host_;
  engine::Source source_;
  Compiled& out_;
};

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  auto const* host = manifest.host(facts.here.host);
  if (manifest.daemon != manifest::Daemon::mailstackd || !records::serves_mail(manifest) ||
      host == nullptr || !records::runs_daemon(*host))
    return;
  Units(manifest, facts, *host, out).add();
}

}  // namespace

extern Feature const feature_mailstackd_units;
Feature const feature_mailstackd_units{"mailstackd_units", {}, {}, nullptr, compile};

}  // namespace mailstack::features
