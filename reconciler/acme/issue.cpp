#include "reconciler/acme/issue.hpp"

#include <algorithm>
#include <set>

#include "core/text/listed.hpp"
#include "reconciler/acme/chain.hpp"
#include "reconciler/acme/client.hpp"

namespace mailstack::acme {
namespace {

using Performed = Answered<void>;

tl::unexpected<Refusal> refuse(Error error) {
  return tl::unexpected(Refusal{std::move(error), {}, 0});
}

/// The CA has nothing of this name, or nothing for us; another account's order is `unauthorized`.
bool is_gone(Refusal const& refusal) {
  return refusal.status >= 400 && refusal.status <= 499 && refusal.status != 429 &&
         refusal.type != "accountDoesNotExist" && refusal.type != "badNonce";
}

std::string display(std::vector<Txt> const& values) {
  std::vector<std::string> names;
  for (auto const& value : values)
    if (auto name = value.name.display(); names.empty() || names.back() != name)
      names.push_back(std::move(name));
  return listed(names);
}

/// Carries out one action after the other; what they are is next_action()'s affair.
class Run {
 public:
  Run(Request const& request, AccountKey key, Doors const& doors)
      : request_(request),
        key_(std::move(key)),
        doors_(doors),
        client_(request.directory_url, key_, request.kept.account_url, doors.http, doors.clock) {
    known_.names = request.names;
    std::sort(known_.names.begin(), known_.names.end());
    known_.names.erase(std::unique(known_.names.begin(), known_.names.end()), known_.names.end());
    known_.url = request.kept.order_url;
    known_.kept = !known_.url.empty();
    resumed_ = known_.kept;
  }

  Result<std::string> to_the_end() {
    auto chain = all_actions();
    // Where the CA does not answer, it is not asked about leftovers either.
    if (chain || chain.error().code != ErrorCode::unavailable) remember_leftovers();
    auto const gone = withdraw();
    if (gone) return chain;
    auto const left = "the TXT records of the challenges stay behind: " + gone.error().what;
    if (!chain) return fail(chain.error().code, chain.error().what + "; and " + left);
    doors_.announce(left);
    return chain;
  }

 private:
  Result<std::string> all_actions() {
    if (client_.account_url().empty())
      if (auto const done = enrol(); !done) return fail(done.error().error);
    for (bool again = true;;) {
      auto const action = next_action(known_, key_, doors_.clock.now());
      if (std::holds_alternative<Done>(action)) return known_.chain;
      if (auto const* const failed = std::get_if<Failed>(&action)) return fail(failed->error);
      auto done = std::visit([this](auto const& step) { return this->perform(step); }, action);
      if (done) continue;
      if (!again || !account_may_be_another(done.error())) return fail(done.error().error);
      again = false;
      if (done = enrol(); !done) return fail(done.error().error);
    }
  }

  /// The URL that was kept is a cache: the CA may have forgotten the account, or it is of a key
  /// that was replaced, whose signature the CA calls malformed or unauthorized.
  [[nodiscard]] bool account_may_be_another(Refusal const& refusal) const {
    if (refusal.type == "accountDoesNotExist") return true;
    return !account_works_ && (refusal.type == "malformed" || refusal.type == "unauthorized");
  }

  Performed enrol() {
    auto const url = client_.register_account(request_.contact, request_.terms_agreed);
    if (!url) return tl::unexpected(url.error());
    account_works_ = true;
    doors_.announce("account " + *url);
    return keep();
  }

  Performed keep() {
    if (auto const kept = doors_.keep({client_.account_url(), known_.url}); !kept)
      return refuse(kept.error());
    return {};
  }

  Performed perform(CreateOrder const& action) {
    if (!action.why.empty()) start_over(action.why);
    auto made = client_.new_order(known_.names);
    if (!made) return tl::unexpected(made.error());
    account_works_ = true;
    known_.url = made->url;
    known_.order = std::move(made->order.value);
    doors_.announce("order " + known_.url + " for " + listed(known_.names));
    return keep();
  }

  /// Forgets the kept order.
  void start_over(std::string const& why) {
    doors_.announce("the kept order " + known_.url + " is given up: " + why);
    remember_leftovers();
    Known fresh;
    fresh.names = std::move(known_.names);
    known_ = std::move(fresh);
    resumed_ = false;
  }

  Performed perform(FetchOrder const& /*action*/) {
    auto seen = client_.order(known_.url);
    if (!seen && known_.kept && is_gone(seen.error())) {
      start_over(seen.error().error.what);
      return {};
    }
    if (!seen) return tl::unexpected(seen.error());
    if (!known_.order) doors_.announce("going on with order " + known_.url);
    take(std::move(*seen));
    return {};
  }

  void take(Seen<Order> seen) {
    account_works_ = true;
    if (!known_.order || known_.order->status != seen.value.status) made_progress();
    known_.order = std::move(seen.value);
    known_.not_before = seen.not_before;
  }

