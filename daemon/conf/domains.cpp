#include <optional>

#include "core/digest/digest.hpp"
#include "core/mail/username/username.hpp"
#include "daemon/conf/domain_directories.hpp"
#include "daemon/conf/mailstackd_yaml.hpp"
#include "daemon/conf/parts.hpp"
#include "daemon/conf/tree_file.hpp"
#include "yaml/diagnostic.hpp"

namespace mailstack::conf {

namespace {

/// One directory of domains/ while it is read.
class DomainReader {
 public:
  DomainReader(Reading reading, std::string entry, std::string const& name)
      : reading_(reading), below_("domains/" + std::move(entry)), name_(name) {
    if (reading.before == nullptr) return;
    if (auto const found = reading.before->domains.find(name);
        found != reading.before->domains.end())
      before_ = &found->second;
    auto const& domains = reading.before->mail.domains;
    if (auto const found = domains.find(name); found != domains.end())
      mail_before_ = &found->second;
  }

  void read() {
    auto const names = list_directory(path({}));
    if (!names) {
      problem(unreadable(path({}), names.error()));
      keep_all();
    } else {
      read_users();
      if (!conf_.kept_users) note_users();
      read_aliases();
      read_policies();
      read_keys(*names);
    }
    conf_.directory = below_;
    reading_.next.mail.domains.emplace(name_, std::move(mail_));
    reading_.next.domains.emplace(name_, std::move(conf_));
  }

 private:
  [[nodiscard]] std::string below(std::string_view file) const {
    return file.empty() ? below_ : below_ + "/" + std::string(file);
  }
  [[nodiscard]] std::string path(std::string_view file) const {
    return reading_.directory + "/" + below(file);
  }
  void problem(Problem one) { reading_.problems.push_back(std::move(one)); }
  /// Of the errors from `first` on: that they changed nothing.
  void say_kept(std::size_t first, std::string_view what) {
    for (auto one = first; one < reading_.problems.size(); ++one)
      note_kept(reading_.problems[one], what);
  }
  void use(std::string_view file, std::string digest) {
    reading_.next.digests[below(file)] = std::move(digest);
  }

  /// The digest of `file` that was in use before; empty where it was not.
  [[nodiscard]] std::string digest_before(std::string_view file) const {
    if (reading_.before == nullptr) return {};
    auto const found = reading_.before->digests.find(below(file));
    return found == reading_.before->digests.end() ? std::string() : found->second;
  }
  /// Whether the file was there before and was good, so that it may stand in.
  [[nodiscard]] bool was_good(std::string_view file) const { return !digest_before(file).empty(); }

  void keep_all() {
    if (mail_before_ == nullptr || before_ == nullptr) {
      conf_.incomplete = true;
      return;
    }
    mail_ = *mail_before_;
    conf_ = *before_;
    conf_.kept_aliases = conf_.kept_users = true;
    note_kept(reading_.problems.back(), "what was read of it before stays");
    auto const prefix = below_ + "/";
    auto const& digests = reading_.before->digests;
    for (auto one = digests.lower_bound(prefix);
         one != digests.end() && one->first.starts_with(prefix); ++one)
      reading_.next.digests.insert(*one);
  }

  /// The content, or nothing where the file is not there or unreadable (`bad` is set then).
  std::optional<std::string> content(std::string_view file, bool& bad) {
    auto text = read_file(path(file));
    if (text) return *std::move(text);
    if (text.error().code != ErrorCode::not_found) {
      bad = true;
      problem(unreadable(path(file), text.error()));
    }
    return std::nullopt;
  }

  void read_users() {
    auto const first = reading_.problems.size();
    bool bad = false;
    auto const text = content("users", bad);
    if (text) {
      auto digest = digest::sha256(*text);
      if (mail_before_ != nullptr && digest == digest_before("users")) {
        mail_.users = mail_before_->users;
        return use("users", std::move(digest));
      }
      auto users = userdb::parse_users(*text);
      if (users) {
        mail_.users = *std::move(users);
        note_gone(", since nobody stands in the file");
        return use("users", std::move(digest));
      }
      problem(located(path("users"), users.error().what));
      bad = true;
    }
    if (bad)
      keep_users(first);
    else
      note_gone(", since the file is not there");
  }

