#pragma once
/// \file
/// The way of one order from newOrder to the certificate (RFC 8555 7.1.6), without I/O.
///
/// ```
/// CreateOrder ─▶ FetchAuthorizations ─▶ Publish ─▶ Await ─▶ Answer ─▶ Poll … ─▶ Finalize ─▶ Poll …
/// ─▶ Download ─▶ Done
/// ```
///
/// There is no state beside what is known. Each action adds to it, next_action() looks at the whole
/// again; so a run that begins with nothing but the URL of an order enters wherever the order
/// stands, and a run that was killed between any two actions is gone on with by the next.

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/dns/name.hpp"
#include "reconciler/acme/account_key.hpp"
#include "reconciler/acme/messages.hpp"

namespace mailstack::acme {

/// One value of a TXT RRset that the CA will look for. A wildcard and its parent have two values at
/// one name (RFC 8555 8.4).
struct Txt {
  dns::Name name;      ///< `_acme-challenge.example.org.`
  std::string octets;  ///< base64url; not yet in presentation form

  auto operator<=>(Txt const&) const = default;
};

/// All that a run knows about its order.
struct Known {
  std::vector<std::string> names;  ///< wanted: A-labels in lower case, may start with `*.`; sorted
  std::string url;                 ///< of the order; empty: none yet
  /// The order is of an earlier run, and this one has done nothing about it yet: where it leads
  /// nowhere, a new one is made. What fails in this run is not tried twice.
  bool kept = false;
  std::optional<Order> order;                                ///< as it was last seen
  std::vector<std::optional<Authorization>> authorizations;  ///< as order->authorizations
  bool published = false;  ///< all values that pending challenges need stand in their zones
  bool awaited = false;    ///< and every authoritative server answers with them
  bool answered = false;   ///< the CA was told of all challenges
  bool finalized = false;  ///< the CSR was sent in this run
  std::string chain;       ///< PEM; empty: not downloaded

  unsigned polls = 0;                   ///< looks since the last progress
  std::optional<TimePoint> not_before;  ///< the CA's Retry-After of the last look
  std::optional<TimePoint> patience;    ///< when waiting for the CA ends; none: no wait yet
};

struct CreateOrder {
  std::string why;  ///< why the kept order is given up; empty where there was none
};
struct FetchOrder {};
/// Those of `known.authorizations` to look at: their places.
struct FetchAuthorizations {
  std::vector<std::size_t> which;
};
struct Publish {
  std::vector<Txt> values;
};
struct Await {
  std::vector<Txt> values;
};
/// The authorizations whose challenge the CA may look at now.
struct Answer {
  std::vector<std::size_t> which;
};
/// Wait, then look at these authorizations; at the order where there are none.
struct Poll {
  std::chrono::milliseconds wait{0};
  std::vector<std::size_t> which;
};
struct Finalize {
  std::string url;
};
struct Download {
  std::string url;
};
struct Done {};
struct Failed {
  Error error;
};
using Action = std::variant<CreateOrder, FetchOrder, FetchAuthorizations, Publish, Await, Answer,
                            Poll, Finalize, Download, Done, Failed>;

/// How long a run waits for the CA to decide before it leaves the order to the next run.
inline constexpr Duration patience_with_ca = std::chrono::minutes(5);

/// What to do next.
Action next_action(Known const& known, AccountKey const& key, TimePoint now);

/// The values that answer the order's dns-01 challenges as far as these are known, sorted; only
/// those of pending authorizations, or all: what a killed run may have left behind. Names that are
/// no domain names are left out.
enum class Which { pending, all };
std::vector<Txt> values_of(Known const& known, AccountKey const& key, Which which);

}  // namespace mailstack::acme
