// Lets PortAudio survive the death of a JACK server. PortAudio's JACK part waits for up to ten minutes for a
// callback that a dead server never makes, and asserts that a dead server answers; this room stands in for
// the server until it is closed.
//
// How: it defines the few functions of libjack that matter, so that PortAudio's calls come here first (an
// executable's symbols go before a shared library's). They pass everything on while the server lives. Once it
// is gone, a thread of ours calls PortAudio in JACK's place, and requests to the server succeed without being
// sent, so that PortAudio stops, closes and terminates in its ordinary way. Without JACK, or where symbols do
// not work like that, none of it is called.
#pragma once

namespace hubbub::audio::jack_guard {

// Keeps libjack from printing to our standard output and error.
void silence_libjack() noexcept;

// The server died, or was given up. Cleared when PortAudio has let go of it.
[[nodiscard]] bool server_lost() noexcept;

// The server is there and yet calls nobody: treat it as dead. Nothing happens if it is not in use.
void give_up_server() noexcept;

}  // namespace hubbub::audio::jack_guard