  /// Of many users to none is what a full disk or a slip of the hand makes of a file; it counts, as
  /// any other change does.
  void note_gone(std::string const& why) {
    auto const before = mail_before_ == nullptr ? 0 : mail_before_->users.size();
    if (before == 0 || !mail_.users.empty()) return;
    problem({path("users"),
             (before == 1 ? "the one user of before is"
                          : "all " + std::to_string(before) + " users of before are") +
                 " gone" + why,
             0, 0, "put the file back where that was not meant", true});
  }

  void keep_users(std::size_t first) {
    if (mail_before_ != nullptr && was_good("users")) {
      conf_.kept_users = true;
      say_kept(first, "the users of before stay");
      mail_.users = mail_before_->users;
      use("users", digest_before("users"));
    } else {
      conf_.incomplete = true;
    }
  }

  /// What is taken and yet lets nobody in; said each time, since problems are of the whole tree.
  void note_users() {
    auto const warn = [&](std::string const& name, std::string what, std::string remedy) {
      problem(
          {path("users"), "user " + name + ": " + std::move(what), 0, 0, std::move(remedy), true});
    };
    for (auto const& [name, scheme] : mail_.users) {
      if (name.empty()) continue;  // an entry without a key: chasquid's examples have one
      auto const folded = mail::normalize_username(name);
      if (!folded) {
        warn(name, "nobody can be called so: " + folded.error().what, "remove the entry");
      } else if (*folded != name) {
        warn(name, "names are looked up in lower case, so it is never found", "call it " + *folded);
      }
      auto const* scrypt = std::get_if<userdb::Scrypt>(&scheme);
      if (scrypt == nullptr) continue;
      if (auto const works = userdb::check(*scrypt); !works)
        warn(name, "no password fits: " + works.error().what, "set a new one");
    }
  }

  void read_aliases() {
    auto const first = reading_.problems.size();
    bool bad = false;
    auto const text = content("aliases", bad);
    if (text) {
      auto digest = digest::sha256(*text);
      if (mail_before_ != nullptr && digest == digest_before("aliases")) {
        mail_.aliases = mail_before_->aliases;
        return use("aliases", std::move(digest));
      }
      mail_.aliases = userdb::Aliases::parse(*text);
      auto const wrong = mail_.aliases.problems();
      if (wrong.empty()) return use("aliases", std::move(digest));
      for (auto const& one : wrong)
        problem({path("aliases"), one.what, one.line, 0,
                 "write `name: address, address` or `name: | command`"});
      bad = true;
    }
    if (!bad) return;
    if (mail_before_ != nullptr && was_good("aliases")) {
      conf_.kept_aliases = true;
      say_kept(first, "the aliases of before stay");
      mail_.aliases = mail_before_->aliases;
      use("aliases", digest_before("aliases"));
    } else {
      if (!text && mail_before_ != nullptr) {
        conf_.kept_aliases = true;
        mail_.aliases = mail_before_->aliases;
      }
      conf_.incomplete = true;
    }
  }

  void read_policies() {
    auto const first = reading_.problems.size();
    bool bad = false;
    auto const text = content("mailstackd.yaml", bad);
    if (text) {
      auto found = read_domain_yaml(path("mailstackd.yaml"), *text, conf_);
      bad = failed(found);
      for (auto& one : found) problem(std::move(one));
      if (!bad) {
        note_policies();
        return use("mailstackd.yaml", digest::sha256(*text));
      }
    }
    if (!bad) return;
    if (before_ != nullptr && (was_good("mailstackd.yaml") || !before_->incomplete)) {
      conf_.kept_users = true;
      say_kept(first, "the policies of before stay");
      conf_.policies = before_->policies;
      conf_.source = before_->source;
      if (was_good("mailstackd.yaml")) use("mailstackd.yaml", digest_before("mailstackd.yaml"));
    } else {
      // Whom it disabled is not known: nobody of this domain is let in.
      conf_.policies.clear();
      conf_.source = {};
      mail_.users.clear();
      reading_.next.digests.erase(below("users"));
      conf_.incomplete = true;
    }
  }

  /// A policy of nobody does nothing: `disabled` would lock nobody out.
  void note_policies() {
    if (conf_.incomplete || conf_.kept_users) return;  // who is there is not known
    std::vector<std::string_view> names;
    for (auto const& [name, scheme] : mail_.users) names.push_back(name);
    for (auto const& [name, policy] : conf_.policies) {
      if (mail_.users.contains(name)) continue;
      auto const near = yaml::nearest(name, names);
      problem(problem_at(policy.place, "there is no user `" + name + "`, so that this does nothing",
                         near.empty() ? "add this user, or remove the entry"
                                      : "did you mean `" + std::string(near) + "`?",
                         true));
    }
  }

