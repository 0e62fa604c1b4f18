// Sends a scope's standard error to nowhere: ALSA and JACK print there what they probe for and do not find.
// It holds for every thread of the process, so the scopes are short and hold nothing of ours that prints.
#pragma once

namespace hubbub::audio {

class QuietStderr {
 public:
  QuietStderr();
  ~QuietStderr();
  QuietStderr(const QuietStderr&) = delete;
  QuietStderr& operator=(const QuietStderr&) = delete;
  QuietStderr(QuietStderr&&) = delete;
  QuietStderr& operator=(QuietStderr&&) = delete;

 private:
  int saved_ = -1;
};

}  // namespace hubbub::audio
