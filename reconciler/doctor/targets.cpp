#include "reconciler/doctor/targets.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "reconciler/resolve/resolve.hpp"

namespace mailstack::doctor {

namespace {

using world::DnsQuestion;

/// Large, run by three different companies, and used to being asked.
constexpr std::string_view receivers[] = {"gmail.com", "outlook.com", "gmx.net"};

/// A server whose addresses are to be found.
struct Server {
  dns::Name name;
  std::uint16_t port = 25;
  std::string of;  ///< `, MX of gmail.com`
};

std::optional<std::string> as_address(std::string const& text) {
  bool const six = text.find(':') != std::string::npos;
  auto const value = dns::canonical_rdata(six ? dns::type::aaaa : dns::type::a, text, dns::Name());
  return value ? std::optional(*value) : std::nullopt;
}

Finding not_found(std::string asked, std::string answered) {
  return {"outbound",
          Verdict::unknown,
          std::move(asked),
          std::move(answered),
          "without its address nothing can be tried",
          "set dns.resolvers, or mend /etc/resolv.conf; `--probe HOST` tries another server"};
}

/// `10 mx.example.org.` with the lowest preference; nothing for a null MX (RFC 7505).
std::optional<dns::Name> first_mx(std::vector<std::string> const& values) {
  std::optional<std::pair<unsigned, dns::Name>> best;
  for (auto const& value : values) {
    auto const space = value.find(' ');
    unsigned preference = 0;
    if (space == std::string::npos ||
        std::from_chars(value.data(), value.data() + space, preference).ec != std::errc())
      continue;
    auto const name = dns::Name::parse(std::string_view(value).substr(space + 1));
    if (name && *name != dns::Name() && (!best || preference < best->first))
      best.emplace(preference, *name);
  }
  return best ? std::optional(best->second) : std::nullopt;
}

std::vector<Server> find_receivers(world::DnsQuery& dns, Findings& findings) {
  std::vector<DnsQuestion> questions;
  for (auto const name : receivers) questions.push_back({*dns::Name::parse(name), dns::type::mx});
  auto const answers = resolve::ask(dns, questions);
  std::vector<Server> servers;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto const receiver = questions[i].name.display();
    auto const mx = answers[i] ? first_mx(answers[i]->values) : std::nullopt;
    if (mx)
      servers.push_back({*mx, 25, ", MX of " + receiver});
    else
      // Nobody's large receiver has none: it is the resolver that says so.
      findings.push_back(not_found("MX of " + receiver, answers[i]
                                                            ? "the resolver says that there is none"
                                                            : answers[i].error().what));
  }
  return servers;
}

/// Adds one address of each family that the subject has.
void find_addresses(Subject const& subject, std::vector<Server> const& servers,
                    world::DnsQuery& dns, Found& found) {
  std::vector<dns::Type> families;
  if (!subject.ipv4.empty()) families.push_back(dns::type::a);
  if (!subject.ipv6.empty()) families.push_back(dns::type::aaaa);
  std::vector<DnsQuestion> questions;
  for (auto const& server : servers)
    for (auto const type : families) questions.push_back({server.name, type});
  auto const answers = resolve::ask(dns, questions);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    auto const& server = servers[i];
    bool any = false;
    std::string why = "no address";
    for (std::size_t j = 0; j < families.size(); ++j) {
      auto const& answer = answers[i * families.size() + j];
      if (!answer) why = answer.error().what;
      if (!answer || answer->values.empty()) continue;
      auto const& address = answer->values.front();
      found.probes.push_back(
          {server.name.display() + " (" + address + ")" + server.of, {address, server.port}, {}});
      any = true;
    }
    if (!any) found.findings.push_back(not_found("address of " + server.name.display(), why));
  }
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  auto const wrong = [&] {
    return fail(ErrorCode::invalid, "`" + std::string(text) +
                                        "` is no mail server: write HOST, HOST:PORT or "
                                        "[IPV6]:PORT");
  };
  Target target;
  std::string_view port;
  auto const colons = std::count(text.begin(), text.end(), ':');
  if (text.starts_with('[')) {
    auto const end = text.find(']');
    if (end == text.npos) return wrong();
    target.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return wrong();
    if (!as_address(target.host)) return wrong();
  } else if (colons == 1) {
    target.host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':'));
  } else {
    target.host = text;
    if (colons > 1 && !as_address(target.host)) return wrong();
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), target.port);
    if (error != std::errc() || end != port.data() + port.size() || target.port == 0)
      return wrong();
  }
  if (auto const address = as_address(target.host)) {
    target.host = *address;
    return target;
  }
  auto const name = dns::Name::parse(target.host);
  if (target.host.empty() || !name || !name->check_host_name()) return wrong();
  return target;
}

Found find_probes(Subject const& subject, std::vector<Target> const& targets,
                  world::DnsQuery& dns) {
  Found found;
  std::vector<Server> servers;
  if (targets.empty()) servers = find_receivers(dns, found.findings);
  for (auto const& target : targets)
    if (auto const address = as_address(target.host))
      found.probes.push_back({*address, {*address, target.port}, {}});
    else
      servers.push_back({dns::Name::parse(target.host).value_or(dns::Name()), target.port, {}});
  find_addresses(subject, servers, dns, found);
  return found;
}

}  // namespace mailstack::doctor
