#include "voiceclient/sdp.h"

#include <fmt/format.h>

#include "codec/wire/rtp.h"

namespace hubbub::client {

std::string session_description(const Endpoint& player, Duration frame) {
  const std::string address = (player.address.is_v4() ? "IP4 " : "IP6 ") + player.address.to_string();
  const int type = kOpusPayloadType;
  // The encoding name always says two channels and 48 kHz, whatever is sent (RFC 7587 section 7).
  return fmt::format(
      "v=0\r\n"
      "o=- 0 0 IN {0}\r\n"
      "s=Hubbub open room\r\n"
      "c=IN {0}\r\n"
      "t=0 0\r\n"
      "m=audio {1} RTP/AVP {2}\r\n"
      "a=rtpmap:{2} opus/48000/2\r\n"
      "a=fmtp:{2} stereo=0; sprop-stereo=0; cbr=1; useinbandfec=0; usedtx=0\r\n"
      "a=ptime:{3}\r\n"
      "a=recvonly\r\n",
      address, player.port, type, std::chrono::duration_cast<std::chrono::milliseconds>(frame).count());
}

}  // namespace hubbub::client
