// One message over a connection that is ready: commands, replies, the message, once more for
// recipients that were too many.

#include <algorithm>
#include <utility>

#include "daemon/smtp/client_state.hpp"

namespace mailstack::smtp {

namespace {

/// Up to here a message is copied behind its commands rather than written on its own.
constexpr std::size_t small_message = 16UL * 1024;

/// Nothing that could end a command line.
bool writable(mail::Path const& path) {
  auto const control = [](char c) {
    auto const octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet == 0x7f;
  };
  return std::none_of(path.local.begin(), path.local.end(), control) &&
         std::none_of(path.domain.begin(), path.domain.end(), control);
}

/// RFC 5321 4.5.3.1.10: a server that means too many recipients may say 552, from old times. An
/// enhanced code that says something else is believed.
bool says_too_many(Reply const& reply) {
  if (reply.code == 452) return reply.enhanced.empty() || reply.enhanced == "4.5.3";
  return reply.code == 552 && (reply.enhanced.empty() || reply.enhanced == "5.5.3");
}

}  // namespace

void ClientSession::State::begin(Outgoing message) {
  phase = Phase::transaction;
  work.emplace();
  work->message = std::move(message);
  work->replies.resize(work->message.recipients.size());
  if (!work->message.content) work->message.content = std::make_shared<std::string const>();
  work->shape = shape_of(*work->message.content);
  refuse_unsendable();
  begin_round();
}

/// Decides those recipients for whom the message cannot go to this peer at all.
void ClientSession::State::refuse_unsendable() {
  auto const& message = work->message;
  auto const all = [this](Reply const& reply) {
    std::fill(work->replies.begin(), work->replies.end(), reply);
  };
  if (work->shape.bare) return all({554, "5.6.0", "the message has a bare CR or LF"});
  if (!writable(message.sender)) return all({553, "5.1.7", "the sender cannot be written"});
  if (offers.most_octets > 0 && message.content->size() > offers.most_octets)
    return all(
        {552, "5.3.4",
         "the peer takes no message over " + std::to_string(offers.most_octets) + " octets"});
  // What the message is decides, not what it was declared to be: with ASCII headers and paths it
  // can go anywhere.
  Reply const no_utf8{553, "5.6.7", "the peer does not take SMTPUTF8"};
  work->needs_utf8 = message.sender.needs_utf8() || (message.utf8 && work->shape.utf8_header);
  if (work->needs_utf8 && !offers.utf8) return all(no_utf8);
  for (std::size_t i = 0; i < message.recipients.size(); ++i) {
    auto const& recipient = message.recipients[i];
    if (!writable(recipient))
      work->replies[i] = {553, "5.1.3", "the address cannot be written"};
    else if (recipient.needs_utf8() && !offers.utf8)
      work->replies[i] = no_utf8;
    else if (recipient.needs_utf8())
      work->needs_utf8 = true;
  }
}

void ClientSession::State::begin_round() {
  auto& it = *work;
  it.round.clear();
  it.taken.clear();
  it.too_many.clear();
  it.awaited.clear();
  it.next = 0;
  it.refused = it.dot_sent = false;
  for (std::size_t i = 0; i < it.replies.size() && it.round.size() < most_recipients; ++i)
    if (it.replies[i].code == 0) it.round.push_back(i);
  if (it.round.empty()) return finish();
  if (std::exchange(needs_reset, false)) it.awaited.push_back({Awaited::Kind::rset, 0});
  it.awaited.push_back({Awaited::Kind::mail, 0});
  for (auto const i : it.round) it.awaited.push_back({Awaited::Kind::rcpt, i});
  it.awaited.push_back({Awaited::Kind::data, 0});
  send_commands(offers.pipelining);
}

/// All that are awaited, as one group that ends in DATA (RFC 2920 3.1), or only the next one.
void ClientSession::State::send_commands(bool all) {
  std::string out;
  for (auto i = work->next; i < work->awaited.size(); ++i) {
    append_command(out, work->awaited[i]);
    if (!all) break;
  }
  write(std::move(out));
}

void ClientSession::State::append_command(std::string& out, Awaited const& one) const {
  switch (one.kind) {
    case Awaited::Kind::rset: out += "RSET\r\n"; break;
    case Awaited::Kind::mail:
      out.append("MAIL FROM:<").append(work->message.sender.text()).append(1, '>');
      if (offers.size) out.append(" SIZE=").append(std::to_string(work->message.content->size()));
      if (offers.eight_bit && (work->message.eight_bit || work->shape.eight_bit))
        out += " BODY=8BITMIME";
      if (work->needs_utf8) out += " SMTPUTF8";
      out += "\r\n";
      break;
    case Awaited::Kind::rcpt: {
      auto const& path = work->message.recipients[one.recipient];
      // RFC 5321 4.1.1.3: postmaster stands alone.
      out.append("RCPT TO:<").append(path.domain.empty() ? path.local : path.text());
      out += ">\r\n";
      break;
    }
    case Awaited::Kind::data: out += "DATA\r\n"; break;
    case Awaited::Kind::dot: break;
  }
}

void ClientSession::State::transaction_answered(Reply& reply) {
  auto& it = *work;
  auto const one = it.awaited[it.next++];
  it.heard = true;
  // 3yz belongs to DATA alone.
  if (reply.code / 100 == 3 && one.kind != Awaited::Kind::data)
    return fail({451, "4.5.0", "a reply does not fit its command"}, true);
  switch (one.kind) {
    case Awaited::Kind::rset:
      if (!reply.positive()) return fail({451, "4.5.0", "RSET was refused: " + reply.text}, true);
      break;
    case Awaited::Kind::mail: mail_answered(reply); break;
    case Awaited::Kind::rcpt: recipient_answered(one.recipient, reply); break;
    case Awaited::Kind::data: return data_answered(reply);
    case Awaited::Kind::dot: return dot_answered(one.recipient, reply);
  }
  go_on();
}

/// To the next command, where they go one by one.
void ClientSession::State::go_on() {
  if (offers.pipelining) return;
  auto& it = *work;
  bool const nobody = it.awaited[it.next].kind == Awaited::Kind::data && it.taken.empty();
  if (it.refused || nobody) {
    needs_reset = true;
    return round_over();
  }
  send_commands(false);
}

void ClientSession::State::mail_answered(Reply const& reply) {
  if (reply.positive()) return;
  work->refused = true;
  for (auto const i : work->round) work->replies[i] = reply;
}

void ClientSession::State::recipient_answered(std::size_t recipient, Reply& reply) {
  if (work->refused) return;  // 503, since there was no MAIL
  if (reply.positive())
    work->taken.push_back(recipient);
  else if (says_too_many(reply))
    work->too_many.push_back(recipient);
  else
    work->replies[recipient] = std::move(reply);
}

void ClientSession::State::data_answered(Reply const& reply) {
  if (reply.code / 100 == 3) {
    // RFC 2920 3.1: the server may want a message although it took nobody.
    if (work->refused || work->taken.empty()) return send_lone_dot();
    return send_message();
  }
  if (reply.positive()) return fail({451, "4.5.0", "a reply does not fit DATA"}, true);
  needs_reset = true;
  set_taken(reply);
  round_over();
}

void ClientSession::State::set_taken(Reply const& reply) {
  for (auto const i : work->taken) work->replies[i] = reply;
  work->taken.clear();
}

void ClientSession::State::send_lone_dot() {
  write(".\r\n");
  work->taken.clear();
  // RFC 2033 4.2: no recipient, no reply.
  if (!setup.lmtp) return work->awaited.push_back({Awaited::Kind::dot, 0});
  needs_reset = true;
  round_over();
}

void ClientSession::State::send_message() {
  auto& it = *work;
  auto content = it.message.content;
  if (it.shape.dots) {
    if (!it.stuffed) it.stuffed = std::make_shared<std::string const>(stuff(*content));
    content = it.stuffed;
  }
  std::string_view const end = it.shape.ended ? ".\r\n" : "\r\n.\r\n";
  if (content->size() <= small_message) {
    std::string octets;
    octets.reserve(content->size() + end.size());
    write(std::move(octets.append(*content).append(end)));
  } else {
    effects.emplace_back(SendContent{std::move(content)});
    write(std::string(end));
  }
  it.dot_sent = true;
  if (!setup.lmtp) return it.awaited.push_back({Awaited::Kind::dot, 0});
  for (auto const i : it.taken) it.awaited.push_back({Awaited::Kind::dot, i});
}

void ClientSession::State::dot_answered(std::size_t recipient, Reply const& reply) {
  if (!setup.lmtp)
    set_taken(reply);
  else
    work->replies[recipient] = reply;
  if (work->next == work->awaited.size()) round_over();
}

void ClientSession::State::round_over() {
  auto& it = *work;
  bool const progress = it.dot_sent;
  // Nobody was taken beside them: another try would end as this one.
  if (!progress)
    for (auto const i : it.too_many) it.replies[i] = {452, "4.5.3", "too many recipients"};
  begin_round();
}

void ClientSession::State::finish() {
  auto replies = std::move(work->replies);
  work.reset();
  effects.emplace_back(Delivered{std::move(replies)});
  become_ready();
}

std::vector<Reply> ClientSession::State::undecided(Reply const& reply) {
  if (!work) return {};
  auto& it = *work;
  Reply const unknown{451, "4.4.2", reply.text};
  if (it.dot_sent)
    for (auto const i : it.taken)
      if (it.replies[i].code == 0) it.replies[i] = reply.transient() ? reply : unknown;
  if (reply.code == 421)
    for (auto& one : it.replies)
      if (one.code == 0) one = reply;
  return std::move(it.replies);
}

}  // namespace mailstack::smtp
