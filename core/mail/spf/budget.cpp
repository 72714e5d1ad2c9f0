#include "core/mail/spf/budget.hpp"

#include <algorithm>
#include <utility>

namespace mailstack::mail::spf {
namespace {

/// The SPF records among the TXT values of one name (RFC 7208 4.5).
std::vector<std::string> records_in(std::vector<std::string> const& values) {
  std::vector<std::string> found;
  for (auto const& value : values)
    if (auto octets = dns::txt_octets(value); octets && is_record(*octets))
      found.push_back(std::move(*octets));
  return found;
}

class Walk {
 public:
  Walk(Lookup const& lookup, Budget& out) : lookup_(lookup), out_(out) {}

  void record(Record const& record, dns::Name const& domain) {
    chain_.push_back(domain.display());
    bool const has_all = std::any_of(record.terms.begin(), record.terms.end(),
                                     [](Term const& term) { return term.kind == Kind::all; });
    for (auto const& term : record.terms) {
      if (term.kind == Kind::all) break;  // RFC 7208 5.1: what follows is ignored
      // A redirect is used after all mechanisms (RFC 7208 6.1).
      if (term.looks_up() && term.kind != Kind::redirect) spend(term, domain);
    }
    for (auto const& term : record.terms)
      if (term.kind == Kind::redirect && !has_all) spend(term, domain);
    chain_.pop_back();
  }

 private:
  [[nodiscard]] Spender spender(Term const& term) const { return {chain_, format(term)}; }
  void fault(Term const& term, std::string what, bool certain) {
    out_.faults.push_back({chain_, format(term), std::move(what), certain});
  }

  void spend(Term const& term, dns::Name const& domain) {
    out_.lookups.push_back(spender(term));
    bool const follows = term.kind == Kind::include || term.kind == Kind::redirect;
    dns::Name name = domain;
    if (!term.value.empty()) {
      auto parsed = has_macro(term.value) ? Result<dns::Name>(fail(ErrorCode::invalid, "a macro"))
                                          : dns::Name::parse(term.value);
      if (!parsed) {
        if (follows) out_.open.push_back(spender(term));
        return;
      }
      name = std::move(*parsed);
    }
    if (follows) return follow(term, name);
    if (term.kind == Kind::a || term.kind == Kind::exists) return address(term, name);
    if (term.kind == Kind::mx) return exchangers(term, name);
  }

  void follow(Term const& term, dns::Name const& name) {
    if (std::find(chain_.begin(), chain_.end(), name.display()) != chain_.end())
      return fault(term, "leads back to " + name.display() + ", so every evaluation is a permerror",
                   true);
    // Far beyond the limit already.
    if (out_.lookups.size() > std::size_t{4} * lookup_limit) return;
    auto const known = lookup_(name, dns::type::txt);
    if (known.standing == Known::Standing::foreign) {
      out_.open.push_back(spender(term));
      return;
    }
    auto const found = records_in(known.values);
    if (found.empty()) {
      bool const certain = known.standing != Known::Standing::unlisted;
      if (!certain) out_.open.push_back(spender(term));
      if (known.standing == Known::Standing::absent) out_.voids.push_back(spender(term));
      return fault(term, "names " + name.display() + ", where the manifest publishes no SPF record",
                   certain);
    }
    if (found.size() > 1)
      return fault(term, "names " + name.display() + ", which has two SPF records", true);
    auto const parsed = parse(found.front());
    bool const broken = std::any_of(parsed.mistakes.begin(), parsed.mistakes.end(),
                                    [](Mistake const& mistake) { return mistake.fatal; });
    if (broken) fault(term, "names " + name.display() + ", whose SPF record does not parse", true);
    record(parsed.record, name);
  }

  void address(Term const& term, dns::Name const& name) {
    auto const four = lookup_(name, dns::type::a);
    auto const six = lookup_(name, dns::type::aaaa);
    if (four.standing == Known::Standing::absent && six.standing == Known::Standing::absent)
      out_.voids.push_back(spender(term));
  }

  void exchangers(Term const& term, dns::Name const& name) {
    auto const known = lookup_(name, dns::type::mx);
    if (known.standing == Known::Standing::absent) out_.voids.push_back(spender(term));
    if (known.values.size() > mx_limit)
      fault(term, "meets " + std::to_string(known.values.size()) + " MX names, and 10 are allowed",
            true);
  }

  Lookup const& lookup_;
  Budget& out_;
  std::vector<std::string> chain_;
};

}  // namespace

Budget spend(Record const& record, dns::Name const& domain, Lookup const& lookup) {
  Budget budget;
  Walk(lookup, budget).record(record, domain);
  return budget;
}

}  // namespace mailstack::mail::spf
