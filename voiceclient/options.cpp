#include "voiceclient/options.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "codec/wire/limits.h"
#include "codec/wire/text.h"
#include "voiceclient/link_options.h"

namespace hubbub::client {
namespace {

constexpr Duration kMaxPlayoutDelay = 1s;
constexpr Duration kLongestRun = 365 * 24h;
constexpr const char* kDefaultPlayer = "127.0.0.1:5004";

constexpr const char* kAbout = "hubbub: talk and type in a room, from a terminal, a script or a server.";
constexpr const char* kFootnote =
    "Try: hubbub join open://127.0.0.1 --name alice\n"
    "With a link that you were sent: hubbub join -, and paste it.";
constexpr const char* kJoinFootnote =
    "LINK is one of\n"
    "  hubbub://HOST:PORT/#INVITE  a sealed room: end-to-end encrypted; the link is its key\n"
    "  hubbub://HOST:PORT/ROOM     a sealed room with a passphrase (#RELAYKEY behind it holds the relay to "
    "that key)\n"
    "  open://HOST:PORT            an open room: not encrypted, for a network you trust\n"
    "  -                           one line from standard input; what follows is taken as typed\n"
    "The port is 5240 where left out, 5241 of an open room.\n"
    "Whoever reads an invite can join and listen. As an argument it stays in your shell's history, and is "
    "hidden from other users (ps) only once the program runs: give it with -, --link-file, or HUBBUB_LINK in "
    "the "
    "environment instead.\n"
    "Without files, the default microphone and loudspeaker are used; with files, a sound device only where "
    "it is named.\n"
    "While joined: /who, /name, /msg, /me, /verify, /ignore, /mute, /stats, /help, /quit; Ctrl-C leaves.\n"
    "In a sealed room a name is yours alone as long as you are there, and what you write is signed with your "
    "identity.\n"
    "Exit status: 0 after leaving; 1 when the relay never answered, or it or the link is not the right one; "
    "2 "
    "when a flag, a file or a device is wrong.";
constexpr const char* kSendFootnote =
    "LINK as with `hubbub join`, but for -, since standard input is what is sent. Lines that are too long "
    "for "
    "one message become several; empty ones are left out.\n"
    "  echo 'the backup is done' | hubbub send --link-file room.link --name backup\n"
    "Exit status: 0 when the relay has them all (where it keeps a history, 3 s are waited for it, and it is "
    "said "
    "when they are not in it); 1 when it never let us in: it is away, the link is not the right one, or the "
    "name "
    "is somebody else's; 2 when a flag or a file is wrong; 3 when some lines were not acknowledged in time; "
    "4 "
    "when nobody called --to is there.";
constexpr const char* kTailFootnote =
    "One event a line until it is stopped; with --json objects with \"event\": message, join, leave, rename, "
    "talking, "
    "stats (every 10 s), relay, notice.\n"
    "A bot that greets:\n"
    "  hubbub tail --link-file room.link --json --name greeter |\n"
    "    jq -r --unbuffered 'select(.event == \"join\" and .before_us == false) | \"hello, \" + .name' |\n"
    "    hubbub send --link-file room.link --name greeter\n"
    "Exit status: as of `hubbub join`.";
constexpr const char* kInviteFootnote =
    "LINK is any link to the relay: hubbub://HOST:PORT, with its key behind (/#RELAYKEY) or remembered since "
    "you "
    "joined there, or an invite to another of its rooms. Without LINK, the one relay that is remembered. It "
    "may "
    "also come as with `hubbub join`: -, --link-file, HUBBUB_LINK.\n"
    "The new room begins to be when somebody joins. Its link alone goes to standard output: "
    "`hubbub invite > room.link`.";

constexpr const char* kSdpFootnote =
    "The player first, behind; then the client, which hands on to it what it hears:\n"
    "  hubbub sdp > room.sdp\n"
    "  ffplay -v error -nodisp -protocol_whitelist file,udp,rtp room.sdp &\n"
    "  hubbub join LINK --no-audio --rtp-to 127.0.0.1:5004\n"
    "With GStreamer instead of ffplay:\n"
    "  gst-launch-1.0 -q filesrc location=room.sdp ! sdpdemux ! decodebin ! autoaudiosink &\n"
    "The player hears one speaker at a time: who talks into another's speech is left out.";

Duration duration_option(const std::string& flag, const std::string& text, Duration least, Duration most) {
  const auto duration = parse_duration(text);
  if (!duration || *duration < least || *duration > most) {
    throw UsageError(flag + " \"" + printable(text) + "\" is not a duration from " + duration_text(least) +
                     " to " + duration_text(most) + " (write 20ms, 10s or 2m)");
  }
  return *duration;
}

Endpoint player_option(const std::string& flag, const std::string& text) {
  const auto where = HostPort::parse(text);
  const auto address = where ? IpAddress::parse(where->host) : std::nullopt;
  if (!address)
    throw UsageError(flag + " \"" + printable(text) + "\" is not ADDRESS:PORT, as in 127.0.0.1:5004");
  return {*address, where->port};
}

// Options as they were written, beside those that CLI11 understands by itself.
struct Written {
  std::string frame = "20ms";
  double bitrate_kbit = 32;
  std::string playout_delay = "60ms";
  std::string exit_after;
  std::string rtp_to;
  std::string player = kDefaultPlayer;
  std::string patience = "30s";
};

void understand_name(std::string& name, const char* flag) {
  if (name.empty()) return;
  const auto checked = checked_name(name);
  if (!checked)
    throw UsageError(
        std::string(flag) + " \"" + printable(name) +
        "\" is not 1 to 32 characters of UTF-8 without control characters, '<', '>' or spaces at its ends");
  name = *checked;
}

void understand(JoinOptions& join, const Written& written) {
  understand_name(join.name, "name");
  join.format.frame = duration_option("--frame", written.frame, 10ms, 60ms);
  join.format.bitrate = static_cast<int>(written.bitrate_kbit * 1000);
  if (const std::string problem = join.format.problem(); !problem.empty()) throw UsageError(problem);
  join.playout_delay = duration_option("--playout-delay", written.playout_delay, 0ms, kMaxPlayoutDelay);
  if (!written.exit_after.empty())
    join.exit_after = duration_option("--exit-after", written.exit_after, 1ms, kLongestRun);
  if (!written.rtp_to.empty()) join.rtp_to = player_option("--rtp-to", written.rtp_to);
  if (join.exit_at_end && !join.input_file)
    throw UsageError("--exit-at-end needs --input FILE, whose end it means");
  if (join.exit_at_end && join.repeat_input)
    throw UsageError("--exit-at-end and --repeat contradict each other");
  if (join.repeat_input && !join.input_file) throw UsageError("--repeat needs --input FILE");
  for (const std::string& text : join.texts) {
    if (const auto line = checked_text(join.name, text); !line) {
      throw UsageError("--text cannot be sent: it must be 1 to " + std::to_string(kMaxTextBytes) +
                       " bytes of UTF-8 (" + std::string(name_of(line.error())) + ")");
    }
  }
}

void add_name(CLI::App& app, std::string& name) {
  app.add_option("--name", name, "What others see beside your text and voice")->type_name("NAME");
}

void add_join(CLI::App& app, JoinOptions& join, Written& written) {
  app.footer(kJoinFootnote);
  add_name(app, join.name);

  app.add_option("--input-device", join.input_device, "Microphone, by name or number (see `hubbub devices`)")
      ->type_name("DEVICE");
  app.add_option("--output-device", join.output_device, "Loudspeaker, by name or number")
      ->type_name("DEVICE");
  auto* input =
      app.add_option("--input", join.input_file, "Speak this recording in real time (WAV, FLAC, Ogg)")
          ->type_name("FILE");
  auto* output =
      app.add_option("--output", join.output_file, "Write what is heard to this file (.wav, .flac, .ogg)")
          ->type_name("FILE");
  auto* directory =
      app.add_option("--output-dir", join.output_dir, "Write one file a speaker into this directory")
          ->type_name("DIR");
  app.get_option("--input-device")->excludes(input);
  app.get_option("--output-device")->excludes(output);
  app.add_flag("--repeat", join.repeat_input, "Begin the recording again when it ends");
  app.add_flag("--no-audio", join.no_audio, "Text only")
      ->excludes(input)
      ->excludes(output)
      ->excludes(directory);
  app.add_flag("--mute", join.muted, "Start muted");

  app.add_option("--text", join.texts, "Send this line; repeat for more")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  app.add_option("--exit-after", written.exit_after, "Leave after this long")->type_name("DURATION");
  app.add_flag("--exit-at-end", join.exit_at_end, "Leave when the recording has been sent");
  app.add_flag("--json", join.json, "Events as JSON on standard output, one a line");
  app.add_option("--rtp-to", written.rtp_to, "Hand the room's voice on to a player here (see `hubbub sdp`)")
      ->type_name("ADDR:PORT");

  app.add_option("--frame", written.frame, "Speech a packet: 10ms, 20ms, 40ms or 60ms (default 20ms)")
      ->type_name("DURATION");
  app.add_option("--bitrate", written.bitrate_kbit, "kbit/s of speech, constant (default 32)")
      ->type_name("N");
  app.add_option("--complexity", join.format.complexity, "Opus encoder effort, 0 to 10 (default 9)")
      ->type_name("N");
  app.add_option("--playout-delay", written.playout_delay,
                 "How long voice waits for stragglers (default 60ms)")
      ->type_name("DURATION");
}

void add_send(CLI::App& app, SendOptions& send, Written& written) {
  app.footer(kSendFootnote);
  add_name(app, send.join.name);
  app.add_option("--to", send.to, "For the one with this name alone")->type_name("NAME");
  app.add_flag("--me", send.action, "What we do, as /me says it");
  app.add_option("--timeout", written.patience, "How long the relay may take for the last line (default 30s)")
      ->type_name("DURATION");
}

void add_tail(CLI::App& app, JoinOptions& join, Written& written) {
  app.footer(kTailFootnote);
  add_name(app, join.name);
  app.add_flag("--json", join.json, "Events as JSON, one a line");
  app.add_option("--exit-after", written.exit_after, "Leave after this long")->type_name("DURATION");
}

SendOptions understand_send(SendOptions send, const Written& written, const LinkArguments& link,
                            const SecretArguments& secrets) {
  if (link.link == "-")
    throw UsageError("- cannot be the link here: standard input is what is sent; use --link-file");
  understand(send.join, written);
  understand_name(send.to, "--to");
  if (send.action && !send.to.empty()) throw UsageError("--me and --to contradict each other");
  send.patience = duration_option("--timeout", written.patience, 1s, 24h);
  understand_link(send.join, link, secrets);
  if (!send.join.sealed)
    throw UsageError("hubbub send is for sealed rooms; to an open one: echo TEXT | nc -u HOST PORT");
  send.join.no_audio = true;
  return send;
}

}  // namespace

Request read_command_line(int argc, const char* const* argv) {
  CLI::App app(kAbout, "hubbub");
  app.footer(kFootnote);
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);
  bool version = false;
  app.add_flag("--version", version, "Print the version");

