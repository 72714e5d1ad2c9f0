#include "daemon/serve/contents.hpp"

#include <utility>

namespace mailstack::serve {

namespace {

/// `done` gets on the loop what `make` says, on a thread of the pool, of the content.
template <class Make, class Done>
void beside(net::Loop& loop, net::Pool& pool, queue::Spool& spool, queue::ItemId id, Make make,
            Done done) {
  auto const answer = [&loop, make = std::move(make),
                       done = std::move(done)](Result<queue::Content> const& found) {
    loop.post([done, made = make(found)]() mutable { done(std::move(made)); });
  };
  if (!pool.run([&spool, id, answer] { answer(spool.read(id)); }))
    answer(fail(ErrorCode::unavailable, "too much is read at once"));
}

}  // namespace

ReadContent read_beside(net::Loop& loop, net::Pool& pool, queue::Spool& spool) {
  return
      [&loop, &pool, &spool](queue::ItemId id, std::function<void(Result<queue::Content>)> done) {
        auto const itself = [](Result<queue::Content> const& found) { return found; };
        beside(loop, pool, spool, id, itself, std::move(done));
      };
}

void make_beside(net::Loop& loop, net::Pool& pool, queue::Spool& spool, queue::ItemId id,
                 std::function<std::string(Result<queue::Content> const&)> make,
                 std::function<void(std::string)> done) {
  beside(loop, pool, spool, id, std::move(make), std::move(done));
}

}  // namespace mailstack::serve
