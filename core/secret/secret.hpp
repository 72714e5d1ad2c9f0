#pragma once
/// \file
/// A value that must never reach a log, a plan, an error or a commit.

#include <cstddef>
#include <string>
#include <utility>

namespace mailstack {

/// Overwrites `size` octets at `start` in a way that the compiler does not remove.
void wipe(void* start, std::size_t size) noexcept;

/// Holds a secret. There is no conversion to text, no comparison and no output operator: the only
/// way to the value is reveal(), so that every use can be found by its name. The memory is
/// overwritten when the object dies.
template <class T>
class Secret;

template <>
class Secret<std::string> {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(Secret const&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.clear(); }
  Secret& operator=(Secret const& other) {
    if (this != &other) {
      clear();
      value_ = other.value_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      value_ = std::move(other.value_);
      other.clear();
    }
    return *this;
  }
  ~Secret() { clear(); }

  /// The value. The caller must not store it in anything that is printed or kept.
  [[nodiscard]] std::string const& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  void clear() noexcept {
    if (!value_.empty()) wipe(value_.data(), value_.size());
    value_.clear();
  }

  std::string value_;
};

}  // namespace mailstack