  JoinOptions join;
  DevicesOptions devices;
  SdpOptions sdp;
  Written written;
  LinkArguments link;
  SecretArguments secrets;
  auto* join_command = app.add_subcommand("join", "Join a room: talk and type");
  add_link(*join_command, link, "The room: see below");
  add_identity(*join_command, link);
  add_secrets(*join_command, secrets);
  add_join(*join_command, join, written);
  SendOptions send;
  auto* send_command = app.add_subcommand("send", "Send standard input to a sealed room, a line a message");
  add_link(*send_command, link, "The room: see below");
  add_identity(*send_command, link);
  add_secrets(*send_command, secrets);
  add_send(*send_command, send, written);
  JoinOptions tail;
  auto* tail_command = app.add_subcommand("tail", "Print what happens in a room, one event a line");
  add_link(*tail_command, link, "The room: as with `hubbub join`");
  add_identity(*tail_command, link);
  add_secrets(*tail_command, secrets);
  add_tail(*tail_command, tail, written);
  auto* invite_command = app.add_subcommand("invite", "Make a sealed room on a relay: prints the link to it");
  add_link(*invite_command, link, "The relay: see below");
  invite_command->footer(kInviteFootnote);
  auto* devices_command = app.add_subcommand("devices", "List microphones and loudspeakers");
  devices_command->add_flag("--json", devices.json, "As JSON");
  auto* sdp_command =
      app.add_subcommand("sdp", "Print the session description with which ffmpeg or GStreamer plays a room");
  sdp_command->footer(kSdpFootnote);
  sdp_command
      ->add_option("--player", written.player,
                   "Where the player listens, as in --rtp-to (default 127.0.0.1:5004)")
      ->type_name("ADDR:PORT");
  sdp_command->add_option("--frame", written.frame, "Speech a packet, as the speakers set it (default 20ms)")
      ->type_name("DURATION");

  try {
    app.parse(argc, argv);
    if (version) return "hubbub " HUBBUB_VERSION "\n";
    if (join_command->parsed()) {
      understand(join, written);
      understand_link(join, link, secrets);
      return join;
    }
    if (send_command->parsed()) return understand_send(std::move(send), written, link, secrets);
    if (tail_command->parsed()) {
      understand(tail, written);
      understand_link(tail, link, secrets);
      tail.no_audio = true;
      tail.listen_only = true;
      return tail;
    }
    if (invite_command->parsed()) return understand_invite(link);
    if (devices_command->parsed()) return devices;
    if (sdp_command->parsed()) {
      sdp.player = player_option("--player", written.player);
      sdp.frame = duration_option("--frame", written.frame, 10ms, 60ms);
      return sdp;
    }
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::ParseError& error) {
    throw UsageError(printable(seal::without_secrets(error.what())));
  }
  throw UsageError("say what to do: join, send, tail, invite, devices or sdp");
}

}  // namespace hubbub::client
