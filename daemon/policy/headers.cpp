#include "daemon/policy/headers.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "core/mail/address/address_list.hpp"
#include "core/mail/date/date.hpp"
#include "core/text/ascii.hpp"
#include "daemon/policy/header_section.hpp"
#include "daemon/policy/sender.hpp"

namespace mailstack::policy {

namespace {

using ascii::trim;

/// The fields that a verdict needs, found in one walk.
struct Wanted {
  FieldSpan const* from = nullptr;
  FieldSpan const* sender = nullptr;
  FieldSpan const* date = nullptr;
  FieldSpan const* message_id = nullptr;
  FieldSpan const* subject = nullptr;
  std::string_view twice;  ///< the name of what may stand once and does not
};

Wanted find_wanted(std::vector<FieldSpan> const& fields) {
  Wanted wanted;
  auto const once = [&](FieldSpan const*& slot, FieldSpan const& field) {
    if (slot != nullptr) wanted.twice = field.name;
    slot = &field;
  };
  for (auto const& field : fields) {
    // The length first: most fields are none of these.
    switch (field.name.size()) {
      case 4:
        if (field.is("from")) once(wanted.from, field);
        if (field.is("date")) once(wanted.date, field);
        break;
      case 6:
        if (field.is("sender")) wanted.sender = &field;
        break;
      case 7:
        if (field.is("subject")) once(wanted.subject, field);
        break;
      case 10:
        if (field.is("message-id")) wanted.message_id = &field;
        break;
      default: break;
    }
  }
  return wanted;
}

/// One message on its way through the rules.
class Editor {
 public:
  Editor(Rules const& rules, Client const& client, smtp::Transaction const& transaction,
         Trace const& trace, HeaderSection const& section)
      : rules_(rules),
        client_(client),
        transaction_(transaction),
        trace_(trace),
        section_(section),
        wanted_(find_wanted(section.fields)) {}

  std::optional<smtp::Reply> check() {
    if (!wanted_.twice.empty())
      return smtp::Reply{
          550, "5.6.0",
          "the header field " + std::string(wanted_.twice) + " stands there more than once"};
    if (client_.submits()) return check_authors();
    for (auto const& field : section_.fields)
      if (field.is("delivered-to") && was_here(trim(field.value)))
        return smtp::Reply{554, "5.4.6", "this message was delivered here before: a loop"};
    return std::nullopt;
  }

  Prepared edit() {
    prepared_.body_at = section_.body_at;
    auto& head = prepared_.head;
    head.reserve(section_.body_at + 512);
    if (!trace_.forwarded_for.empty()) head += "Delivered-To: " + trace_.forwarded_for + "\r\n";
    head += format_received(client_, trace_, transaction_);
    keep_fields(head);
    if (client_.submits()) complete(head);
    if (wanted_.message_id != nullptr) prepared_.message_id = trim(wanted_.message_id->value);
    head += "\r\n";
    return std::move(prepared_);
  }

 private:
  /// From, and Sender where it is there (RFC 5322 3.6.2). What a trusted host relays on 25 need not
  /// be as good as what a person submits.
  std::optional<smtp::Reply> check_authors() {
    bool const strict = !client_.user.empty() || client_.service != smtp::Service::smtp;
    if (wanted_.from == nullptr && !strict) return std::nullopt;
    if (wanted_.from == nullptr) return smtp::Reply{550, "5.6.0", "there is no header field From"};
    auto const authors = mail::parse_address_list(wanted_.from->value);
    if ((!authors || authors->empty()) && !strict) return std::nullopt;
    if (!authors || authors->empty())
      return smtp::Reply{
          550, "5.6.0",
          "the header field From holds no address" + (authors ? "" : ": " + authors.error().what)};
    prepared_.from_domain = authors->front().domain.display();
    if (client_.user.empty()) return std::nullopt;
    if (auto refusal = check_own(*authors, "From")) return refusal;
    if (wanted_.sender == nullptr) return std::nullopt;
    auto const sender = mail::parse_address_list(wanted_.sender->value);
    if (!sender)
      return smtp::Reply{550, "5.6.0", "the header field Sender: " + sender.error().what};
    return check_own(*sender, "Sender");
  }

  std::optional<smtp::Reply> check_own(std::vector<mail::Address> const& addresses,
                                       std::string const& field) {
    for (auto const& address : addresses) {
      mail::Path const path{address.local, address.domain.display()};
      if (!may_send_as(rules_, client_.user, path))
        return smtp::Reply{553, "5.7.1",
                           client_.user + " may not send as " + path.text() + " (" + field + ")"};
    }
    return std::nullopt;
  }

  /// Whether a Delivered-To of ours names one of the recipients, in any spelling.
  [[nodiscard]] bool was_here(std::string_view delivered) const {
    auto const path = mail::parse_path(delivered);
    if (!path) return false;
    auto const name = rules_.clean(path->local);
    return std::any_of(transaction_.recipients.begin(), transaction_.recipients.end(),
                       [&](mail::Path const& recipient) {
                         return recipient.domain == path->domain &&
                                rules_.clean(recipient.local) == name;
                       });
  }

  [[nodiscard]] bool dropped(FieldSpan const& field) const {
    if (field.is("authentication-results")) return forges_results(field.value, trace_.host);
    return client_.submits() &&
           (field.is("bcc") || field.is("resent-bcc") || field.is("return-path"));
  }

  /// Copies runs of fields that stay as one.
  void keep_fields(std::string& head) const {
    std::size_t const start = head.size();
    std::string_view run;
    for (auto const& field : section_.fields) {
      bool const keep = !dropped(field);
      if (keep && !run.empty())
        run = {run.data(), run.size() + field.text.size()};
      else {
        head += run;
        run = keep ? field.text : std::string_view();
      }
    }
    head += run;
    if (head.size() > start && !head.ends_with("\r\n")) head += "\r\n";
  }

  void complete(std::string& head) {
    if (wanted_.date == nullptr) head += "Date: " + mail::format_date(trace_.now) + "\r\n";
    if (wanted_.message_id != nullptr) return;
    prepared_.message_id = "<" + trace_.id + "." + trace_.unique + "@" + trace_.host + ">";
    head += "Message-ID: " + prepared_.message_id + "\r\n";
  }

  Rules const& rules_;
  Client const& client_;
  smtp::Transaction const& transaction_;
  Trace const& trace_;
  HeaderSection const& section_;
  Wanted wanted_;
  Prepared prepared_;
};

}  // namespace

std::variant<Prepared, smtp::Reply> prepare(Rules const& rules, Client const& client,
                                            smtp::Transaction const& transaction,
                                            Trace const& trace, std::string_view message) {
  auto const section = parse_header_section(message);
  if (!section) return smtp::Reply{554, "5.6.0", "the message has no well-formed header section"};
  Editor editor(rules, client, transaction, trace, *section);
  if (auto refusal = editor.check()) return std::move(*refusal);
  return editor.edit();
}

std::string assemble(std::string_view front, Prepared const& prepared, std::string_view message) {
  auto const body = message.substr(prepared.body_at);
  std::string whole;
  whole.reserve(front.size() + prepared.head.size() + body.size());
  whole.append(front).append(prepared.head).append(body);
  return whole;
}

}  // namespace mailstack::policy
