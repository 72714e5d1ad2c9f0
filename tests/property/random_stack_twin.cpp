#include "tests/property/random_stack.hpp"

#include <algorithm>

namespace mailstack::property {

namespace {

constexpr char const* hash_one =
    R"("$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0")";
constexpr char const* hash_two =
    R"("$scrypt$ln=14,r=8,p=1$ZmVkY2JhOTg3NjU0MzIxMA$s2eJeJf4fGqL1KYvbaT/ErrfSY452+kLmSvtHdq+Fkw")";

std::string user(Dice& dice) {
  switch (dice.roll(5)) {
    case 0: return "{}";
    case 1: return "{state: disabled}";
    case 2: return std::string("{password: {hash: ") + hash_two + "}}";
    default: return std::string("{password: {hash: ") + hash_one + "}}";
  }
}

std::string domain(Dice& dice, std::string const& name) {
  if (dice.one_in(12)) return "  " + name + ": {state: absent}\n";
  if (dice.one_in(12)) return "  " + name + ": {mail: none}\n";
  std::string text = "  " + name + ":\n";
  text += "    catch_all: " + dice.pick<std::string>({"me@example.net", "you@example.net"}) + "\n";
  if (dice.one_in(4)) text += "    receive: none\n";
  if (dice.one_in(3)) text += "    spf: {mechanisms: [a, mx], all: fail}\n";
  if (dice.one_in(3))
    text +=
        "    dmarc: {policy: " + dice.pick<std::string>({"none", "quarantine", "reject"}) + "}\n";
  if (dice.one_in(4)) text += "    caa: ['0 issue \"ca.example\"']\n";
  text += "    dkim: {algorithms: [ed25519]";
  if (dice.one_in(3)) text += ", selector: " + dice.pick<std::string>({"s1", "s2"});
  text += "}\n";
  std::string users, aliases;
  for (auto const* who : {"ann", "bob", "cid"}) {
    if (dice.one_in(2)) users += "      " + std::string(who) + ": " + user(dice) + "\n";
    if (dice.one_in(3))
      aliases += "      team-" + std::string(who) + ": " +
                 dice.pick<std::string>({"x@example.net", "[x@example.net, y@example.net]"}) + "\n";
  }
  if (!users.empty()) text += "    users:\n" + users;
  if (!aliases.empty()) text += "    aliases:\n" + aliases;
  return text;
}

std::string records(Dice& dice) {
  std::string text;
  for (auto const* name : {"www", "ftp", "api"}) {
    if (dice.one_in(2)) continue;
    auto const owner = "        " + std::string(name);
    switch (dice.roll(4)) {
      case 0: text += owner + " IN CNAME www.example.net.\n"; break;
      case 1: text += owner + " 60 IN A 203.0.113.80\n"; break;
      case 2:
        text += owner + " IN A 203.0.113.81\n";
        text += owner + " IN A 203.0.113.82\n";
        break;
      default: text += owner + " IN TXT \"hello; \\\"world\\\"\"\n"; break;
    }
  }
  return text;
}

// What a hand may write into a zone: neighbours, conflicts with what is derived, oddities.
std::vector<std::string> const foreign_lines{
    "www IN A 198.51.100.1",
    "www IN CNAME elsewhere.example.net.",
    "ftp IN TXT \"by hand\"",
    "@ IN TXT \"v=spf1 -all\"",
    "@ IN TXT \"google-site-verification=abc\"",
    "@ IN MX 5 other.example.net.",
    "_dmarc IN TXT \"v=DMARC1; p=none\"",
    "smtp IN A 198.51.100.9",
    "api IN AAAA 2001:db8::99",
    "deep.er IN SRV 1 2 3 host.example.net.",
};

std::string zone_path(std::string const& zone) { return "/repo/zones/" + zone + ".zone"; }

// Deletes or changes one line that holds a record of one line; false where it met none.
bool edit_line(Dice& dice, std::string& content) {
  std::vector<std::size_t> starts;
  for (std::size_t at = content.find('\n'); at != std::string::npos && at + 1 < content.size();
       at = content.find('\n', at + 1))
    starts.push_back(at + 1);
  if (starts.empty()) return false;
  auto const start = dice.pick(starts);
  auto const end = content.find('\n', start);
  auto const old = content.substr(start, end - start);
  if (old.find("SOA") != std::string::npos || old.find(" NS") != std::string::npos ||
      old.find("\tNS") != std::string::npos || old.starts_with("$") || old.starts_with(" ") ||
      old.starts_with("\t") || old.find('(') != std::string::npos ||
      old.find(')') != std::string::npos || end == std::string::npos)
    return false;
  auto changed = old;
  auto const address = changed.find("203.0.113.");
  if (address != std::string::npos && dice.one_in(2))
    changed.replace(address, 10, "198.51.100.");
  else
    changed.clear();
  content.replace(start, end - start + 1, changed.empty() ? "" : changed + "\n");
  return true;
}

void edit_zone(Dice& dice, files::Files& files, std::string const& zone) {
  auto text = files.read(zone_path(zone));
  std::string content = text ? *text
                             : "$TTL 300\n$ORIGIN " + zone +
                                   ".\n@ IN SOA ns1 hostmaster 1 3600 600 86400 60\n@ IN NS ns1\n";
  // A hand that adds a CNAME beside something else would make a zone that no server loads.
  auto const line = dice.pick(foreign_lines);
  auto const owner = line.substr(0, line.find(' '));
  bool const taken = content.find("\n" + owner + " ") != std::string::npos ||
                     content.find("\n" + owner + "\t") != std::string::npos ||
                     content.find("\n" + owner + "." + zone) != std::string::npos;
  bool const alone = line.find("CNAME") != std::string::npos ||
                     content.find("\n" + owner + " IN CNAME") != std::string::npos;
  if (dice.one_in(2) && !(taken && (alone || owner == "www" || owner == "ftp"))) {
    content += line + "\n";
  } else if (!edit_line(dice, content)) {
    return;
  }
  (void)files.make_directory("/repo/zones", {});
  (void)files.write(zone_path(zone), content, {});
}

void edit_file(Dice& dice, files::Files& files, std::string const& path) {
  auto const text = files.read(path);
  if (!text) return;
  if (dice.one_in(3)) {
    (void)files.remove(path);
    return;
  }
  auto content = *text;
  if (path.ends_with("aliases"))
    content += dice.one_in(2) ? "# by hand\n" : "mine: z@example.net\n";
  if (path.ends_with("users")) content += "users: { key: \"zoe\" }\n";
  if (path.ends_with("chasquid.conf")) content += "max_data_size_mb: 7\n";
  // Half of the time the last line goes instead: what we wrote there vanishes.
  if (dice.one_in(2) && !path.ends_with("users")) {
    content = *text;
    if (content.size() > 1) content.erase(content.rfind('\n', content.size() - 2) + 1);
  }
  (void)files.write(path, content, {.mode = 0640, .owner = {}, .group = {}});
}

void lose_a_key(Dice& dice, files::Files& files, std::string const& domain) {
  auto const directory = "/etc/mailstackd/domains/" + domain;
  auto const names = files.list(directory);
  if (!names) return;
  for (auto const& name : *names) {
    auto const path = std::string(directory).append("/").append(name);
    if (!name.starts_with("dkim:") || dice.one_in(2)) continue;
    if (dice.one_in(2))
      (void)files.remove(path);
    else  // the daemon's group can no longer read it
      (void)files.write(path, *files.read(path), {.mode = 0600, .owner = {}, .group = {}});
  }
}

}  // namespace

std::string random_manifest(Dice& dice) {
  std::string text = "version: 1\nhosts:\n  mx1: {fqdn: smtp.one.example, ipv4: 203.0.113.1";
  text += dice.pick<std::string>({"0", "1"});
  if (dice.one_in(2)) text += ", ipv6: \"2001:db8::10\"";
  text += "}\ndns:\n  providers:\n    local: {type: zonefile, directory: zones}\n  zones:\n";
  for (auto const* zone : {"one.example", "two.example"}) {
    text += "    " + std::string(zone) + ":\n      provider: local\n";
    text += "      ttl: " + dice.pick<std::string>({"300", "60"}) + "\n";
    if (dice.one_in(4)) text += "      purge: " + dice.pick<std::string>({"all", "none"}) + "\n";
    if (dice.one_in(3)) text += "      ignore: [\"ftp\"]\n";
    if (auto const lines = records(dice); !lines.empty()) text += "      records: |\n" + lines;
  }
  text += "domains:\n" + domain(dice, "one.example");
  if (!dice.one_in(4)) text += domain(dice, "two.example");
  return text;
}

void random_hands(Dice& dice, files::Files& files) {
  for (auto const* name : {"one.example", "two.example"}) {
    for (auto edits = dice.roll(3); edits > 0; --edits) edit_zone(dice, files, name);
    auto const directory = "/etc/mailstackd/domains/" + std::string(name);
    if (dice.one_in(4)) edit_file(dice, files, directory + "/users");
    if (dice.one_in(4)) edit_file(dice, files, directory + "/aliases");
    if (dice.one_in(3)) lose_a_key(dice, files, name);
  }
  if (dice.one_in(6)) edit_file(dice, files, "/etc/mailstackd/chasquid.conf");
}

}  // namespace mailstack::property
