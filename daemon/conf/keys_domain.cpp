/// \file
/// The keys of domains/D/mailstackd.yaml.

#include "core/dns/name.hpp"
#include "core/mail/username/username.hpp"
#include "daemon/conf/fields.hpp"

namespace mailstack::conf {

namespace {

using keys::Type;

Result<> enter_user(Draft& draft, Texts const& texts) {
  if (texts.empty()) return {};
  auto const name = mail::normalize_username(texts.front());
  if (!name) return fail(name.error());
  if (draft.policies.contains(*name))
    return fail(ErrorCode::invalid, "this is the user " + *name + " a second time");
  draft.user = &draft.policies[*name];
  draft.user->place = draft.place;
  return {};
}

Result<> put_send_as(Draft& draft, Texts const& texts) {
  for (auto const& text : texts) {
    auto const at = text.rfind('@');
    if (at == std::string::npos || at == 0)
      return fail(ErrorCode::invalid, text + " is neither an address nor *@DOMAIN");
    if (auto const domain = dns::Name::parse(text.substr(at + 1));
        !domain || domain->label_count() == 0 || domain->wildcard())
      return fail(ErrorCode::invalid, text + ": no domain stands behind the @");
  }
  draft.user->send_as = texts;
  return {};
}

Result<> put_per_hour(Draft& draft, Texts const& texts) {
  return assign(draft.user->per_hour, texts);
}

Result<> put_disabled(Draft& draft, Texts const& texts) {
  return assign(draft.user->disabled, texts);
}

Result<> put_receive(Draft& draft, Texts const& texts) {
  return assign(draft.user->receive, texts);
}

constexpr Row all[] = {
    {{.path = "source",
      .type = Type::mapping,
      .summary = "Where mail comes from whose sender is in this domain, in place of "
                 "`delivery.source`; of what has no sender the domain of its From counts"}},
    {{.path = "source.ipv4",
      .type = Type::ipv4,
      .derived = "that of `delivery.source`",
      .summary = "For servers with IPv4",
      .example = "203.0.113.11"},
     [](Draft& draft, Texts const& texts) { return assign(draft.source.ipv4, texts); }},
    {{.path = "source.ipv6",
      .type = Type::ipv6,
      .derived = "that of `delivery.source`",
      .summary = "For servers with IPv6, once its PTR and the AAAA of that name agree with EHLO",
      .example = "2001:db8::11"},
     [](Draft& draft, Texts const& texts) { return assign(draft.source.ipv6, texts); }},
    {{.path = "source.name",
      .type = Type::name,
      .derived = "that of `delivery.source`",
      .summary = "What EHLO says to other servers: the name in the PTR of these addresses",
      .example = "mail.example.org"},
     [](Draft& draft, Texts const& texts) { return assign(draft.source.name, texts); }},
    {{.path = "users",
      .type = Type::mapping,
      .summary = "Users of this domain, by local part; who has no entry may do what is usual"},
     enter_user},
    {{.path = "users.*", .type = Type::mapping, .summary = "One user"}, enter_user},
    {{.path = "users.*.send_as",
      .type = Type::string,
      .list = true,
      .summary = "Senders that the user may use beside the own addresses and the aliases that lead "
                 "there; `*@DOMAIN` is all of a domain",
      .example = "[sales@example.org, \"*@example.net\"]"},
     put_send_as},
    {{.path = "users.*.limit", .type = Type::mapping, .summary = "What is too much"}},
    {{.path = "users.*.limit.per_hour",
      .type = Type::integer,
      .derived = "`limits.per_user` of the daemon",
      .minimum = 1,
      .maximum = 1'000'000,
      .summary = "Recipients an hour"},
     put_per_hour},
    {{.path = "users.*.disabled",
      .type = Type::boolean,
      .fallback = "false",
      .summary = "Neither logs in nor receives"},
     put_disabled},
    {{.path = "users.*.receive",
      .type = Type::boolean,
      .fallback = "true",
      .summary =
          "`false`: only sends; mail for it is refused, unless an alias of its name takes it"},
     put_receive},
};

}  // namespace

std::span<Row const> domain_rows() { return all; }

}  // namespace mailstack::conf
