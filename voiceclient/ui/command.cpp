#include "voiceclient/ui/command.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "codec/wire/text.h"
#include "voiceclient/ui/grapheme.h"

namespace hubbub {
namespace {

struct CommandRow {
  std::string_view name;
  Command command;
  std::string_view argument;  // "" takes none, "[NAME]" may have one, "NAME" must
  std::string_view help;
};

constexpr std::array kCommands{
    CommandRow{"/help", Command::kHelp, "", "lists the commands"},
    CommandRow{"/ignore", Command::kIgnore, "NAME", "hears and shows no more of somebody, or again"},
    CommandRow{"/me", Command::kMe, "TEXT", "says what you do: /me waves"},
    CommandRow{"/msg", Command::kMsg, "NAME TEXT", "for one person alone"},
    CommandRow{"/mute", Command::kMute, "", "stops sending your voice, or starts again"},
    CommandRow{"/name", Command::kName, "[NAME]", "takes another name, or says which one you have"},
    CommandRow{"/quit", Command::kQuit, "", "leaves the room, as Ctrl-C does"},
    CommandRow{"/stats", Command::kStats, "", "shows how the connection and each voice are doing"},
    CommandRow{"/verify", Command::kVerify, "NAME [yes|no]",
               "a code to compare with somebody; yes: it is the same"},
    CommandRow{"/who", Command::kWho, "", "shows who is here"},
};

// More than these make another word of it; two letters swapped count two.
constexpr std::size_t kMaxTypos = 2;

// The Levenshtein distance: characters inserted, deleted or replaced.
std::size_t typos_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// The command that was probably meant; nullptr when none is near.
const CommandRow* nearest_command(std::string_view name) {
  if (name.size() < 2) return nullptr;  // a bare slash is near to nothing
  const CommandRow* nearest = nullptr;
  std::size_t fewest = kMaxTypos + 1;
  for (const CommandRow& row : kCommands) {
    // An unfinished name is as good as right.
    const std::size_t typos = row.name.substr(0, name.size()) == name ? 0 : typos_between(name, row.name);
    if (typos < fewest) {
      fewest = typos;
      nearest = &row;
    }
  }
  return nearest;
}

std::string unknown_command(std::string_view name) {
  std::string sentence = "There is no command ";
  sentence += name;
  if (const CommandRow* nearest = nearest_command(name)) {
    sentence += "; did you mean ";
    sentence += nearest->name;
    return sentence + "?";
  }
  return sentence + "; /help lists them, and // begins a text with a slash.";
}

std::string usage(const CommandRow& row) {
  std::string text(row.name);
  if (!row.argument.empty()) {
    text += ' ';
    text += row.argument;
  }
  return text;
}

}  // namespace

Result<TypedLine, std::string> parse_typed_line(std::string_view line) {
  std::string text = printable(line);
  if (text.empty() || text.front() != '/') return TypedLine{Command::kSay, std::move(text)};
  if (text.starts_with("//")) return TypedLine{Command::kSay, text.substr(1)};

  const std::string_view typed(text);
  const std::string_view name = typed.substr(0, typed.find(' '));
  const auto* row = std::find_if(kCommands.begin(), kCommands.end(),
                                 [name](const CommandRow& command) { return command.name == name; });
  if (row == kCommands.end()) return unknown_command(name);

  const std::size_t argument_at = typed.find_first_not_of(' ', name.size());
  const bool has_argument = argument_at != std::string_view::npos;
  const bool may_have_argument = !row->argument.empty();
  const bool must_have_argument = may_have_argument && row->argument.front() != '[';
  if (has_argument && !may_have_argument)
    return usage(*row) + " takes nothing after it; /" + text + " says that as text.";
  if (!has_argument && must_have_argument) return "It takes more than that: " + usage(*row) + ".";
  return TypedLine{row->command, has_argument ? text.substr(argument_at) : std::string()};
}

NameAndRest split_name(std::string_view argument, const std::vector<std::string>& names) {
  const std::string folded = folded_name(argument);
  NameAndRest best;
  for (const std::string& name : names) {
    // Where folding changes lengths, the rest begins after as many words as the name has.
    if (name.size() <= best.name.size()) continue;
    const std::string wanted = folded_name(name);
    if (!folded.starts_with(wanted) || (folded.size() > wanted.size() && folded[wanted.size()] != ' '))
      continue;
    std::size_t end = 0;
    for (auto words = std::count(name.begin(), name.end(), ' ') + 1;
         words > 0 && end != std::string_view::npos; --words)
      end = argument.find(' ', end == 0 ? 0 : end + 1);
    best = {.name = name,
            .rest = end == std::string_view::npos ? std::string() : std::string(argument.substr(end + 1))};
  }
  if (!best.name.empty()) return best;
  const std::size_t space = argument.find(' ');
  return {.name = std::string(argument.substr(0, space)),
          .rest = space == std::string_view::npos ? std::string() : std::string(argument.substr(space + 1))};
}

std::vector<std::string> help_lines() {
  constexpr std::string_view kSlashText = "//text";
  int widest = display_columns(kSlashText);
  for (const CommandRow& row : kCommands) widest = std::max(widest, display_columns(usage(row)));

  std::vector<std::string> lines;
  const auto add = [&lines, widest](const std::string& what, std::string_view help) {
    const int gap = widest - display_columns(what) + 2;
    lines.push_back(what + std::string(static_cast<std::size_t>(gap), ' ') + std::string(help));
  };
  for (const CommandRow& row : kCommands) add(usage(row), row.help);
  add(std::string(kSlashText), "says a text that begins with a slash");
  return lines;
}

}  // namespace hubbub
