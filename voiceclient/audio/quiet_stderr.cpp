#include "voiceclient/audio/quiet_stderr.h"

#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace hubbub::audio {

QuietStderr::QuietStderr() {
  std::fflush(stderr);
  saved_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  if (saved_ < 0) return;  // it is closed, and so quiet already
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  dup2(nowhere, STDERR_FILENO);
  close(nowhere);
}

QuietStderr::~QuietStderr() {
  std::fflush(stderr);
  if (saved_ < 0) return;
  dup2(saved_, STDERR_FILENO);
  close(saved_);
}

}  // namespace hubbub::audio
