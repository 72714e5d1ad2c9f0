#include "daemon/policy/recipient.hpp"

namespace mailstack::policy {

smtp::Reply check_recipient(Rules const& rules, Client const& client, mail::Path const& sender,
                            mail::Path const& recipient, TimePoint now) {
  auto const destination = find_destination(rules, client, sender, recipient, now);
  return destination.refusal.value_or(smtp::Reply{250, "2.1.5", "ok"});
}

}  // namespace mailstack::policy
