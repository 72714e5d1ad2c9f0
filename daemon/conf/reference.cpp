#include "daemon/conf/reference.hpp"

#include <cctype>
#include <string_view>
#include <utility>

#include "core/clock/clock.hpp"
#include "daemon/conf/keys.hpp"
#include "yaml/values.hpp"

namespace mailstack::conf {

namespace {

constexpr std::string_view introduction = R"(# mailstackd.yaml

What chasquid.conf cannot say. The file stands beside chasquid.conf in the directory that `mailstackd --config DIR` names; either may be missing, and where
both say something, mailstackd.yaml counts. Relative paths start at that directory. `mailstackd check config` says what is wrong and what
will not work on this machine, with line and column; a running daemon keeps the last good settings until it is mended. *Restart* marks what a running daemon does not take with a reload.

Durations are numbers with a unit: `s` seconds, `m` minutes, `h` hours, `d` days, `w` weeks, also several, the larger first: `90s`, `10m`, `20h`, `14d`, `2w`, `1d12h`. Sizes are octets or `512K`, `50M`, `1G`; shares are `0.05` or `5%`. The safe part of YAML 1.2 is read:
keys stand once, no tags, no `<<`.

```yaml
listen:
  - {address: ":25", service: smtp}
  - {address: ":465", service: submissions}
  - {address: "[::1]:587", service: submission}
spool: /var/lib/mailstackd/queue
smarthost: {host: relay.example.net, user: me, password_file: secrets/relay}
delivery: {local: lmtp, lmtp: /run/dovecot/lmtp, source: {ipv4: 203.0.113.10}}
queue: {lifetime: 2d, delay_warning: 6h}
limits: {message: 50M, per_user: 200}
```
)";

constexpr std::string_view domain_introduction = R"(
## domains/DOMAIN/mailstackd.yaml

What `users` of the domain cannot say. The file is taken as a whole: with one mistake in it what it said before goes on, and where there was nothing
before (the first start), nobody of the domain is let in until it is mended: whom it disables is not known.

```yaml
source: {ipv4: 203.0.113.11, name: mail.example.org}
users:
  ann: {send_as: [sales@example.org, "*@example.net"], limit: {per_hour: 50}}
  old: {disabled: true}
  app: {receive: false}
```

)";

std::string bound(keys::Key const& key, long long value) {
  if (key.type == keys::Type::duration) return mailstack::format(Duration(value));
  if (key.type == keys::Type::size)
    for (auto const& [shift, unit] : {std::pair(30, "G"), std::pair(20, "M"), std::pair(10, "K")})
      if (value >= 1LL << shift && value % (1LL << shift) == 0)
        return std::to_string(value >> shift) + unit;
  return std::to_string(value);
}

/// What a value looks like; how durations and sizes are written, the introduction says.
std::string form(keys::Key const& key) {
  switch (key.type) {
    case keys::Type::duration: return "A duration";
    case keys::Type::size: return "A size";
    case keys::Type::integer: return "A number";
    case keys::Type::boolean: return "`true` or `false`";
    default: break;
  }
  auto text = yaml::expectation(key);
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

/// "A list of names. From 1 to 10. Default: `3`."
std::string value_line(keys::Key const& key) {
  std::string text;
  if (key.type == keys::Type::mapping) {
    text = key.list ? "A list of mappings." : "";
  } else if (key.type == keys::Type::choice) {
    for (auto const word : yaml::words_of(key.choices))
      text += (text.empty() ? "`" : ", `") + std::string(word) + "`";
    text += ".";
  } else {
    text = form(key) + (key.list ? ", or a list of them." : ".");
  }
  bool const counted = key.type == keys::Type::integer || key.type == keys::Type::size ||
                       key.type == keys::Type::duration;
  if (counted) text += " From " + bound(key, key.minimum) + " to " + bound(key, key.maximum) + ".";
  if (key.required) text += " Required.";
  if (!key.fallback.empty()) text += " Default: `" + std::string(key.fallback) + "`.";
  if (!key.derived.empty()) text += " Default: " + std::string(key.derived) + ".";
  if (!key.example.empty()) text += " Example: `" + std::string(key.example) + "`.";
  return text;
}

void append(std::string& out, Row const& row) {
  out += "- **`" + std::string(row.key.path) + "`** " + std::string(row.key.summary) + ".";
  if (auto const value = value_line(row.key); !value.empty()) out += " " + value;
  if (row.restart) out += " *Restart.*";
  out += "\n";
}

}  // namespace

std::string reference() {
  std::string out(introduction);
  out += "\n## Keys\n\n";
  for (auto const& row : settings_rows()) append(out, row);
  out += domain_introduction;
  for (auto const& row : domain_rows()) append(out, row);
  return out;
}

}  // namespace mailstack::conf
