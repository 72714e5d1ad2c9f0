/// \file
/// From which address does mail leave, and what do receivers find under it?

#include <algorithm>

#include "core/dns/reach.hpp"
#include "core/dns/reverse.hpp"
#include "core/text/listed.hpp"
#include "reconciler/doctor/checks.hpp"

namespace mailstack::doctor {

namespace {

std::string key_of(bool six) { return six ? "ipv6:" : "ipv4:"; }

void judge_no_way(WayOut const& way, std::string const& declared, Finding& finding) {
  finding.answered = way.source.error().what;
  if (declared.empty()) {
    finding.cause = "nothing leaves by it, as the manifest says";
    return;
  }
  finding.verdict = Verdict::problem;
  if (way.switched_off) {
    finding.answered += "; net.ipv6.conf.all.disable_ipv6 is 1";
    finding.cause = declared + " is declared, and IPv6 is switched off on this machine";
    finding.remedy =
        "`sysctl -w net.ipv6.conf.all.disable_ipv6=0`, and take the line that sets it "
        "out of /etc/sysctl.conf or /etc/sysctl.d; or leave ipv6: out of the manifest";
    return;
  }
  finding.cause = declared + " is declared, and no route leads out";
  finding.remedy = std::string("give this machine its address and a default route (`ip ") +
                   (way.six ? "-6 " : "") + "route`), or leave " + key_of(way.six) +
                   " out of the manifest";
}

/// Mail would leave by an address of which the manifest knows nothing.
void judge_undeclared(WayOut const& way, Finding& finding) {
  auto const& source = *way.source;
  bool const inside = dns::inside_one_network(source);
  if (inside && way.six) {
    finding.cause = "it reaches only its own network, so nothing leaves by it";
    return;
  }
  finding.verdict = Verdict::warning;
  finding.cause = std::string("mail may leave by ") +
                  (inside ? "whatever address a NAT puts in its place" : source) +
                  ", which is not in the manifest: no PTR is checked and no SPF names it";
  finding.remedy = std::string("declare it as ") + key_of(way.six) +
                   ", or keep this machine from " + (way.six ? "using IPv6" : "using IPv4");
}

void judge_other_source(Subject const& subject, WayOut const& way, std::string const& declared,
                        Finding& finding) {
  auto const& source = *way.source;
  auto const& ours = subject.addresses;
  bool const here = std::find(ours.begin(), ours.end(), declared) != ours.end();
  if (dns::inside_one_network(source) && !here) {
    finding.verdict = Verdict::unknown;
    finding.cause =
        "behind a NAT? Which address it puts in place of " + source + " is not seen from here";
    finding.remedy =
        "see on the NAT, or in the Received: line of a mail sent to yourself elsewhere, "
        "that it is " +
        declared;
    return;
  }
  finding.verdict = Verdict::problem;
  if (here) {
    finding.cause = "this machine has " + declared + " too, but mail leaves by " + source +
                    ", which has neither its PTR nor its SPF";
    finding.remedy = way.six ? "make the other deprecated: `ip address change " + source +
                                   " dev DEVICE preferred_lft 0`, and so in the network's "
                                   "configuration"
                             : "make " + declared +
                                   " the source of the default route: `ip route "
                                   "replace default … src " +
                                   declared +
                                   "`, and so in the network's "
                                   "configuration";
    return;
  }
  finding.cause = "no interface of this machine has " + declared;
  finding.remedy =
      "give it that address, or correct " + key_of(way.six) + " in the manifest to " + source;
}

Finding judge_ptr(Subject const& subject, std::string const& address,
                  resolve::Reverse const& look) {
  Finding finding{"reverse", Verdict::ok, "PTR of " + address, {}, {}, {}};
  auto const wanted = subject.fqdn.display();
  if (!look.names) {
    finding.verdict = Verdict::unknown;
    finding.answered = look.names.error().what;
    finding.cause = "no resolver answers";
    finding.remedy = "set dns.resolvers, or mend /etc/resolv.conf";
    return finding;
  }
  auto const match = dns::compare_reverse(*look.names, subject.fqdn.text());
  std::vector<std::string> names;
  names.reserve(look.names->size());
  for (auto const& name : *look.names) names.push_back(dns::without_dot(name));
  finding.answered = names.empty() ? "there is none" : listed(names);
  if (!match.right) {
    finding.verdict = Verdict::problem;
    finding.cause = "receivers refuse mail from an address whose reverse name is not the host's";
    finding.remedy = "set " + wanted + " at whoever rents out the address";
  } else if (!match.others.empty()) {
    finding.verdict = Verdict::warning;
    finding.cause = "receivers may look at any of them";
    finding.remedy = "leave only " + wanted + ", at whoever rents out the address";
  }
  return finding;
}

Finding judge_forward(Subject const& subject, std::string const& address,
                      resolve::Reverse const& look) {
  bool const six = address.find(':') != std::string::npos;
  auto const name = subject.fqdn.display();
  Finding finding{"reverse", Verdict::ok, (six ? "AAAA of " : "A of ") + name, {}, {}, {}};
  if (!look.addresses) {
    finding.verdict = Verdict::unknown;
    finding.answered = look.addresses.error().what;
    finding.cause = "no resolver answers";
    finding.remedy = "set dns.resolvers, or mend /etc/resolv.conf";
    return finding;
  }
  finding.answered = look.addresses->empty() ? "there is none" : listed(*look.addresses);
  if (look.confirmed) return finding;
  finding.verdict = subject.publishes ? Verdict::warning : Verdict::problem;
  finding.cause = "receivers ask whether the name leads back to " + address +
                  (subject.publishes ? ", and it does not yet" : ", and it does not");
  finding.remedy = subject.publishes
                       ? "`mailstack apply` publishes it; a resolver may remember the old answer "
                         "for its TTL"
                       : "publish " + address + " where the zone of " + name + " is held";
  return finding;
}

}  // namespace

Finding judge_way_out(Subject const& subject, WayOut const& way) {
  auto const& declared = way.six ? subject.ipv6 : subject.ipv4;
  Finding finding{"address",
                  Verdict::ok,
                  std::string("source of connections over ") + (way.six ? "IPv6" : "IPv4"),
                  {},
                  {},
                  {}};
  if (!way.source) {
    judge_no_way(way, declared, finding);
    return finding;
  }
  finding.answered = *way.source;
  if (declared.empty())
    judge_undeclared(way, finding);
  else if (*way.source != declared)
    judge_other_source(subject, way, declared, finding);
  return finding;
}

Findings judge_reverse(Subject const& subject, std::string const& address,
                       resolve::Reverse const& look) {
  Findings all;
  if (subject.checks_ptr) all.push_back(judge_ptr(subject, address, look));
  all.push_back(judge_forward(subject, address, look));
  return all;
}

}  // namespace mailstack::doctor
