// How a link reaches the client, and what it may stand beside. The flags of sound and time are tested with
// the real program.
#include "voiceclient/options.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/audio/temp_dir.h"
#include "voiceclient/invite_command.h"
#include "voiceclient/known_relays.h"

namespace hubbub::client {
namespace {

const std::string kKeyText(43, 'A');
const std::string kSecretText = std::string(42, 'B') + "8";
// 64 bytes: the first 32 are zeros.
const std::string kInvite =
    "hubbub://example.org/#" + std::string(42, 'A') + "B" + std::string(42, 'C') + "w";

Request read(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"hubbub"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return read_command_line(static_cast<int>(argv.size()), argv.data());
}

JoinOptions join(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "join");
  return std::get<JoinOptions>(read(arguments));
}

// The sentence a person gets; empty where nothing was wrong.
std::string complaint(const std::vector<std::string>& arguments) {
  try {
    static_cast<void>(read(arguments));
    return {};
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    unsetenv("HUBBUB_LINK");
    unsetenv("HUBBUB_ACCESS_TOKEN");
  }
  std::string file(const std::string& name, const std::string& text) {
    const auto path = dir_.path() / name;
    std::ofstream(path) << text;
    return path.string();
  }

  audio::TempDir dir_;
};

TEST_F(OptionsTest, ALinkComesAsAnArgumentAFileOrAVariable) {
  EXPECT_EQ(join({"open://Host:7"}).relay.to_string(), "Host:7");
  EXPECT_FALSE(join({"open://h"}).sealed);

  const JoinOptions argument = join({kInvite, "--mute"});
  ASSERT_TRUE(argument.sealed);
  EXPECT_EQ(argument.relay.to_string(), "example.org:5240");
  EXPECT_EQ(argument.link, "hubbub://example.org:5240/") << "what is shown is no secret";
  EXPECT_TRUE(argument.sealed->invite.room_secret);

  EXPECT_EQ(join({"--link-file", file("link", kInvite + "\n")}).sealed->invite, argument.sealed->invite);
  setenv("HUBBUB_LINK", (" " + kInvite + "\n").c_str(), 1);
  EXPECT_EQ(join({}).sealed->invite, argument.sealed->invite);
  EXPECT_EQ(std::getenv("HUBBUB_LINK"), nullptr);
  setenv("HUBBUB_LINK", kInvite.c_str(), 1);
  EXPECT_FALSE(join({"open://h"}).sealed) << "an argument goes before the environment";
  EXPECT_EQ(std::getenv("HUBBUB_LINK"), nullptr) << "which is emptied of it all the same";
}

TEST_F(OptionsTest, APassphraseAndATokenComeFromFilesOrTheEnvironment) {
  const std::string passphrase = file("passphrase", "correct horse\n");
  const std::string token = file("token", "open sesame\n");
  const JoinOptions options =
      join({"hubbub://h/room#" + kKeyText, "--passphrase-file", passphrase, "--access-token-file", token});
  EXPECT_EQ(options.sealed->passphrase.view(), "correct horse");
  EXPECT_EQ(options.sealed->access_token.view(), "open sesame");
  EXPECT_EQ(options.link, "hubbub://h:5240/room");
  setenv("HUBBUB_ACCESS_TOKEN", "from outside", 1);
  EXPECT_EQ(join({kInvite}).sealed->access_token.view(), "from outside");
  EXPECT_EQ(std::getenv("HUBBUB_ACCESS_TOKEN"), nullptr);
  EXPECT_TRUE(join({kInvite}).sealed->access_token.empty());
}

TEST_F(OptionsTest, SaysWhatDoesNotGoTogether) {
  const std::string secret = file("secret", "x\n");
  const std::string bad = file("bad", "\xFF\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"join"}, "LINK is missing"},
      {{"join", "example.org"}, "not a link"},
      {{"join", "hubbub://h"}, "names a relay and no room"},
      {{"join", "hubbub://h/#" + kKeyText}, "names a relay and no room"},
      {{"join", "hubbub://h/#short"}, "cut off"},
      {{"join", "hubbub://h/room", "--passphrase-file", bad}, "UTF-8"},
      {{"join", "hubbub://h/room", "--passphrase-file", secret, "--passphrase"}, "excludes"},
      {{"join", kInvite, "--passphrase-file", secret}, "leave the passphrase out"},
      {{"join", kInvite, "--passphrase"}, "leave the passphrase out"},
      {{"join", kInvite, "--passphrase=geheim"}, "flag"},
      {{"join", kInvite, "--link-file", secret}, "excludes"},
      {{"join", "--link-file", (dir_.path() / "missing").string()}, "cannot read"},
      {{"join", "open://h", "--passphrase-file", secret}, "no passphrase"},
      {{"join", "open://h", "--access-token-file", secret}, "no access token"},
      {{"invite", "open://h"}, "only a sealed room has invites"},
      {{"invite", "h"}, "hubbub://HOST:PORT"},
  };
  for (const auto& [arguments, words] : wrong) {
    EXPECT_NE(complaint(arguments).find(words), std::string::npos) << words << ": " << complaint(arguments);
  }
}

TEST_F(OptionsTest, NoSentenceRepeatsASecret) {
  const std::string tail = kInvite.substr(kInvite.size() - 20);
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"join", "open://h", kInvite},
                                                    {"devices", kInvite},
                                                    {"join", kInvite + "!"},
                                                    {"join", kInvite.substr(kInvite.find('#') + 1)},
                                                    {"join", "open" + kInvite.substr(6)},
                                                    {kInvite}}) {
    EXPECT_NE(complaint(arguments), "");
    EXPECT_EQ(complaint(arguments).find(tail), std::string::npos) << complaint(arguments);
  }
}

TEST_F(OptionsTest, AnInviteIsMadeForARelayWhoseKeyIsKnown) {
  const std::string known = file("known", "example.org:5240 " + kKeyText + "\n");
  const auto invite = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"invite", "--known-relays", known});
    seal::SystemRandom random;
    return new_invite(std::get<InviteOptions>(read(arguments)), random);
  };
  const seal::Invite first = invite({"hubbub://example.org"});
  EXPECT_EQ(first.relay.to_string(), "example.org:5240");
  EXPECT_EQ(first.relay_key, seal::PublicKey{});
  EXPECT_NE(first.room_secret, invite({"hubbub://example.org"}).room_secret) << "each room is a new one";
  EXPECT_EQ(invite({}).relay_key, first.relay_key) << "the only relay there is";
  EXPECT_EQ(invite({kInvite.substr(0, kInvite.find('#'))}).relay_key, first.relay_key);
  EXPECT_TRUE(invite({"hubbub://other.example/#" + kSecretText}).relay_key) << "the link's own key";
  EXPECT_THROW(invite({"hubbub://other.example"}), UsageError);
  EXPECT_THROW(invite({"hubbub://example.org/#" + kSecretText}), UsageError) << "another key than the known";
  file("known", "example.org:5240 " + kKeyText + "\nother.example:1 " + kKeyText + "\n");
  EXPECT_THROW(invite({}), UsageError) << "which of the two?";
  file("known", "");
  EXPECT_THROW(invite({}), UsageError);
}

}  // namespace
}  // namespace hubbub::client
