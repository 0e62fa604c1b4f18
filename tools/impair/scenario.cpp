#include "tools/impair/scenario.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include <toml++/toml.h>

namespace hubbub::impair {
namespace {

// What a person wrote is wrong. Thrown only inside this file, which turns it into the returned error.
struct Mistake {
  std::string sentence;
};

[[noreturn]] void reject(const toml::node& where, const std::string& sentence) {
  throw Mistake{"line " + std::to_string(where.source().begin.line) + ": " + sentence};
}

// Exactly the number, in the plain decimal notation that the parsers take.
std::string exact_text(double value) {
  std::array<char, 400> text{};  // 309 digits before the point, or 17 digits behind 308 zeros
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return error == std::errc() ? std::string(text.data(), end) : "?";
}

std::string key_text(const toml::key& key, const std::string& table) {
  return "\"" + std::string(key.str()) + "\"" + (table.empty() ? "" : " in [" + table + "]");
}

// An outage as a table of its two parts, turned into the text the setting takes.
std::string outage_text(const toml::table& outage, const std::string& key) {
  std::string start;
  std::string duration;
  for (const auto& [part, value] : outage) {
    std::string* const target = part.str() == "start"      ? &start
                                : part.str() == "duration" ? &duration
                                                           : nullptr;
    if (target == nullptr) {
      reject(value,
             "unknown key \"" + std::string(part.str()) + "\" in " + key + "; it may have: start, duration");
    }
    if (!value.is_string()) {
      reject(value,
             "\"" + std::string(part.str()) + "\" in " + key + " must be text with a unit, as \"10s\"");
    }
    *target = value.as_string()->get();
  }
  if (start.empty() || duration.empty()) reject(outage, key + " needs both a start and a duration");
  return start + "+" + duration;
}

std::vector<std::string> list_texts(const toml::node& node, const std::string& key) {
  if (node.is_string()) return {node.as_string()->get()};
  std::vector<std::string> texts;
  if (!node.is_array()) reject(node, key + " must be text or a list of texts, as [\"10s+2s\"]");
  for (const toml::node& item : *node.as_array()) {
    if (item.is_string()) {
      texts.push_back(item.as_string()->get());
    } else if (item.is_table()) {
      texts.push_back(outage_text(*item.as_table(), key));
    } else {
      reject(item, key + " must be a list of texts, as [\"10s+2s\"]");
    }
  }
  return texts;
}

std::vector<std::string> value_texts(const Setting& setting, const toml::node& node, const std::string& key) {
  switch (setting.value) {
    case Setting::Value::kSwitch:
      if (!node.is_boolean()) reject(node, key + " must be true or false");
      return {node.as_boolean()->get() ? "true" : "false"};
    case Setting::Value::kNumber:
      if (node.is_integer()) return {std::to_string(node.as_integer()->get())};
      if (node.is_floating_point()) return {exact_text(node.as_floating_point()->get())};
      if (!node.is_string()) reject(node, key + " must be a number or text");
      return {node.as_string()->get()};
    case Setting::Value::kList:
      return list_texts(node, key);
    case Setting::Value::kText:
      break;
  }
  if (!node.is_string()) reject(node, key + " must be text in quotes");
  return {node.as_string()->get()};
}

std::string known_settings() {
  std::string names;
  for (const Setting& setting : settings()) names += (names.empty() ? "" : ", ") + std::string(setting.name);
  return names;
}

// The table's settings, in the order `settings()` wants them applied.
void read_table(const toml::table& table, const std::string& name, LinkOptions& options) {
  for (const auto& [key, value] : table) {
    bool known = false;
    for (const Setting& setting : settings()) known = known || setting.name == key.str();
    if (!known) reject(value, "unknown key " + key_text(key, name) + "; it may have: " + known_settings());
  }
  for (const Setting& setting : settings()) {
    const toml::node* node = table.get(setting.name);
    if (node == nullptr) continue;
    const std::string key = "\"" + std::string(setting.name) + "\" in [" + name + "]";
    if (const auto problem = apply(setting, options, value_texts(setting, *node, key))) {
      reject(*node, key + ": " + *problem);
    }
  }
}

Scenario read(const toml::table& root) {
  for (const auto& [key, value] : root) {
    if (key != "seed" && key != "both" && key != "up" && key != "down") {
      reject(value, "unknown key " + key_text(key, "") + "; there may be: seed, [both], [up], [down]");
    }
    if (key != "seed" && !value.is_table()) {
      reject(value, key_text(key, "") + " must be a table: [" + std::string(key.str()) + "]");
    }
  }
  Scenario scenario;
  if (const toml::node* seed = root.get("seed")) {
    if (!seed->is_integer() || seed->as_integer()->get() < 0)
      reject(*seed, "\"seed\" must be a whole number from 0 up");
    scenario.seed = static_cast<std::uint64_t>(seed->as_integer()->get());
  }
  if (const toml::node* both = root.get("both")) {
    read_table(*both->as_table(), "both", scenario.up);
    read_table(*both->as_table(), "both", scenario.down);
  }
  if (const toml::node* up = root.get("up")) read_table(*up->as_table(), "up", scenario.up);
  if (const toml::node* down = root.get("down")) read_table(*down->as_table(), "down", scenario.down);
  return scenario;
}

}  // namespace

std::optional<std::string> Scenario::validate() const {
  if (const auto problem = up.validate()) return "up: " + *problem;
  if (const auto problem = down.validate()) return "down: " + *problem;
  return std::nullopt;
}

Result<Scenario, std::string> parse_scenario(std::string_view toml, const std::string& name) {
  try {
    return read(toml::parse(toml, name));
  } catch (const Mistake& mistake) {
    return name + ", " + mistake.sentence;
  } catch (const toml::parse_error& error) {
    return name + ", line " + std::to_string(error.source().begin.line) + ": " +
           std::string(error.description());
  }
}

Result<Scenario, std::string> load_scenario(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return "cannot read " + path + ": it is a directory";
  std::ifstream file(path, std::ios::binary);
  if (!file) return "cannot read " + path + ": " + std::generic_category().message(errno);
  return parse_scenario(std::string(std::istreambuf_iterator<char>(file), {}), path);
}

}  // namespace hubbub::impair
