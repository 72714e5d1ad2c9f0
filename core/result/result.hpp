#pragma once
/// \file
/// The one way in which a function of mailstack says that it failed.

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace mailstack {

/// Chosen by what the caller can do about it, not by where it happened.
enum class ErrorCode {
  invalid,      ///< the input is wrong; trying again changes nothing
  not_found,    ///< what was asked for does not exist
  denied,       ///< credentials or permissions are missing or refused
  conflict,     ///< the world is not what the caller thought; look again
  unavailable,  ///< may work later: network, rate limit, full disk, timeout
  internal,     ///< a defect of ours
};

/// Why something failed, in words for a person. Each level that passes it on puts its own clause in
/// front: `zone example.org: powerdns: 401 Unauthorized`. Never holds a secret.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string what;

  bool operator==(Error const&) const = default;
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::invalid, "label longer than 63 octets");`
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

/// Passes `error` on with one more clause: `return fail(within(error, "zone example.org"));`
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

/// `error` with `clause: ` in front of what it says.
[[nodiscard]] inline Error within(Error error, std::string_view clause) {
  error.what.insert(0, std::string(clause) + ": ");
  return error;
}

/// The word of `code` as it stands in JSON and in the journal: `not_found`.
constexpr std::string_view format(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid: return "invalid";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::denied: return "denied";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

}  // namespace mailstack
