#pragma once
/// \file
/// The twin of ControlSocket: answers in memory.

#include <functional>
#include <string>
#include <vector>

#include "reconciler/world/control_socket.hpp"

namespace mailstack::support {

class FakeControl final : public world::ControlSocket {
 public:
  Result<std::string> ask(std::string const& path, std::string const& request) override {
    asked.push_back(path + " " + request);
    if (!answer) return fail(ErrorCode::not_found, path + ": No such file or directory");
    return answer(request);
  }

  std::function<Result<std::string>(std::string const& request)> answer;  ///< empty: no daemon
  std::vector<std::string> asked;
};

}  // namespace mailstack::support
