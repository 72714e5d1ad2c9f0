#include "core/dns/wire.hpp"

// First, or ldns defines `bool` and `false` as macros.
#include <stdbool.h>  // NOLINT(modernize-deprecated-headers)

#include <ldns/ldns.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "core/dns/rdata.hpp"
#include "core/dns/words.hpp"

// The only file that sees ldns: its codec for messages, and its presentation forms of the types
// that rdata.cpp has no parser for.

namespace mailstack::dns {
namespace {

struct FreeRecord {
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
};
struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
struct FreeBuffer {
  void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
};
using Record = std::unique_ptr<ldns_rr, FreeRecord>;
using Packet = std::unique_ptr<ldns_pkt, FreePacket>;
using Buffer = std::unique_ptr<ldns_buffer, FreeBuffer>;

tl::unexpected<Error> refuse(ldns_status status) {
  return fail(ErrorCode::invalid, ldns_get_errorstr_by_id(status));
}

/// The octets of the name on the wire.
std::string pack(Name const& name) {
  std::string wire;
  std::string_view const text = name.text();
  if (text == ".") return std::string(1, '\0');
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (text[end] != '.') end += text[end] == '\\' ? 2 : 1;
    auto const label = unescape(text.substr(at, end - at));
    wire += static_cast<char>(label->size());
    wire += *label;
    at = end + 1;
  }
  wire += '\0';
  return wire;
}

/// A name from wire octets that are known to be well formed (ldns checked and expanded them).
Result<Name> unpack(std::uint8_t const* octets, std::size_t size) {
  std::string text;
  for (std::size_t at = 0; at < size && octets[at] != 0;) {
    std::size_t const end = at + 1 + octets[at];
    for (++at; at < end && at < size; ++at)
      if (std::isalnum(octets[at]) != 0 || octets[at] == '-' || octets[at] == '_')
        text += static_cast<char>(octets[at]);
      else
        append_decimal_escape(text, octets[at]);
    text += '.';
  }
  // Octet by octet through escapes, so that a foreign name is read whatever it holds.
  return Name::parse(text.empty() ? "." : text);
}

Result<Name> name_of(ldns_rdf const* field) {
  return unpack(ldns_rdf_data(field), ldns_rdf_size(field));
}

/// The rdata as octets, names uncompressed.
std::string octets_of(ldns_rr const* record) {
  std::string wire;
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
    ldns_rdf const* field = ldns_rr_rdf(record, i);
    wire.append(reinterpret_cast<char const*>(ldns_rdf_data(field)), ldns_rdf_size(field));
  }
  return wire;
}

std::string unknown_form(std::string_view wire) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\\# " + std::to_string(wire.size());
  if (!wire.empty()) out += ' ';
  for (char const c : wire) {
    out += digits[static_cast<unsigned char>(c) / 16];
    out += digits[static_cast<unsigned char>(c) % 16];
  }
  return out;
}

Result<Record> read_record(Type type, std::string_view presentation, Name const& origin) {
  ldns_rr* raw = nullptr;
  std::string const line = ". 0 IN " + type.text() + " " + std::string(presentation);
  std::unique_ptr<ldns_rdf, decltype(&ldns_rdf_deep_free)> base(
      ldns_dname_new_frm_str(origin.text().c_str()), &ldns_rdf_deep_free);
  ldns_status const status = ldns_rr_new_frm_str(&raw, line.c_str(), 0, base.get(), nullptr);
  Record record(raw);
  if (status != LDNS_STATUS_OK) return refuse(status);
  if (ldns_rr_get_type(record.get()) != type.number())
    return fail(ErrorCode::invalid, "is not readable as " + type.text());
  // Case in names says nothing (RFC 4343); DNSSEC's canonical form lowers it too.
  ldns_rr2canonical(record.get());
  return record;
}

Result<Record> unpack_record(Type type, std::string_view octets) {
  std::string wire(1, '\0');
  for (unsigned const half :
       {unsigned{type.number()}, 1U, 0U, 0U, static_cast<unsigned>(octets.size())}) {
    wire += static_cast<char>(half / 256);
    wire += static_cast<char>(half % 256);
  }
  wire += octets;
  ldns_rr* raw = nullptr;
  std::size_t position = 0;
  ldns_status const status = ldns_wire2rr(&raw, reinterpret_cast<std::uint8_t const*>(wire.data()),
                                          wire.size(), &position, LDNS_SECTION_ANSWER);
  Record record(raw);
  if (status != LDNS_STATUS_OK) return refuse(status);
  if (position != wire.size()) return fail(ErrorCode::invalid, "octets are left over");
  return record;
}

