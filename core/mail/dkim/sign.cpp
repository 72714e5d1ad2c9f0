#include "core/mail/dkim/sign.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "core/base64/base64.hpp"
#include "core/digest/digest.hpp"
#include "core/mail/dkim/canonical.hpp"

namespace mailstack::mail::dkim {
namespace {

constexpr std::string_view field_name = "DKIM-Signature";

struct Signed {
  std::string_view name;
  bool sealed;  ///< named once more than it stands there: no other may be added
};

// RFC 6376 5.4.1, and what decides how a message is shown (MIME, RFC 2045) and answered. Of lists
// also what RFC 8058 4 asks for. Sender and the List- fields are not sealed: a list adds them.
constexpr std::array<Signed, 26> table{{{"From", true},
                                        {"Sender", false},
                                        {"Reply-To", true},
                                        {"Subject", true},
                                        {"Date", true},
                                        {"To", true},
                                        {"Cc", true},
                                        {"Message-ID", true},
                                        {"In-Reply-To", false},
                                        {"References", false},
                                        {"MIME-Version", true},
                                        {"Content-Type", true},
                                        {"Content-Transfer-Encoding", true},
                                        {"Content-Disposition", false},
                                        {"Resent-Date", false},
                                        {"Resent-From", false},
                                        {"Resent-To", false},
                                        {"Resent-Cc", false},
                                        {"List-Id", false},
                                        {"List-Help", false},
                                        {"List-Unsubscribe", false},
                                        {"List-Unsubscribe-Post", false},
                                        {"List-Subscribe", false},
                                        {"List-Post", false},
                                        {"List-Owner", false},
                                        {"List-Archive", false}}};

/// A header field under construction. RFC 5322 2.1.1 allows 78 columns; some programs stop at 76.
class Folded {
 public:
  explicit Folded(std::string_view start) : text_(start), column_(start.size()) {}

  /// A tag: behind a space, or on a new line.
  void word(std::string_view text) {
    if (column_ + 1 + text.size() > most_columns) return on_new_line(text);
    append(" ");
    append(text);
  }
  /// What belongs to the tag before it.
  void piece(std::string_view text) {
    if (column_ + text.size() > most_columns) return on_new_line(text);
    append(text);
  }
  /// What may be folded anywhere.
  void octets(std::string_view text) {
    while (!text.empty()) {
      if (column_ >= most_columns) on_new_line("");
      auto const taken = std::min(text.size(), most_columns - column_);
      append(text.substr(0, taken));
      text.remove_prefix(taken);
    }
  }

  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  static constexpr std::size_t most_columns = 76;

  void on_new_line(std::string_view text) {
    text_ += "\r\n ";
    column_ = 1;
    append(text);
  }
  void append(std::string_view text) {
    text_ += text;
    column_ += text.size();
  }

  std::string text_;
  std::size_t column_;
};

Result<> check_signer(Signer const& signer) {
  if (auto ok = check_selector(signer.selector); !ok) return ok;
  if (signer.domain.label_count() < 2)
    return fail(ErrorCode::invalid, "a domain of one label only: " + signer.domain.display());
  if (auto ok = signer.domain.check_host_name(); !ok) return ok;
  auto const record = dns::Name::parse(signer.selector + "._domainkey." + signer.domain.text());
  if (!record) return fail(record.error());
  return {};
}

Result<> check_message(Message const& message) {
  auto const count = message.fields_called("From").size();
  if (count == 1) return {};
  return fail(ErrorCode::invalid, "the message has " + (count == 0 ? "no" : std::to_string(count)) +
                                      " From fields, and must have one (RFC 5322 3.6)");
}

std::string_view word_of(Form form) { return form == Form::simple ? "simple" : "relaxed"; }

/// What all signatures of one message share.
struct Plan {
  Form header = Form::relaxed;
  Form body = Form::relaxed;
  std::vector<std::string> names;
  std::string body_hash;
};

/// The field up to `b=`.
Folded unsigned_field(Signer const& signer, Plan const& plan, TimePoint now) {
  auto const& names = plan.names;
  Folded field(std::string(field_name) + ":");
  field.word("v=1;");
  field.word(signer.key.type() == KeyType::rsa ? "a=rsa-sha256;" : "a=ed25519-sha256;");
  field.word("c=" + std::string(word_of(plan.header)) + "/" + std::string(word_of(plan.body)) +
             ";");
  field.word("d=" + signer.domain.display() + ";");
  field.word("s=" + signer.selector + ";");
  field.word("t=" + std::to_string(now.time_since_epoch().count()) + ";");
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto const piece = names[i] + (i + 1 < names.size() ? ":" : ";");
    i == 0 ? field.word("h=" + piece) : field.piece(piece);
  }
  field.word("bh=" + plan.body_hash + ";");
  field.word("b=");
  return field;
}

Result<std::string> sign_with(Message const& message, Signer const& signer, Plan const& plan,
                              TimePoint now) {
  if (auto ok = check_signer(signer); !ok) return fail(ok.error());
  auto field = unsigned_field(signer, plan, now);
  auto const value = std::string_view(field.text()).substr(field_name.size() + 1);
  auto const signature = signer.key.sign(signed_text(message, plan.names, value, plan.header));
  if (!signature) return fail(signature.error());
  field.octets(base64::format(*signature));
  return field.text() + "\r\n";
}

Plan plan_for(Message const& message, Style const& style) {
  auto const body =
      style.body == Form::simple ? simple_body(message.body()) : relaxed_body(message.body());
  return {style.header, style.body, style.names.empty() ? names_to_sign(message) : style.names,
          base64::format(digest::sha256_octets(body))};
}

/// `h=` of somebody's choice.
Result<> check_names(std::vector<std::string> const& names) {
  bool from = names.empty();
  for (auto const& name : names) {
    bool const right = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return c > ' ' && c < 0x7f && c != ':' && c != ';';  // RFC 6376 3.5: ftext, but no `;`
    });
    if (!right) return fail(ErrorCode::invalid, "no name of a header field: '" + name + "'");
    from = from || lower_field_name(name) == "from";
  }
  if (!from) return fail(ErrorCode::invalid, "From must be signed (RFC 6376 5.4)");
  return {};
}

}  // namespace

