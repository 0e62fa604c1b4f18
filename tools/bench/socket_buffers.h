// Every socket of a comparison has the buffers that hubbub-relay asks for, so that none is slower or lossier
// for lack of them.
#pragma once

#include <sys/socket.h>

namespace hubbub::bench {

inline constexpr int kRelayBufferBytes = 4 << 20;  // net::BatchSocket::kWantedBufferBytes

// As much as the system allows; all of it for root.
inline void size_socket_buffers(int descriptor, int bytes) {
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
}

}  // namespace hubbub::bench
