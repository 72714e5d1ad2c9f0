#include "daemon/serve/contents.hpp"

#include <utility>

namespace mailstack::serve {

ReadContent read_beside(net::Loop& loop, net::Pool& pool, queue::Spool& spool) {
  return
      [&loop, &pool, &spool](queue::ItemId id, std::function<void(Result<queue::Content>)> done) {
        auto const answer = [&loop, done = std::move(done)](Result<queue::Content> found) {
          loop.post([done, found = std::move(found)] { done(found); });
        };
        if (!pool.run([&spool, id, answer] { answer(spool.read(id)); }))
          answer(fail(ErrorCode::unavailable, "too much is read at once"));
      };
}

void make_beside(net::Loop& loop, net::Pool& pool, queue::Spool& spool, queue::ItemId id,
                 std::function<std::string(Result<queue::Content> const&)> make,
                 std::function<void(std::string)> done) {
  auto const answer = [&loop, make = std::move(make),
                       done = std::move(done)](Result<queue::Content> const& found) {
    loop.post([done, text = make(found)]() mutable { done(std::move(text)); });
  };
  if (!pool.run([&spool, id, answer] { answer(spool.read(id)); }))
    answer(fail(ErrorCode::unavailable, "too much is read at once"));
}

}  // namespace mailstack::serve
