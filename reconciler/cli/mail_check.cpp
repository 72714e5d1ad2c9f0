#include "reconciler/cli/mail_check.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/dns/idn.hpp"
#include "core/dns/rdata.hpp"
#include "core/mail/dkim/private_key.hpp"

namespace mailstack::cli {

namespace {

using doctor::Findings;
using doctor::Verdict;
using nlohmann::json;

/// Where this host reaches what listens on `endpoint`.
std::string reached(std::string const& endpoint) {
  if (endpoint.starts_with(':')) return "127.0.0.1" + endpoint;
  if (endpoint.starts_with("0.0.0.0:")) return "127.0.0.1" + endpoint.substr(7);
  return endpoint.starts_with("[::]:") ? "[::1]" + endpoint.substr(4) : endpoint;
}

class Checking {
 public:
  Checking(MailCheck const& check, MailDoors const& doors) : check_(check), doors_(doors) {}

  Findings run() {
    look_at_ports();
    for (auto const& domain : check_.domains) look_at_keys(domain);
    if (check_.to.empty()) return std::move(all_);
    auto const begun = doors_.clock.now();
    if (auto const id = send()) follow(*id, begun);
    return std::move(all_);
  }

 private:
  void say(char const* which, Verdict verdict, std::string asked, std::string answered,
           std::string cause = {}, std::string remedy = {}) {
    all_.push_back({which, verdict, std::move(asked), std::move(answered), std::move(cause),
                    std::move(remedy)});
  }

  [[nodiscard]] world::MailServer server(std::string const& endpoint, bool starttls) const {
    return {check_.host.fqdn.display(), reached(endpoint), starttls, check_.ca_file};
  }

  void look_at_ports() {
    for (auto const& [all, starttls] :
         {std::pair{&check_.smtp, true}, std::pair{&check_.submission, true},
          std::pair{&check_.submissions, false}})
      for (auto const& endpoint : *all) {
        auto const asked = "certificate of port " + endpoint.substr(endpoint.rfind(':') + 1);
        auto const done = doors_.sender.greet(server(endpoint, starttls));
        if (done)
          say("tls", Verdict::ok, asked, "chain and name are good");
        else
          say("tls", Verdict::problem, asked, done.error().what,
              done.error().code == ErrorCode::denied
                  ? "who connects cannot know that this is " + check_.host.fqdn.display()
                  : "nobody serves there as " + check_.host.fqdn.display(),
              "`mailstack plan` says what is due");
      }
  }

  /// What receivers will verify signatures with.
  void look_at_keys(dns::Name const& domain) {
    auto const directory = check_.conf + "/domains/" + dns::unicode_form(domain);
    bool any = false;
    for (auto const& name : doors_.files.list(directory).value_or(std::vector<std::string>())) {
      if (!name.starts_with("dkim:") || !name.ends_with(".pem")) continue;
      any = true;
      look_at_key(domain, name.substr(5, name.size() - 9), directory + "/" + name);
    }
    if (!any)
      say("dkim", Verdict::warning, "DKIM keys of " + domain.display(), "none signs",
          "large receivers want a signature of the sender's domain",
          "`mailstack plan` says when one begins to sign");
  }

  void look_at_key(dns::Name const& domain, std::string const& selector, std::string const& path) {
    auto const where = selector + "._domainkey." + domain.display();
    auto const asked = "DKIM key " + where;
    auto const pem = doors_.files.read(path);
    auto const key =
        pem ? mail::dkim::PrivateKey::parse(Secret<std::string>(*pem)) : fail(pem.error());
    auto const ours = key ? key->public_key() : fail(key.error());
    auto const name = dns::Name::parse(where);
    if (!ours || !name) {
      say("dkim", Verdict::problem, asked, ours ? "no name" : ours.error().what,
          "the daemon signs with it", "`mailstack plan`");
      return;
    }
    auto const published = records_at(*name);
    if (!published) {
      say("dkim", Verdict::unknown, asked, published.error().what, "its record was not seen");
      return;
    }
    for (auto const& text : *published)
      if (auto const record = mail::dkim::parse(text); record && record->public_key == *ours) {
        say("dkim", Verdict::ok, asked, "its record holds this key");
        return;
      }
    say("dkim", Verdict::problem, asked,
        published->empty() ? "has no record" : "its record holds another key",
        "signatures of this selector fail", "`mailstack plan` says what is due");
  }

  Result<std::vector<std::string>> records_at(dns::Name const& name) {
    world::DnsQuestion const question{name, dns::type::txt};
    Error last{ErrorCode::unavailable, "there is no resolver"};
    for (auto const& resolver : doors_.dns.resolvers()) {
      auto answers =
          doors_.dns.ask(resolver, std::span(&question, 1), true, std::chrono::seconds(5));
      if (answers.empty()) continue;
      if (!answers.front()) {
        last = answers.front().error();
        continue;
      }
      std::vector<std::string> texts;
      for (auto const& value : answers.front()->values)
        if (auto const octets = dns::txt_octets(value)) texts.push_back(*octets);
      return texts;
    }
    return fail(last);
  }

