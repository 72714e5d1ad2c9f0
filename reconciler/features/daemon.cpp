/// \file
/// The daemon's own configuration on each host: chasquid.conf, which both daemons read. What it
/// cannot say to mailstackd stands in mailstackd.yaml (mailstackd.cpp).
///
/// The units hand the listening sockets over, so no address is written for them: a port in
/// chasquid.conf would collide with the socket. Fields of later versions (max_queue_items,
/// give_up_send_after: 1.16) are never written, because Debian's 1.11 does not start with a field
/// that it does not know.

#include "core/userdb/text_proto.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Host;
using manifest::Manifest;
using userdb::format_text_string;

constexpr long long mebibyte = 1024LL * 1024;

constexpr keys::Key rows[] = {
    {.path = "daemon.listen",
     .type = Type::mapping,
     .summary = "Where it listens. The ports of mail come from the service manager's sockets."},
    {.path = "daemon.listen.metrics",
     .type = Type::endpoint,
     .derived = "none",
     .summary = "Where the daemon serves its counters over HTTP, without a password: a loopback "
                "address.",
     .example = "\"127.0.0.1:1099\""},
    {.path = "daemon.limits", .type = Type::mapping, .summary = "What one message may be."},
    {.path = "daemon.limits.message_size",
     .type = Type::size,
     .fallback = "50M",
     .minimum = mebibyte,
     .maximum = 2047 * mebibyte,
     .summary = "The largest message, in whole megabytes."},
    {.path = "daemon.suffix_separators",
     .type = Type::string,
     .derived = "the daemon's own: `+`",
     .summary = "Characters that start a suffix: with `+`, mail for user+tag is user's.",
     .example = "\"+-\""},
    {.path = "daemon.drop_characters",
     .type = Type::string,
     .derived = "the daemon's own: `.`",
     .summary = "Characters of a local name that do not count: with `.`, us.er is user.",
     .example = "\".\""},
};

std::string configuration(Manifest const& manifest, Host const& host) {
  auto const daemon = manifest.root.section("daemon");
  auto text = std::string(kinds::conf_file::made_by_us) +
              (manifest.daemon == manifest::Daemon::chasquid
                   ? "# The listening addresses are systemd's sockets, so none stands here.\n\n"
                   : "# What this file cannot say stands in mailstackd.yaml.\n\n") +
              "# The name in HELO; its PTR and its address records must agree.\n";
  text += "hostname: " + format_text_string(host.fqdn.display()) + "\n";
  auto const size = daemon.section("limits").number("message_size") / mebibyte;
  text += "max_data_size_mb: " + std::to_string(size) + "\n";
  auto const metrics = daemon.section("listen").text("metrics");
  if (!metrics.empty()) text += "monitoring_address: " + format_text_string(metrics) + "\n";
  for (auto const* key : {"suffix_separators", "drop_characters"})
    // Empty differs from absent: it switches the daemon's default off.
    if (daemon.present(key))
      text += std::string(key) + ": " + format_text_string(daemon.text(key)) + "\n";
  return text;
}

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  if (!records::serves_mail(manifest)) return;
  for (auto const& host : manifest.hosts) {
    if (!records::runs_daemon(host)) continue;
    auto resource = kinds::conf_file::file(host.key, facts.conf_directory + "/chasquid.conf",
                                           configuration(manifest, host), "0644", std::string());
    kinds::conf_file::compare_as_text_proto(resource);
    resource.lane = "host/" + host.key;
    resource.group = host.key;
    resource.reason = "the daemon of host " + host.key + " starts with it";
    resource.source =
        manifest.root.present("daemon") ? manifest.root.place("daemon").at : host.place.at;
    out.resources.push_back(std::move(resource));
  }
}

constexpr manifest::Code codes[] = {
    {"message-size-not-whole", "The message size is not a whole number of megabytes",
     "chasquid.conf counts in megabytes (max_data_size_mb).\n\n"
     "Wrong:  message_size: 1500K\nRight:  message_size: 2M"},
    {"metrics-not-local", "The daemon's counters would be open to everybody",
     "The daemon serves its counters on this address without a password; chasquid its "
     "configuration and an exit command, too.\n\nWrong:  metrics: \":1099\"\nRight:  metrics: "
     "\"127.0.0.1:1099\""},
};

bool loopback(std::string const& endpoint) {
  return endpoint.starts_with("127.") || endpoint.starts_with("[::1]") ||
         endpoint.starts_with("localhost:");
}

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  auto const daemon = manifest.root.section("daemon");
  auto const limits = daemon.section("limits");
  if (limits.number("message_size") % mebibyte != 0) {
    auto& problem = diagnostics.error("message-size-not-whole", limits.place("message_size"),
                                      "message_size is not a whole number of megabytes");
    problem.cause = "chasquid.conf counts in megabytes";
    problem.remedy = "write it with M, such as 50M";
  }
  auto const listen = daemon.section("listen");
  auto const metrics = listen.text("metrics");
  if (!metrics.empty() && !loopback(metrics)) {
    auto& problem = diagnostics.warning("metrics-not-local", listen.place("metrics"),
                                        "the daemon's counters would be open on " + metrics);
    problem.cause = manifest.daemon == manifest::Daemon::chasquid
                        ? "there is no password, and POST /exit stops the daemon"
                        : "there is no password";
    problem.remedy = "listen on 127.0.0.1 and let a proxy guard it";
  }
}

}  // namespace

extern Feature const feature_daemon;
Feature const feature_daemon{"daemon", rows, codes, check, compile};

}  // namespace mailstack::features
