#include "core/mail/tls_rpt/record.hpp"

#include "core/mail/tag_list.hpp"

namespace mailstack::mail::tls_rpt {

bool is_record(std::string_view text) {
  auto const tags = split_tags(text);
  return !tags.empty() && tags.front().name == "v" && tags.front().value == "TLSRPTv1";
}

std::string format(Record const& record) {
  std::string text = "v=TLSRPTv1; rua=";
  for (std::size_t i = 0; i < record.reports.size(); ++i)
    text += (i > 0 ? "," : "") + record.reports[i];
  return text;
}

Parsed parse(std::string_view text) {
  Parsed out;
  if (!is_record(text))
    out.mistakes.push_back({0, text.size(), true, "a TLS-RPT record begins with 'v=TLSRPTv1'"});
  for (auto const& tag : split_tags(text)) {
    if (tag.name != "rua" || !tag.has_equals) continue;
    for (auto& uri : split_list(tag.value, ',')) {
      if (!uri.starts_with("mailto:") && !uri.starts_with("https:"))
        out.mistakes.push_back({tag.offset, tag.length, true,
                                "rua= takes mailto: and https: URIs; '" + uri + "' is neither"});
      else if (uri.find('!') != uri.npos)
        out.mistakes.push_back(
            {tag.offset, tag.length, true, "write '!' inside '" + uri + "' as %21"});
      out.record.reports.push_back(std::move(uri));
    }
  }
  if (out.record.reports.empty())
    out.mistakes.push_back({0, text.size(), true, "there is no rua= (where reports go)"});
  return out;
}

}  // namespace mailstack::mail::tls_rpt
