#include "reconciler/world/http/curl_http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string_view>
#include <vector>

namespace mailstack::world {
namespace {

constexpr std::size_t max_body = std::size_t{256} << 20U;
constexpr long connect_timeout_ms = 10'000;

/// What the callbacks fill.
struct Exchange {
  HttpResponse response;
  bool too_large = false;
};

/// A handle and what drives it. Not curl_easy_perform(), which looks up from waiting once a second:
/// another thread can wake this one.
struct Handle {
  CURL* easy = nullptr;
  CURLM* multi = nullptr;  ///< holds the connections that stay open
};

CURLcode perform(Handle const& handle, std::stop_token const& stop) {
  constexpr int longest_wait_ms = 1'000;
  std::stop_callback const wake(stop, [&] { curl_multi_wakeup(handle.multi); });
  if (curl_multi_add_handle(handle.multi, handle.easy) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
  auto result = CURLE_ABORTED_BY_CALLBACK;
  for (int running = 1; running > 0 && !stop.stop_requested();) {
    if (curl_multi_perform(handle.multi, &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(handle.multi, nullptr, 0, longest_wait_ms, nullptr);
  }
  int left = 0;
  while (auto const* message = curl_multi_info_read(handle.multi, &left))
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  curl_multi_remove_handle(handle.multi, handle.easy);
  return result;
}

std::size_t take_body(char* octets, std::size_t size, std::size_t count, void* target) {
  auto& exchange = *static_cast<Exchange*>(target);
  std::size_t const length = size * count;
  if (exchange.response.body.size() + length > max_body) {
    exchange.too_large = true;
    return 0;
  }
  exchange.response.body.append(octets, length);
  return length;
}

std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::size_t take_header(char* octets, std::size_t size, std::size_t count, void* target) {
  auto& response = static_cast<Exchange*>(target)->response;
  std::size_t const length = size * count;
  std::string_view const line(octets, length);
  // A status line begins an answer; those before it were 1xx (RFC 9110 15.2).
  if (line.starts_with("HTTP/")) response.headers.clear();
  auto const colon = line.find(':');
  if (colon == std::string_view::npos) return length;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  response.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return length;
}

/// A header list of libcurl's, overwritten when it goes: it may hold a secret.
class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(HeaderList const&) = delete;
  HeaderList& operator=(HeaderList const&) = delete;
  ~HeaderList() {
    for (auto* item = list_; item; item = item->next) wipe(item->data, std::strlen(item->data));
    curl_slist_free_all(list_);
  }

  /// False where the header would end early and begin another (CR, LF, NUL).
  bool add(std::string_view name, std::string_view value) {
    constexpr std::string_view breaks("\r\n\0", 3);
    if (name.empty() || name.find_first_of(breaks) != std::string_view::npos ||
        name.find(':') != std::string_view::npos ||
        value.find_first_of(breaks) != std::string_view::npos)
      return false;
    // libcurl sends `name;` as a header without value.
    std::string line;
    line.reserve(name.size() + value.size() + 2);
    line.append(name).append(value.empty() ? ";" : ": ").append(value);
    list_ = curl_slist_append(list_, line.c_str());
    wipe(line.data(), line.size());
    return true;
  }
  /// Keeps libcurl from sending the header `name` of its own accord.
  void suppress(std::string const& name) { list_ = curl_slist_append(list_, (name + ":").c_str()); }
  [[nodiscard]] curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

bool to_this_machine(std::string const& url) {
  auto const origin = origin_of(url);
  auto const scheme = origin.find("://");
  if (scheme == std::string::npos) return false;
  std::string_view const host = std::string_view(origin).substr(scheme + 3);
  return host.starts_with("127.") || host.starts_with("[::1]") || host == "localhost" ||
         host.starts_with("localhost:");
}

Error error_of(CURLcode code, std::string const& url, Exchange const& exchange,
               std::string_view detail) {
  // libcurl's code for an answer without a status line (HTTP/0.9), too.
  if (code == CURLE_UNSUPPORTED_PROTOCOL && url.starts_with("http"))
    return {ErrorCode::unavailable, "what listens there does not speak HTTP; is this its port?"};
  if (exchange.too_large)
    return {ErrorCode::unavailable, "the answer is larger than 256 MiB; is this the right URL?"};
  std::string what(detail.empty() ? std::string_view(curl_easy_strerror(code)) : detail);
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {ErrorCode::invalid, what + "; write http://HOST:PORT or https://HOST"};
    case CURLE_LOGIN_DENIED:
      return {ErrorCode::invalid, "the URL holds a user name; credentials have keys of their own"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return {ErrorCode::denied,
              what + "; check the name in the URL and the certificate of the server"};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorCode::unavailable, what + "; check the name and this machine's resolvers"};
    case CURLE_COULDNT_CONNECT:
      return {ErrorCode::unavailable, what + "; is the server running, and is this its port?"};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorCode::unavailable, what + "; the server is slow or a firewall drops packets"};
    case CURLE_ABORTED_BY_CALLBACK: return {ErrorCode::unavailable, "given up: the run ends"};
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR: return {ErrorCode::unavailable, "the answer ended early: " + what};
    default: return {ErrorCode::unavailable, what};
  }
}

void set_request(CURL* handle, HttpRequest const& request, std::string const& agent) {
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // Signals would hit other threads.
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  // Who gives up does not wait for a resolver that does not answer.
  if (request.stop.stop_possible()) curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  auto const timeout = static_cast<long>(std::max<std::int64_t>(request.timeout.count(), 1));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, std::min(timeout, connect_timeout_ms));
  // A zone of 10,000 RRsets is 1.5 MB: the default of 16 KiB a read is a hundred callbacks.
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L * 1024);
  if (to_this_machine(request.url)) curl_easy_setopt(handle, CURLOPT_PROXY, "");
  if (request.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  if (!request.body.empty() ||
      (request.method != "GET" && request.method != "HEAD" && request.method != "DELETE")) {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

}  // namespace

/// Idle handles, each with the connections that it keeps open.
class CurlHttp::Pool {
 public:
  Pool() = default;
  Pool(Pool const&) = delete;
  Pool& operator=(Pool const&) = delete;
  ~Pool() {
    for (auto const& [origin, handle] : idle_) end(handle);
  }

  /// A handle, the last that talked to `origin` where one is idle. Without `easy`: out of memory.
  Handle take(std::string const& origin) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    std::lock_guard const lock(mutex_);
    for (auto at = idle_.rbegin(); at != idle_.rend(); ++at) {
      if (at->first != origin) continue;
      auto const handle = at->second;
      idle_.erase(std::next(at).base());
      return handle;
    }
    Handle handle{curl_easy_init(), curl_multi_init()};
    if (handle.easy != nullptr && handle.multi != nullptr) return handle;
    end(handle);
    return {};
  }

  void give_back(std::string origin, Handle const& handle) {
    // Keeps the connections, forgets the options, secret headers among them.
    curl_easy_reset(handle.easy);
    std::lock_guard const lock(mutex_);
    idle_.emplace_back(std::move(origin), handle);
  }

 private:
  static void end(Handle const& handle) {
    curl_easy_cleanup(handle.easy);
    curl_multi_cleanup(handle.multi);
  }

  std::mutex mutex_;
  std::vector<std::pair<std::string, Handle>> idle_;
};

CurlHttp::CurlHttp(std::string agent, std::string ca_file)
    : agent_(std::move(agent)), ca_file_(std::move(ca_file)), pool_(std::make_unique<Pool>()) {}

CurlHttp::~CurlHttp() = default;

Result<HttpResponse> CurlHttp::send(HttpRequest const& request) {
  auto const clause = request.method + " " + request.url;
  HeaderList headers;
  bool good = true;
  for (auto const& [name, value] : request.headers) good = good && headers.add(name, value);
  for (auto const& [name, value] : request.secret_headers) {
    if (headers.add(name, value.reveal())) continue;
    auto const secret = ": the secret for the header " + name;
    return fail(ErrorCode::invalid, clause + secret + " holds a line break; store it as one line");
  }
  if (!good) return fail(ErrorCode::invalid, clause + ": a header holds a line break");
  // libcurl would wait a second for `100 Continue` before a large body; few servers send one.
  headers.suppress("Expect");

  auto origin = origin_of(request.url);
  auto const handle = pool_->take(origin);
  auto* const easy = handle.easy;
  if (easy == nullptr) return fail(ErrorCode::unavailable, clause + ": out of memory");
  Exchange exchange;
  char detail[CURL_ERROR_SIZE] = "";
  set_request(easy, request, agent_);
  if (!ca_file_.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file_.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  auto const code = perform(handle, request.stop);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  pool_->give_back(std::move(origin), handle);
  if (code != CURLE_OK) return fail(within(error_of(code, request.url, exchange, detail), clause));
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

}  // namespace mailstack::world
