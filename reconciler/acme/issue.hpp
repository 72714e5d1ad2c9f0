#pragma once
/// \file
/// A certificate from a CA, by dns-01.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/http.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"
#include "reconciler/acme/order.hpp"

namespace mailstack::acme {

/// What has to outlive a run. The account URL saves a request; the order URL lets a run that was
/// cut off be gone on with, which no rate limit counts. Neither is of use with another CA.
struct Kept {
  std::string account_url;
  std::string order_url;

  bool operator==(Kept const&) const = default;
};

/// One certificate that is wanted.
struct Request {
  std::string directory_url;
  Secret<std::string> account_key;  ///< PEM, P-256
  std::string contact;              ///< a mail address, or empty
  bool terms_agreed = false;        ///< to the CA's terms of service, by a person
  std::vector<std::string> names;   ///< A-labels in lower case; may start with `*.`
  /// The certificate request for exactly these names. Whoever keeps an order URL keeps the key of
  /// its CSR with it: a certificate for another key is thrown away.
  std::string csr_der;
  Kept kept;  ///< of the last run, as it was kept; empty: none
};

/// The door to the zones that hold the names. Values of others at the same name stay (RFC 8555 8.4
/// lets several clients share it).
class Challenges {
 public:
  virtual ~Challenges() = default;
  /// Adds these values. Values that are there already: success.
  virtual Result<> publish(std::span<Txt const> values) = 0;
  /// Returns when every authoritative server answers with all of them. Fails with unavailable, and
  /// names the laggard, where that takes too long.
  virtual Result<> await(std::span<Txt const> values) = 0;
  /// Takes these values away again. Values that are not there: success.
  virtual Result<> withdraw(std::span<Txt const> values) = 0;
};

struct Doors {
  Http& http;
  Clock& clock;
  Challenges& challenges;
  /// Stores what has to outlive the run, each time it changes; called before the CA is asked for
  /// more. An error ends the run.
  std::function<Result<>(Kept const&)> keep;
  /// One line of progress.
  std::function<void(std::string const&)> announce;
};

/// Obtains the chain in PEM, the leaf first; its key is the CSR's.
///
/// All values are withdrawn before it returns, on success and on failure, those of a kept order's
/// earlier run among them. unavailable: the next run, with what was kept, goes on where this one
/// ended. denied, invalid: a person must do what the words say.
Result<std::string> issue(Request const& request, Doors const& doors);

}  // namespace mailstack::acme