  /// The message's id in the queue, where it was taken.
  std::optional<std::string> send() {
    if (check_.submissions.empty()) {
      say("login", Verdict::problem, "login on 465", "nothing listens there",
          "`daemon.listen.submissions` is empty");
      return std::nullopt;
    }
    world::TestMail const mail{
        check_.from, check_.password, check_.from, check_.to,
        "From: <" + check_.from + ">\r\nTo: <" + check_.to + ">\r\nSubject: mailstack check " +
            check_.token + "\r\nMessage-ID: <" + message_id() +
            ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThis is "
            "a test of `mailstack check`. Its word is " +
            check_.token + ".\r\n"};
    auto const asked = "a mail from " + check_.from + " by port 465";
    auto const reply = doors_.sender.send(server(check_.submissions.front(), false), mail);
    if (reply) {
      say("login", Verdict::ok, asked, *reply);
      return queue_id_in(*reply);
    }
    bool const login = reply.error().code == ErrorCode::denied;
    say("login", Verdict::problem, asked, reply.error().what,
        login ? "a mail program could not log in either" : "the daemon did not take the mail",
        login ? "`mailstack user check " + check_.from + "` tries the password alone" : "");
    return std::nullopt;
  }

  [[nodiscard]] std::string message_id() const {
    return "check." + check_.token + check_.from.substr(check_.from.rfind('@'));
  }

  /// Until the message is gone from the queue, or the time is over.
  void follow(std::string const& id, TimePoint begun) {
    auto const asked = "what became of it";
    std::string last = "it waits";
    for (;;) {
      auto const entry = entry_now();
      if (!entry) {
        say("queue", Verdict::unknown, asked, entry.error().what,
            "the daemon does not say what is in its queue", "`journalctl -u " + check_.unit + "`");
        return;
      }
      if (!*entry) break;
      last = words_of(**entry);
      if (doors_.clock.now() - begun >= check_.wait) {
        say("queue", Verdict::warning, asked, last, "it is still in the queue",
            "`mailstack queue list`; receivers that know a host not yet let it wait for a while");
        return;
      }
      doors_.clock.sleep(std::chrono::seconds(1));
    }
    judge_end(id, begun, asked);
  }

  /// The message by its Message-ID; empty: it is in the queue no more.
  Result<std::optional<json>> entry_now() {
    json const request{{"do", "queue list"}, {"sender", check_.from}, {"most", 1000}};
    auto const answer = doors_.control.ask(check_.control, request.dump());
    if (!answer) return fail(answer.error());
    auto const parsed = json::parse(*answer, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("messages") || !parsed["messages"].is_array())
      return fail(ErrorCode::invalid, answer->substr(0, 200));
    for (auto const& one : parsed["messages"])
      if (one.is_object() && one.value("message_id", "").find(message_id()) != std::string::npos)
        return std::optional(one);
    return std::optional<json>();
  }

  static std::string words_of(json const& entry) {
    std::string text = "it is " + entry.value("state", std::string("there"));
    if (!entry.contains("recipients") || !entry["recipients"].is_array()) return text;
    for (auto const& one : entry["recipients"])
      if (one.is_object() && one.contains("reply") && one["reply"].is_string())
        text +=
            ": " + one.value("host", std::string()) + " says " + one["reply"].get<std::string>();
    return text;
  }

  /// The daemon's last line about the message tells a delivery from a bounce.
  void judge_end(std::string const& id, TimePoint begun, std::string const& asked) {
    std::string line;
    for (auto const& one : doors_.systemd.journal(check_.unit, begun, 200))
      if (!id.empty() && one.find(id) != std::string::npos &&
          (one.ends_with(" sent") || one.find("failed (permanent)") != std::string::npos))
        line = one;
    if (line.find("failed (permanent)") != std::string::npos)
      say("queue", Verdict::problem, asked, line, "the receiver refuses it",
          "its words say why; a report went to " + check_.from);
    else if (!line.empty())
      say("queue", Verdict::ok, asked, line);
    else
      say("queue", Verdict::ok, asked, "it has left the queue",
          "look for " + check_.token + " at " + check_.to + "; a bounce would go to " +
              check_.from);
  }

  MailCheck const& check_;
  MailDoors const& doors_;
  Findings all_;
};

}  // namespace

Findings check_mail(MailCheck const& check, MailDoors const& doors) {
  return Checking(check, doors).run();
}

std::vector<doctor::Title> const& mail_titles() {
  static std::vector<doctor::Title> const all{{"tls", "TLS, as others see it"},
                                              {"dkim", "DKIM, against the DNS"},
                                              {"login", "login and submission"},
                                              {"queue", "the way of the mail"}};
  return all;
}

std::string queue_id_in(std::string const& reply) {
  auto const space = reply.rfind(' ');
  return space == std::string::npos ? std::string() : reply.substr(space + 1);
}

}  // namespace mailstack::cli
