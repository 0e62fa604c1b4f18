// What a typed line asks for: text to say, or one of the commands in a table. A new command is one row of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/wire/result.h"

namespace hubbub {

enum class Command { kSay, kQuit, kWho, kMute, kStats, kHelp, kName, kVerify, kMsg, kMe, kIgnore };

struct TypedLine {
  Command command = Command::kSay;
  std::string argument;  // the text of kSay; what follows a command, trimmed
};

// The line, or a sentence that says what is wrong with it, fit to be shown. `line` may be any bytes: it is
// cleaned first.
// "//text" says "/text"; an empty line says "".
Result<TypedLine, std::string> parse_typed_line(std::string_view line);

// A name and what follows it, where names may have spaces in them: the longest of `names` with which the
// argument begins (in any case), or its first word.
struct NameAndRest {
  std::string name;
  std::string rest;
};
[[nodiscard]] NameAndRest split_name(std::string_view argument, const std::vector<std::string>& names);

// What /help shows, one line each.
[[nodiscard]] std::vector<std::string> help_lines();

}  // namespace hubbub
