#include "core/mail/dmarc/record.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/mail/tag_list.hpp"

namespace mailstack::mail::dmarc {
namespace {

constexpr std::string_view mailto = "mailto:";

std::string joined(std::vector<std::string> const& parts, std::string_view separator) {
  std::string text;
  for (auto const& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

class Reader {
 public:
  Parsed read(std::string_view text) {
    auto const tags = split_tags(text);
    if (tags.empty() || tags.front().name != "v" || tags.front().value != "DMARC1")
      mistake(0, tags.empty() ? text.size() : tags.front().length, true,
              "a DMARC record begins with 'v=DMARC1'");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < tags.size(); ++i) {
      auto const& tag = tags[i];
      if (!tag.has_equals) {
        wrong(tag, "'" + tag.name + "' is no tag: it has no '='");
        continue;
      }
      if (!seen.insert(tag.name).second) {
        wrong(tag, "the tag '" + tag.name + "' stands twice");
        continue;
      }
      take(tag, i);
    }
    if (!seen.contains("p"))
      mistake(0, text.size(), true, "there is no p= (what receivers should do)");
    return std::move(out_);
  }

 private:
  void mistake(std::size_t offset, std::size_t length, bool fatal, std::string what) {
    out_.mistakes.push_back({offset, length, fatal, std::move(what)});
  }
  void wrong(Tag const& tag, std::string what) {
    mistake(tag.offset, tag.length, true, std::move(what));
  }
  void odd(Tag const& tag, std::string what) {
    mistake(tag.offset, tag.length, false, std::move(what));
  }

  void take(Tag const& tag, std::size_t index) {
    auto& record = out_.record;
    if (tag.name == "v") {
      if (index > 0) wrong(tag, "v= must stand first");
    } else if (tag.name == "p") {
      // RFC 7489 6.3 and 6.4: p follows v. Receivers of RFC 9989 do not mind, older ones may.
      if (index != 1) odd(tag, "p= should stand right after v=");
      if (auto policy = read_policy(tag)) record.policy = *policy;
    } else if (tag.name == "sp") {
      record.subdomain_policy = read_policy(tag);
    } else if (tag.name == "np") {
      record.nonexistent_policy = read_policy(tag);
    } else if (tag.name == "adkim") {
      record.dkim_alignment = read_alignment(tag);
    } else if (tag.name == "aspf") {
      record.spf_alignment = read_alignment(tag);
    } else if (tag.name == "fo") {
      read_options(tag);
    } else if (tag.name == "t") {
      record.testing = read_testing(tag);
    } else if (tag.name == "rua") {
      record.aggregate = read_addresses(tag);
    } else if (tag.name == "ruf") {
      record.failure = read_addresses(tag);
    } else {
      remark_on(tag);
    }
  }

  /// The tags that the record does not keep.
  void remark_on(Tag const& tag) {
    if (tag.name == "psd") {
      if (tag.value != "y" && tag.value != "n" && tag.value != "u") wrong(tag, "psd= is y, n or u");
    } else if (tag.name == "pct" || tag.name == "rf" || tag.name == "ri") {
      odd(tag, tag.name + "= is gone since RFC 9989; receivers ignore it");
    } else {
      odd(tag, "'" + tag.name + "' is no tag of DMARC; receivers ignore it");
    }
  }

  std::optional<Policy> read_policy(Tag const& tag) {
    auto const policy = parse_policy(tag.value);
    if (!policy) wrong(tag, tag.name + "= is none, quarantine or reject");
    return policy;
  }

  Alignment read_alignment(Tag const& tag) {
    if (tag.value != "r" && tag.value != "s")
      wrong(tag, tag.name + "= is r (relaxed) or s (strict)");
    return tag.value == "s" ? Alignment::strict : Alignment::relaxed;
  }

  bool read_testing(Tag const& tag) {
    if (tag.value != "y" && tag.value != "n") wrong(tag, "t= is y or n");
    return tag.value == "y";
  }

  void read_options(Tag const& tag) {
    for (auto const& option : split_list(tag.value, ':')) {
      if (option != "0" && option != "1" && option != "d" && option != "s")
        wrong(tag, "fo= takes 0, 1, d and s; '" + option + "' is none of them");
      else
        out_.record.failure_options.push_back(option);
    }
  }

  std::vector<std::string> read_addresses(Tag const& tag) {
    auto uris = split_list(tag.value, ',');
    for (auto& uri : uris) {
      // RFC 7489 6.2 let a size limit follow; RFC 9989 took it away.
      if (auto const limit = uri.rfind('!'); limit != uri.npos) {
        odd(tag, "the size limit '" + uri.substr(limit) + "' is gone since RFC 9989");
        uri.resize(limit);
      }
      if (uri.find(':') == uri.npos)
        wrong(tag,
              tag.name + "= takes addresses as mailto:NAME@DOMAIN; '" + uri + "' has no scheme");
      else if (mail_address(uri).empty())
        odd(tag, "'" + uri + "' is no mailto: address; receivers send reports by mail only");
    }
    return uris;
  }

  Parsed out_;
};

}  // namespace

bool is_record(std::string_view text) {
  auto const tags = split_tags(text);
  return !tags.empty() && tags.front().name == "v" && tags.front().value == "DMARC1";
}

std::string format(Record const& record) {
  std::string text = "v=DMARC1; p=" + std::string(format(record.policy));
  auto const add = [&](std::string_view name, std::string_view value) {
    text += "; " + std::string(name) + "=" + std::string(value);
  };
  if (record.subdomain_policy) add("sp", format(*record.subdomain_policy));
  if (record.nonexistent_policy) add("np", format(*record.nonexistent_policy));
  if (record.dkim_alignment == Alignment::strict) add("adkim", "s");
  if (record.spf_alignment == Alignment::strict) add("aspf", "s");
  if (!record.failure_options.empty()) add("fo", joined(record.failure_options, ":"));
  if (record.testing) add("t", "y");
  if (!record.aggregate.empty()) add("rua", joined(record.aggregate, ","));
  if (!record.failure.empty()) add("ruf", joined(record.failure, ","));
  return text;
}

Parsed parse(std::string_view text) { return Reader().read(text); }

std::string mail_address(std::string_view uri) {
  auto const same = [](char a, char b) { return (a | 0x20) == b || a == b; };
  if (uri.size() <= mailto.size() || !std::equal(mailto.begin(), mailto.end(), uri.begin(),
                                                 [&](char b, char a) { return same(a, b); }))
    return {};
  uri.remove_prefix(mailto.size());
  return std::string(uri.substr(0, uri.find_first_of("?!")));
}

std::string_view format(Policy policy) {
  static constexpr std::array<std::string_view, 3> words{"none", "quarantine", "reject"};
  return words[static_cast<std::size_t>(policy)];
}

std::optional<Policy> parse_policy(std::string_view word) {
  for (auto const policy : {Policy::none, Policy::quarantine, Policy::reject})
    if (format(policy) == word) return policy;
  return std::nullopt;
}

}  // namespace mailstack::mail::dmarc
