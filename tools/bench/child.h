// A relay as a child process: started, asked what the kernel has billed it, and stopped. Never leaves one
// behind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "codec/wire/units.h"

namespace hubbub::bench {

inline constexpr std::string_view kOpenRoomOn = "open room on ";
inline constexpr std::string_view kSealedRoomsOn = "sealed rooms on ";

class Child {
 public:
  // Runs arguments[0] and waits for the line "... ANNOUNCEMENT ADDRESS:PORT" on its standard error. Throws
  // std::runtime_error with what the child said where no such line comes.
  explicit Child(const std::vector<std::string>& arguments, std::string_view announcement = kOpenRoomOn);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // What its standard output begins with, waited for, as it is told once; throws std::runtime_error where
  // nothing comes.
  std::string take_first_line();
  // User and system time of the process so far, to the nanosecond: the scheduler's own sum, not the 10 ms
  // ticks.
  [[nodiscard]] Duration cpu_time() const;
  // Its page tables walked (smaps_rollup); statm's counters may be some hundred KiB behind on recent kernels.
  [[nodiscard]] std::uint64_t resident_bytes() const;

  struct Ending {
    std::string output;  // its standard output, whole
    bool clean = false;  // it left by itself, with status 0, in time
  };
  // Asks it to stop by SIGTERM; kills it where it has not after some seconds.
  Ending stop();

 private:
  void start(const std::vector<std::string>& arguments);
  void wait_for_port(std::string_view announcement);
  void kill_and_reap() noexcept;

  pid_t pid_ = -1;
  int output_ = -1;  // read ends of its standard output and error
  int errors_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace hubbub::bench
