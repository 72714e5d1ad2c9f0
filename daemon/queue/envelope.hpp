#pragma once
/// \file
/// Who a message in the queue is from, and who still waits for it: the state of a spool's item.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"

namespace mailstack::queue {

/// How a recipient is reached. Decided at intake by aliases; the host is not (it is found anew at
/// each attempt).
enum class Way {
  remote,  ///< by MX, or the smarthost
  local,   ///< the mailbox of a user: maildir, LMTP or the MDA
  pipe,    ///< a command of an alias (`address` is then the command)
  via,     ///< named servers in order
};

enum class RecipientStatus { waiting, delivered, failed };

struct Recipient {
  std::string address;   ///< final, as text of a path
  std::string original;  ///< as RCPT had it: bounces name this one
  Way way = Way::remote;
  std::vector<std::string> via;
  RecipientStatus status = RecipientStatus::waiting;
  std::uint32_t attempts = 0;
  TimePoint next{};         ///< not tried before
  std::string last_reply;   ///< `450 4.2.0 greylisted`, of the last attempt
  std::string last_host;    ///< who said so: a host, or a program of ours; no bounce names that
  bool delay_told = false;  ///< the sender was told of the delay
  bool operator==(Recipient const&) const = default;
};

/// What an operator wants of a message that he has removed.
enum class Doom : std::uint8_t {
  none,
  silent,
  told,  ///< its sender hears of it
};

struct Envelope {
  std::string sender;  ///< text of a path; empty: null
  std::vector<Recipient> recipients;
  TimePoint created{};
  bool utf8 = false;
  bool eight_bit = false;
  bool held = false;        ///< by `mailstackd queue hold`
  Doom doom = Doom::none;   ///< by `mailstackd queue remove`, while something is under way
  bool bounce = false;      ///< made by us: its failure goes to postmaster, and ends there
  std::string user;         ///< who submitted it; empty: came over 25
  std::string from_domain;  ///< of the header From; signs its bounces
  std::string message_id;   ///< for logs
  bool operator==(Envelope const&) const = default;
};

/// The address for people: of a pipe the program alone. Its arguments may be a secret, and logs are
/// read by more people than aliases. As long as `recipient` lives.
std::string_view shown_address(Recipient const& recipient);

/// Compact, versioned, with lengths: no octet of an address can end a field.
std::string format(Envelope const& envelope);
/// Fails with invalid for anything that format() does not write.
Result<Envelope> parse_envelope(std::string_view text);

}  // namespace mailstack::queue