Result<> check_selector(std::string_view selector) {
  constexpr std::string_view legal =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  constexpr std::size_t label_limit = 63;  // RFC 1035 2.3.4
  for (auto rest = selector;;) {
    auto const label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > label_limit ||
        label.find_first_not_of(legal) != label.npos || label.starts_with('-') ||
        label.ends_with('-'))
      return fail(ErrorCode::invalid, "not a selector: '" + std::string(selector) +
                                          "'; it has letters, digits, `-` and `_` only, in labels "
                                          "between dots");
    if (label.size() == rest.size()) return {};
    rest.remove_prefix(label.size() + 1);
  }
}

std::vector<std::string> names_to_sign(Message const& message) {
  std::map<std::string, std::size_t> counts;
  for (auto const& field : message.fields()) ++counts[lower_field_name(field.name)];
  std::vector<std::string> names;
  for (auto const& row : table) {
    auto const found = counts.find(lower_field_name(row.name));
    auto const count = (found == counts.end() ? 0 : found->second) + (row.sealed ? 1 : 0);
    names.insert(names.end(), count, std::string(row.name));
  }
  return names;
}

std::string signed_text(Message const& message, std::span<std::string const> names,
                        std::string_view value, Form form) {
  std::map<std::string, std::vector<HeaderField>> left;
  for (auto const& field : message.fields()) left[lower_field_name(field.name)].push_back(field);
  std::string text;
  for (auto const& name : names) {
    auto const found = left.find(lower_field_name(name));
    if (found == left.end() || found->second.empty()) continue;
    auto const& last = found->second.back();
    text += form == Form::simple ? simple_field(last) : relaxed_field(last.name, last.value);
    found->second.pop_back();
  }
  if (form == Form::simple) return text.append(field_name).append(":").append(value);
  auto const own = relaxed_field(field_name, value);
  return text.append(own, 0, own.size() - 2);
}

Result<Style> parse_canonicalization(std::string_view text) {
  auto const slash = text.find('/');
  Style style;
  style.body = Form::simple;
  for (auto const& [word, form] :
       {std::pair(text.substr(0, slash), &style.header),
        std::pair(slash == text.npos ? "simple" : text.substr(slash + 1), &style.body)}) {
    if (word != "simple" && word != "relaxed")
      return fail(ErrorCode::invalid, "no canonicalization: '" + std::string(text) +
                                          "'; it is relaxed/relaxed, relaxed/simple, "
                                          "simple/relaxed or simple/simple");
    *form = word == "simple" ? Form::simple : Form::relaxed;
  }
  return style;
}

Result<std::string> sign(Message const& message, Signer const& signer, TimePoint now,
                         Style const& style) {
  if (auto ok = check_message(message); !ok) return fail(ok.error());
  if (auto ok = check_names(style.names); !ok) return fail(ok.error());
  return sign_with(message, signer, plan_for(message, style), now);
}

Result<std::vector<std::string>> sign_each(Message const& message, std::span<Signer const> signers,
                                           TimePoint now) {
  if (auto ok = check_message(message); !ok) return fail(ok.error());
  auto const plan = plan_for(message, {});
  std::vector<std::string> fields;
  for (auto const& signer : signers) {
    auto field = sign_with(message, signer, plan, now);
    if (!field) return fail(within(field.error(), "selector " + signer.selector));
    fields.push_back(std::move(*field));
  }
  return fields;
}

}  // namespace mailstack::mail::dkim
