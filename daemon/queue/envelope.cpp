#include "daemon/queue/envelope.hpp"

#include <chrono>
#include <utility>

#include "core/userdb/command.hpp"

namespace mailstack::queue {
namespace {

// The text: an octet with the version, then the fields in the order of the functions below.
// Numbers are LEB128 in their shortest form, signed ones zigzag before that, texts a number of
// octets and the octets. One value has one text, so that what parses is what was written.
constexpr char version = '\1';

constexpr unsigned envelope_utf8 = 1;
constexpr unsigned envelope_eight_bit = 2;
constexpr unsigned envelope_held = 4;
constexpr unsigned envelope_bounce = 8;
constexpr unsigned envelope_silent = 16;  ///< one at most of these two
constexpr unsigned envelope_told = 32;
constexpr unsigned envelope_doom = envelope_silent | envelope_told;
constexpr unsigned envelope_bits = 63;

// A recipient's octet: two bits of way, two of status, then these.
constexpr unsigned status_shift = 2;
constexpr unsigned recipient_delay_told = 16;
constexpr unsigned recipient_same_original = 32;  ///< `original` is `address`, and not written
constexpr unsigned recipient_bits = 63;

class Writer {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
  }
  void time(TimePoint value) {
    auto const seconds = static_cast<std::int64_t>(value.time_since_epoch().count());
    number((static_cast<std::uint64_t>(seconds) << 1) ^ static_cast<std::uint64_t>(seconds >> 63));
  }
  void text(std::string_view value) {
    number(value.size());
    text_ += value;
  }
  void octet(unsigned value) { text_ += static_cast<char>(value); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// Reads what Writer wrote. The first mistake is kept, and everything after it reads as zero.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      auto const next = octet();
      auto const part = std::uint64_t{next & 0x7f};
      if (shift == 63 && part > 1) break;
      value |= part << shift;
      if ((next & 0x80) != 0) continue;
      return next == 0 && shift > 0 ? wrong("a number is longer than it has to be") : value;
    }
    return wrong("a number has more than 64 bits");
  }
  TimePoint time() {
    auto const value = number();
    auto const seconds = static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
    return TimePoint{Duration{seconds}};
  }
  std::string text() {
    auto const size = number();
    if (size > text_.size()) {
      wrong("a text ends early");
      return {};
    }
    std::string value(text_.substr(0, size));
    text_.remove_prefix(size);
    return value;
  }
  unsigned octet() {
    if (text_.empty()) {
      wrong("it ends early");
      return 0;
    }
    auto const value = static_cast<unsigned char>(text_.front());
    text_.remove_prefix(1);
    return value;
  }
  /// How many things of at least one octet follow.
  std::size_t count() {
    auto const value = number();
    return value > text_.size() ? wrong("it ends early") : static_cast<std::size_t>(value);
  }
  std::uint64_t wrong(char const* what) {
    if (problem_ == nullptr) problem_ = what;
    text_ = {};
    return 0;
  }
  [[nodiscard]] bool finished() const { return text_.empty(); }
  [[nodiscard]] char const* problem() const { return problem_; }

 private:
  std::string_view text_;
  char const* problem_ = nullptr;
};

unsigned doom_bits(Doom doom) {
  return doom == Doom::silent ? envelope_silent : doom == Doom::told ? envelope_told : 0;
}

Doom doom_of(unsigned bits) {
  return (bits & envelope_silent) != 0 ? Doom::silent
         : (bits & envelope_told) != 0 ? Doom::told
                                       : Doom::none;
}

void write(Writer& out, Recipient const& recipient) {
  bool const same = recipient.original == recipient.address;
  out.octet(static_cast<unsigned>(recipient.way) |
            static_cast<unsigned>(recipient.status) << status_shift |
            (recipient.delay_told ? recipient_delay_told : 0) |
            (same ? recipient_same_original : 0));
  out.text(recipient.address);
  if (!same) out.text(recipient.original);
  out.number(recipient.via.size());
  for (auto const& server : recipient.via) out.text(server);
  out.number(recipient.attempts);
  out.time(recipient.next);
  out.text(recipient.last_reply);
  out.text(recipient.last_host);
}

Recipient read_recipient(Reader& in) {
  Recipient recipient;
  auto const bits = in.octet();
  auto const status = bits >> status_shift & 3;
  if (bits > recipient_bits || status > static_cast<unsigned>(RecipientStatus::failed))
    in.wrong("a recipient has bits that mean nothing");
  recipient.way = static_cast<Way>(bits & 3);
  recipient.status = static_cast<RecipientStatus>(status);
  recipient.delay_told = (bits & recipient_delay_told) != 0;
  recipient.address = in.text();
  bool const same = (bits & recipient_same_original) != 0;
  recipient.original = same ? recipient.address : in.text();
  if (!same && recipient.original == recipient.address) in.wrong("an address is written twice");
  for (auto left = in.count(); left > 0 && in.problem() == nullptr; --left)
    recipient.via.push_back(in.text());
  auto const attempts = in.number();
  recipient.attempts = static_cast<std::uint32_t>(attempts);
  if (recipient.attempts != attempts) in.wrong("a number of attempts has more than 32 bits");
  recipient.next = in.time();
  recipient.last_reply = in.text();
  recipient.last_host = in.text();
  return recipient;
}

}  // namespace

std::string format(Envelope const& envelope) {
  Writer out;
  out.octet(static_cast<unsigned char>(version));
  out.octet((envelope.utf8 ? envelope_utf8 : 0) | (envelope.eight_bit ? envelope_eight_bit : 0) |
            (envelope.held ? envelope_held : 0) | (envelope.bounce ? envelope_bounce : 0) |
            doom_bits(envelope.doom));
  out.time(envelope.created);
  out.text(envelope.sender);
  out.text(envelope.user);
  out.text(envelope.from_domain);
  out.text(envelope.message_id);
  out.number(envelope.recipients.size());
  for (auto const& recipient : envelope.recipients) write(out, recipient);
  return out.take();
}

Result<Envelope> parse_envelope(std::string_view text) {
  if (text.empty() || text.front() != version)
    return fail(ErrorCode::invalid, "envelope: a version that this program does not know");
  Reader in(text.substr(1));
  Envelope envelope;
  auto const bits = in.octet();
  if (bits > envelope_bits || (bits & envelope_doom) == envelope_doom)
    in.wrong("it has bits that mean nothing");
  envelope.utf8 = (bits & envelope_utf8) != 0;
  envelope.eight_bit = (bits & envelope_eight_bit) != 0;
  envelope.held = (bits & envelope_held) != 0;
  envelope.bounce = (bits & envelope_bounce) != 0;
  envelope.doom = doom_of(bits);
  envelope.created = in.time();
  envelope.sender = in.text();
  envelope.user = in.text();
  envelope.from_domain = in.text();
  envelope.message_id = in.text();
  // A damaged count must not ask for memory: they are read one by one while octets are left.
  for (auto left = in.count(); left > 0 && in.problem() == nullptr; --left)
    envelope.recipients.push_back(read_recipient(in));
  if (in.problem() == nullptr && !in.finished()) in.wrong("octets follow its end");
  if (in.problem() != nullptr)
    return fail(ErrorCode::invalid, std::string("envelope: ") + in.problem());
  return envelope;
}

std::string_view shown_address(Recipient const& recipient) {
  if (recipient.way == Way::pipe) return userdb::command_program(recipient.address);
  return recipient.address;
}

}  // namespace mailstack::queue
