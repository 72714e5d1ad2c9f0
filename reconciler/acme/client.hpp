#pragma once
/// \file
/// Requests to an ACME server (RFC 8555 6 and 7).

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/http.hpp"
#include "reconciler/acme/account_key.hpp"
#include "reconciler/acme/messages.hpp"

namespace mailstack::acme {

/// Why a request failed. `type` and `status` are for who can do something else instead: the type of
/// the CA's problem document (`accountDoesNotExist`; empty: none came) and the HTTP status (0:
/// none).
struct Refusal {
  Error error;
  std::string type;
  int status = 0;
};
template <class T>
using Answered = tl::expected<T, Refusal>;

/// What the CA said, and when it wants to be asked again (Retry-After).
template <class T>
struct Seen {
  T value;
  std::optional<TimePoint> not_before;
};

/// A new order.
struct NewOrder {
  std::string url;
  Seen<Order> order;
};

/// One account at one CA. The directory is asked for once, by the first request.
///
/// Nonces of answers are used for the next requests (RFC 8555 6.5); a badNonce is tried again with
/// the nonce that came with it, twelve times in all. 5xx and 429 are asked again, at most five
/// times in all: after what Retry-After says where that is at most a minute, 5xx without it after
/// 0.5, 1, 2 and 4 s; else the request fails with unavailable and says until when. No answer at all
/// is not asked again; the next run is. Redirects are errors: what is signed is signed for one URL.
class Client {
 public:
  /// `account_url` is what register_account() returned before; empty: not known.
  Client(std::string directory_url, AccountKey key, std::string account_url, Http& http,
         Clock& clock);

  /// The account of our key: made where the CA knows none. Returns its URL, which the requests
  /// below use from then on. `contact` is a mail address or empty. Fails with denied where the CA
  /// has terms of service and `terms_agreed` is false, where it wants an external account binding,
  /// and where the account was deactivated.
  Answered<std::string> register_account(std::string const& contact, bool terms_agreed);
  /// The same, but never makes one: fails with accountDoesNotExist (RFC 8555 7.3.1).
  Answered<std::string> find_account();
  [[nodiscard]] std::string const& account_url() const { return account_url_; }

  Answered<NewOrder> new_order(std::span<std::string const> names);
  Answered<Seen<Order>> order(std::string const& url);
  Answered<Seen<Authorization>> authorization(std::string const& url);
  /// Tells the CA that the challenge at `url` may be looked at (RFC 8555 7.5.1).
  Answered<Seen<Challenge>> answer(std::string const& url);
  Answered<Seen<Order>> finalize(std::string const& url, std::string_view csr_der);
  /// The certificate chain as parse_chain() takes it.
  Answered<std::string> download(std::string const& url);

 private:
  enum class Signer { account, key };

  Answered<Directory> directory();
  Answered<std::string> nonce();
  Answered<std::string> new_account(std::string const& payload);
  /// Any 2xx, or why not.
  Answered<HttpResponse> post(std::string const& url, std::string const& payload,
                              Signer signer = Signer::account,
                              std::string_view accept = "application/json");
  /// One exchange, or several where the server asks for patience. `prepare` fills in what each
  /// attempt needs anew.
  Answered<HttpResponse> exchange(std::function<Answered<HttpRequest>()> const& prepare);
  void keep_nonce(HttpResponse const& response);
  [[nodiscard]] Refusal refusal_of(HttpResponse const& response, std::string const& url) const;
  template <class T>
  Answered<Seen<T>> seen(Answered<HttpResponse> const& response, std::string const& url,
                         Result<T> (*parse)(std::string_view)) const;

  std::string directory_url_;
  AccountKey key_;
  std::string account_url_;
  Http& http_;
  Clock& clock_;
  std::optional<Directory> directory_;
  std::vector<std::string> nonces_;  ///< the newest last
};

}  // namespace mailstack::acme