  void read_keys(std::vector<std::string> const& names) {
    constexpr std::string_view start = "dkim:";
    constexpr std::string_view end = ".pem";
    for (auto const& name : names) {
      if (!name.ends_with(end)) continue;
      if (!name.starts_with(start)) {
        note_other_name(name);
        continue;
      }
      auto const selector =
          name.substr(start.size(), name.size() - std::min(name.size(), start.size() + end.size()));
      if (auto key = read_key(name, selector)) {
        use(name, key->digest);
        conf_.keys.push_back(*std::move(key));
      }
    }
  }

  /// `dkim-e2.pem` is not read, and nothing else would say so.
  void note_other_name(std::string const& name) {
    constexpr std::string_view nearly = "dkim";
    bool const near = name.starts_with(nearly) && name.size() > nearly.size() + 5 &&
                      std::string_view("-_.;").find(name[nearly.size()]) != std::string_view::npos;
    problem({path(name), "no key for DKIM is called so, and it signs nothing", 0, 0,
             near ? "call it dkim:" + name.substr(nearly.size() + 1)
                  : "call it dkim:SELECTOR.pem, or keep it elsewhere",
             true});
  }

  std::optional<SigningKey> read_key(std::string const& file, std::string const& selector) {
    auto const refuse = [&](Problem why) {
      auto before = key_before(selector);
      if (before) note_kept(why, "the key of before stays");
      problem(std::move(why));
      return before;
    };
    if (auto const fits = mail::dkim::check_selector(selector); !fits)
      return refuse({path(file), "the name holds no selector: " + fits.error().what});
    auto content = read_file(path(file));
    if (!content) return refuse(unreadable(path(file), content.error()));
    SigningKey key{selector, path(file), digest::sha256(*content), {}, {}};
    if (auto before = key_before(selector); before && before->digest == key.digest) return before;
    // PKCS#1, as `openssl genrsa -traditional` and older tools write it.
    bool const traditional = content->find("-----BEGIN RSA PRIVATE KEY-----") != std::string::npos;
    auto parsed = mail::dkim::PrivateKey::parse(Secret<std::string>(*std::move(content)));
    if (!parsed)
      return refuse(
          {path(file), parsed.error().what, 0, 0,
           traditional ? "write it anew: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW" : ""});
    auto half = parsed->public_key();
    if (!half) return refuse({path(file), half.error().what});
    key.public_key = *std::move(half);
    key.key = std::make_shared<mail::dkim::PrivateKey const>(*std::move(parsed));
    return key;
  }

  [[nodiscard]] std::optional<SigningKey> key_before(std::string const& selector) const {
    if (before_ == nullptr) return std::nullopt;
    for (auto const& key : before_->keys)
      if (key.selector == selector) return key;
    return std::nullopt;
  }

  Reading reading_;
  std::string below_;  ///< `domains/example.org`
  std::string const& name_;
  DomainConf const* before_ = nullptr;
  userdb::LocalDomain const* mail_before_ = nullptr;
  userdb::LocalDomain mail_;
  DomainConf conf_;
};

/// Everything of before stays where domains/ itself cannot be listed.
void keep_domains(Reading reading) {
  if (reading.before == nullptr) return;
  reading.next.mail.domains = reading.before->mail.domains;
  reading.next.domains = reading.before->domains;
  for (auto& [name, domain] : reading.next.domains) domain.kept_aliases = domain.kept_users = true;
  note_kept(reading.problems.back(), "the domains of before stay");
  for (auto const& [path, digest] : reading.before->digests)
    if (path.starts_with("domains/")) reading.next.digests.emplace(path, digest);
}

}  // namespace

void read_domains(Reading reading) {
  auto const directories = domain_directories(reading);
  if (!directories) {
    if (directories.error().code == ErrorCode::not_found) return;
    reading.problems.push_back(unreadable(reading.directory + "/domains", directories.error()));
    return keep_domains(reading);
  }
  for (auto const& [domain, entry] : *directories) DomainReader(reading, entry, domain).read();
}

}  // namespace mailstack::conf