/// ldns's text of the rdata, names spelled as ours.
Result<std::string> print(ldns_rr const* record) {
  std::string out;
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
    ldns_rdf const* field = ldns_rr_rdf(record, i);
    if (i > 0) out += ' ';
    if (ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME) {
      auto const name = name_of(field);
      if (!name) return fail(name.error());
      out += name->text();
      continue;
    }
    std::unique_ptr<char, decltype(&std::free)> text(ldns_rdf2str(field), &std::free);
    if (!text) return fail(ErrorCode::invalid, "ldns has no text for it");
    out += text.get();
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

/// SVCB and HTTPS: ldns may be built without them.
Result<std::string> services_presentation(std::string_view octets) {
  if (octets.size() < 3) return fail(ErrorCode::invalid, "is cut short");
  auto const* data = reinterpret_cast<std::uint8_t const*>(octets.data());
  std::size_t end = 2;
  while (end < octets.size() && data[end] != 0) end += 1 + data[end];
  if (end >= octets.size()) return fail(ErrorCode::invalid, "the target is cut short");
  auto const target = unpack(data + 2, end - 1);
  if (!target) return fail(target.error());
  auto const services = services_from_wire(octets.substr(end + 1));
  if (!services) return fail(services.error());
  std::string out = std::to_string(data[0] * 256 + data[1]) + " " + target->text();
  if (!services->empty()) out += " " + *services;
  return out;
}

Result<Answer> answer_of(ldns_rr const* record) {
  Answer answer;
  answer.type = Type{static_cast<std::uint16_t>(ldns_rr_get_type(record))};
  answer.ttl = ldns_rr_ttl(record);
  auto name = name_of(ldns_rr_owner(record));
  if (!name) return fail(name.error());
  answer.name = *std::move(name);
  auto const text = presentation_of_wire(answer.type, octets_of(record));
  if (!text) return fail(within(text.error(), answer.type.text()));
  auto value = canonical_rdata(answer.type, *text, Name{});
  if (!value) return fail(value.error());
  answer.value = *std::move(value);
  return answer;
}

}  // namespace

Result<std::string> rdata_by_ldns(Type type, std::string_view presentation, Name const& origin) {
  Words words(presentation);
  while (words.next()) {
  }
  if (!words.problem().empty()) return fail(ErrorCode::invalid, words.problem());
  auto const record = read_record(type, presentation, origin);
  if (!record) return fail(record.error());
  std::string const wire = octets_of(record->get());
  auto text = print(record->get());
  if (!text || text->empty()) return unknown_form(wire);
  // Some of its printers write what its parsers read otherwise: then only the octets are safe.
  auto const again = read_record(type, *text, Name{});
  if (!again || octets_of(again->get()) != wire) return unknown_form(wire);
  return text;
}

Result<std::string> presentation_of_wire(Type type, std::string_view octets) {
  if (type == type::svcb || type == type::https) return services_presentation(octets);
  auto const record = unpack_record(type, octets);
  if (!fields_of(type).empty()) return record ? print(record->get()) : fail(record.error());
  // ldns reads some of what it writes no more (HIP): a record that we cannot take apart is still
  // one.
  if (!record) return unknown_form(octets);
  ldns_rr2canonical(record->get());
  std::string const wire = octets_of(record->get());
  auto text = print(record->get());
  if (!text || text->empty()) return unknown_form(wire);
  auto const again = read_record(type, *text, Name{});
  if (!again || octets_of(again->get()) != wire) return unknown_form(wire);
  return text;
}

std::string format_query(std::uint16_t id, Name const& name, Type type, bool recursive) {
  std::string packet;
  auto const u16 = [&packet](unsigned number) {
    packet += static_cast<char>(number / 256);
    packet += static_cast<char>(number % 256);
  };
  for (unsigned const field : {unsigned{id}, recursive ? 0x0100U : 0U, 1U, 0U, 0U, 1U}) u16(field);
  packet += pack(name);
  u16(type.number());
  u16(1);  // IN
  // RFC 6891 6.1.2: the root, OPT, the size in the place of the class. 1232 fits an IPv6 packet of
  // 1280 octets, so a reply is never fragmented.
  packet += '\0';
  for (unsigned const field : {41U, 1232U, 0U, 0U, 0U}) u16(field);
  return packet;
}

Result<Reply> parse_reply(std::string_view packet) {
  ldns_pkt* raw = nullptr;
  ldns_status const status =
      ldns_wire2pkt(&raw, reinterpret_cast<std::uint8_t const*>(packet.data()), packet.size());
  Packet const message(raw);
  if (status != LDNS_STATUS_OK) return refuse(status);
  if (!ldns_pkt_qr(message.get())) return fail(ErrorCode::invalid, "is a question, not a reply");
  Reply reply;
  reply.id = ldns_pkt_id(message.get());
  reply.rcode = ldns_pkt_get_rcode(message.get()) | ldns_pkt_edns_extended_rcode(message.get())
                                                        << 4;
  reply.authoritative = ldns_pkt_aa(message.get());
  reply.truncated = ldns_pkt_tc(message.get());
  auto const* questions = ldns_pkt_question(message.get());
  if (ldns_rr_list_rr_count(questions) > 0) {
    auto const* question = ldns_rr_list_rr(questions, 0);
    auto name = name_of(ldns_rr_owner(question));
    if (!name) return fail(name.error());
    reply.question = *std::move(name);
    reply.question_type = Type{static_cast<std::uint16_t>(ldns_rr_get_type(question))};
  }
  auto const* answers = ldns_pkt_answer(message.get());
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answers); ++i) {
    auto const* record = ldns_rr_list_rr(answers, i);
    if (ldns_rr_get_class(record) != LDNS_RR_CLASS_IN) continue;
    auto answer = answer_of(record);
    if (!answer) return fail(answer.error());
    reply.answers.push_back(*std::move(answer));
  }
  return reply;
}

std::vector<std::string> Reply::values(Name const& name, Type type) const {
  std::vector<std::string> found;
  for (auto const& answer : answers)
    if (answer.name == name && answer.type == type) found.push_back(answer.value);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace mailstack::dns