  void made_progress() {
    known_.polls = 0;
    known_.not_before.reset();
    known_.patience.reset();
  }

  Performed perform(FetchAuthorizations const& action) { return look_at(action.which); }

  Performed look_at(std::vector<std::size_t> const& which) {
    auto const& urls = known_.order->authorizations;
    known_.authorizations.resize(urls.size());
    bool progress = false;
    std::optional<TimePoint> latest;
    for (auto const i : which) {
      auto seen = client_.authorization(urls[i]);
      if (!seen) return tl::unexpected(seen.error());
      auto& place = known_.authorizations[i];
      progress = progress || (place && place->status != seen->value.status);
      place = std::move(seen->value);
      latest = std::max(latest, seen->not_before);
    }
    if (progress) made_progress();
    if (latest) known_.not_before = latest;
    return {};
  }

  Performed perform(Publish const& action) {
    // Before the attempt: a failed one may have published some.
    published_.insert(action.values.begin(), action.values.end());
    if (auto const done = doors_.challenges.publish(action.values); !done)
      return refuse(done.error());
    doors_.announce("TXT published at " + display(action.values));
    known_.published = true;
    return {};
  }

  Performed perform(Await const& action) {
    if (auto const done = doors_.challenges.await(action.values); !done)
      return refuse(done.error());
    known_.awaited = true;
    return {};
  }

  Performed perform(Answer const& action) {
    known_.kept = false;
    for (auto const i : action.which)
      if (auto done = answer(i); !done) return done;
    known_.answered = true;
    doors_.announce("the CA looks");
    return {};
  }

  Performed answer(std::size_t which) {
    auto const seen = client_.answer(known_.authorizations[which]->dns01->url);
    if (seen) {
      known_.not_before = std::max(known_.not_before, seen->not_before);
      return {};
    }
    if (!is_gone(seen.error())) return tl::unexpected(seen.error());
    // A run that was killed may have answered it, and the CA has looked since we did.
    if (auto looked = look_at({which}); !looked) return looked;
    auto const& now = *known_.authorizations[which];
    bool const open = now.status == AuthorizationStatus::pending && now.dns01 &&
                      now.dns01->status == ChallengeStatus::pending;
    return open ? Performed(tl::unexpected(seen.error())) : Performed();
  }

  Performed perform(Poll const& action) {
    if (!known_.patience) known_.patience = doors_.clock.now() + patience_with_ca;
    doors_.clock.sleep(action.wait);
    ++known_.polls;
    known_.not_before.reset();
    return action.which.empty() ? perform(FetchOrder{}) : look_at(action.which);
  }

  Performed perform(Finalize const& action) {
    auto seen = client_.finalize(action.url, request_.csr_der);
    if (!seen) return tl::unexpected(seen.error());
    known_.kept = false;
    known_.finalized = true;
    take(std::move(*seen));
    return {};
  }

  Performed perform(Download const& action) {
    auto chain = client_.download(action.url);
    if (!chain && known_.kept && is_gone(chain.error())) {
      start_over(chain.error().error.what);
      return {};
    }
    if (!chain) return tl::unexpected(chain.error());
    if (same_key(*chain, request_.csr_der)) {
      known_.chain = std::move(*chain);
      return {};
    }
    if (!known_.kept)
      return refuse({ErrorCode::unavailable,
                     action.url + ": the CA's certificate is not for the key of our request"});
    start_over("its certificate is for another key");
    return {};
  }

  // Where all_actions() ends.
  static Performed perform(Done const& /*action*/) { return {}; }
  static Performed perform(Failed const& action) { return refuse(action.error); }

  /// What the run before this one may have published. Only an attempt: whoever sweeps the zones
  /// finds what is missed here.
  void remember_leftovers() {
    if (!resumed_ || !known_.order) return;
    if (known_.authorizations.empty()) (void)look_at_all();
    auto const values = values_of(known_, key_, Which::all);
    published_.insert(values.begin(), values.end());
  }

  Performed look_at_all() {
    std::vector<std::size_t> all(known_.order->authorizations.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    return look_at(all);
  }

  Result<> withdraw() {
    if (published_.empty()) return {};
    std::vector<Txt> const values(published_.begin(), published_.end());
    return doors_.challenges.withdraw(values);
  }

  Request const& request_;
  AccountKey key_;
  Doors const& doors_;
  Client client_;
  Known known_;
  bool account_works_ = false;  ///< the CA took a signature of this run
  bool resumed_ = false;        ///< known_ is the kept order
  std::set<Txt> published_;     ///< to be withdrawn
};

}  // namespace

Result<std::string> issue(Request const& request, Doors const& doors) {
  if (request.names.empty()) return fail(ErrorCode::invalid, "a certificate needs a name");
  auto key = AccountKey::parse(request.account_key);
  if (!key) return fail(key.error());
  return Run(request, std::move(*key), doors).to_the_end();
}

}  // namespace mailstack::acme
