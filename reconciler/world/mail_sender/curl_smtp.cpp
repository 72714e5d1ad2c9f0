#include "reconciler/world/mail_sender/curl_smtp.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace mailstack::world {

namespace {

constexpr long timeout_seconds = 60;  // a daemon that a socket starts answers when it is up

struct Free {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, Free>;
using List = std::unique_ptr<curl_slist, Free>;

/// What is left to send.
std::size_t give(char* target, std::size_t size, std::size_t count, void* source) {
  auto& rest = *static_cast<std::string_view*>(source);
  auto const length = std::min(size * count, rest.size());
  std::memcpy(target, rest.data(), length);
  rest.remove_prefix(length);
  return length;
}

/// Keeps the last line that the server said.
std::size_t hear(char* octets, std::size_t size, std::size_t count, void* target) {
  std::string_view line(octets, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (!line.empty()) *static_cast<std::string*>(target) = line;
  return size * count;
}

Error failed(CURLcode code, std::string const& heard) {
  auto const said = heard.empty() ? std::string() : ": " + heard;
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return {ErrorCode::denied, curl_easy_strerror(code)};
    case CURLE_LOGIN_DENIED: return {ErrorCode::denied, "the login is refused" + said};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
      // libcurl calls a refused sender, recipient or message so; what was heard tells.
      if (heard.starts_with('4') || heard.starts_with('5')) return {ErrorCode::conflict, heard};
      break;
    default: break;
  }
  return {ErrorCode::unavailable, curl_easy_strerror(code) + said};
}

/// `[::1]:465` → `[::1]` and `465`.
std::pair<std::string, std::string> parts(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  return {endpoint.substr(0, colon), endpoint.substr(colon + 1)};
}

/// A connection to `server` that is not made yet. `heard` and `where` outlive it.
Handle opened(MailServer const& server, std::string& heard, List& where) {
  Handle handle(curl_easy_init());
  if (!handle) return handle;
  auto const [host, port] = parts(server.address);
  auto const url =
      (server.starttls ? "smtp://" : "smtps://") + server.name + ":" + port + "/localhost";
  where.reset(
      curl_slist_append(nullptr, (server.name + ":" + port + ":" + host + ":" + port).c_str()));
  auto* const curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECT_TO, where.get());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  if (!server.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, server.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_seconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, hear);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &heard);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &heard);
  return handle;
}

}  // namespace

Result<> CurlSmtp::greet(MailServer const& server) {
  std::string heard;
  List where;
  auto const handle = opened(server, heard, where);
  if (!handle) return fail(ErrorCode::internal, "libcurl has no handle");
  curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, "NOOP");
  auto const code = curl_easy_perform(handle.get());
  if (code == CURLE_OK) return {};
  return fail(failed(code, heard));
}

Result<std::string> CurlSmtp::send(MailServer const& server, TestMail const& mail) {
  std::string heard;
  List where;
  auto const handle = opened(server, heard, where);
  List const to(curl_slist_append(nullptr, ("<" + mail.to + ">").c_str()));
  if (!handle || !to) return fail(ErrorCode::internal, "libcurl has no handle");
  auto* const curl = handle.get();
  std::string_view rest = mail.text;
  curl_easy_setopt(curl, CURLOPT_USERNAME, mail.user.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, mail.password.reveal().c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to.get());
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
  curl_easy_setopt(curl, CURLOPT_READDATA, &rest);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  auto const code = curl_easy_perform(curl);
  if (code != CURLE_OK) return fail(failed(code, heard));
  return heard;
}

}  // namespace mailstack::world
