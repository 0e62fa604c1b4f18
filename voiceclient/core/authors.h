// Who wrote lately, most recent first.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "codec/wire/limits.h"
#include "voiceclient/core/session.h"

namespace hubbub::client {

class Authors {
 public:
  static constexpr std::size_t kMax = 64;

  void remember(TimePoint now, const std::string& name) {
    if (name.empty()) return;
    std::erase_if(list_, [&name](const auto& author) { return author.name == name; });
    list_.insert(list_.begin(), AuthorInfo{.name = name, .last_text = now});
    if (list_.size() > kMax) list_.pop_back();
  }
  void tick(TimePoint now) {
    std::erase_if(list_, [now](const auto& author) { return now - author.last_text >= kHeardLately; });
  }
  [[nodiscard]] const std::vector<AuthorInfo>& list() const { return list_; }

 private:
  std::vector<AuthorInfo> list_;
};

}  // namespace hubbub::client
