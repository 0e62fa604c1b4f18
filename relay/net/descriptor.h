// A file descriptor that is closed when its owner goes.
#pragma once

#include <unistd.h>

namespace hubbub::net {

class Descriptor {
 public:
  // Of what `open` returned, also where it failed.
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] bool open() const { return descriptor_ >= 0; }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace hubbub::net
