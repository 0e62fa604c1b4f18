#include "voiceclient/ui/line_editor.h"

#include <utility>

#include "voiceclient/ui/grapheme.h"

namespace hubbub {
namespace {

EditorEvent event_of(EditorEvent::Kind kind) {
  return {.kind = kind, .text = {}};
}

}  // namespace

std::vector<EditorEvent> LineEditor::feed(std::string_view bytes) {
  std::vector<EditorEvent> events;
  overflowed_ = false;
  for (const KeyPress& pressed : decoder_.feed(bytes)) {
    if (pasting_) {
      paste(pressed, events);
    } else {
      press(pressed, events);
    }
  }
  if (overflowed_) events.push_back(event_of(EditorEvent::Kind::kBell));
  return events;
}

void LineEditor::press(const KeyPress& press, std::vector<EditorEvent>& events) {
  switch (press.key) {
    case Key::kEnter:
      return submit(events);
    case Key::kInterrupt:
      return events.push_back(event_of(EditorEvent::Kind::kInterrupt));
    case Key::kRedraw:
      return events.push_back(event_of(EditorEvent::Kind::kRedraw));
    case Key::kDeleteOrEnd:
      if (line_.empty()) return events.push_back(event_of(EditorEvent::Kind::kEndOfInput));
      return edit(press);
    case Key::kPasteBegin:
      pasting_ = true;
      return;
    default:
      return edit(press);
  }
}

// Pasted text presses no keys, but for one: a paste whose end got lost must not lock the person in.
void LineEditor::paste(const KeyPress& press, std::vector<EditorEvent>& events) {
  switch (press.key) {
    case Key::kCharacter:
      return insert(press.character);
    case Key::kEnter:
    case Key::kTab:
      return insert(" ");
    case Key::kPasteEnd:
      pasting_ = false;
      return;
    case Key::kInterrupt:
      pasting_ = false;
      return events.push_back(event_of(EditorEvent::Kind::kInterrupt));
    default:
      return;
  }
}

void LineEditor::edit(const KeyPress& press) {
  switch (press.key) {
    case Key::kCharacter:
      return insert(press.character);
    case Key::kLeft:
      cursor_ = previous_grapheme(line_, cursor_);
      return;
    case Key::kRight:
      cursor_ = next_grapheme(line_, cursor_);
      return;
    case Key::kWordLeft:
      cursor_ = word_left();
      return;
    case Key::kWordRight:
      cursor_ = word_right();
      return;
    case Key::kHome:
      cursor_ = 0;
      return;
    case Key::kEnd:
      cursor_ = line_.size();
      return;
    case Key::kBackspace:
      return erase(previous_grapheme(line_, cursor_), cursor_);
    case Key::kDelete:
    case Key::kDeleteOrEnd:
      return erase(cursor_, next_grapheme(line_, cursor_));
    case Key::kKillToStart:
      return kill(0, cursor_);
    case Key::kKillToEnd:
      return kill(cursor_, line_.size());
    case Key::kKillWord:
      return kill(word_left(), cursor_);
    case Key::kYank:
      return insert(killed_);
    case Key::kOlder:
      if (recalled_ > 0) recall(recalled_ - 1);
      return;
    case Key::kNewer:
      if (recalled_ < history_.size()) recall(recalled_ + 1);
      return;
    default:
      return;
  }
}

void LineEditor::insert(std::string_view text) {
  if (line_.size() + text.size() > kMaxLineBytes) {
    overflowed_ = true;
    return;
  }
  line_.insert(cursor_, text);
  settle_cursor(cursor_ + text.size());
}

void LineEditor::erase(std::size_t from, std::size_t to) {
  line_.erase(from, to - from);
  settle_cursor(from);
}

void LineEditor::kill(std::size_t from, std::size_t to) {
  if (from == to) return;
  killed_ = line_.substr(from, to - from);
  erase(from, to);
}

void LineEditor::submit(std::vector<EditorEvent>& events) {
  const std::string text = std::exchange(line_, {});
  cursor_ = 0;
  if (text.find_first_not_of(' ') != std::string::npos) {
    if (history_.empty() || history_.back() != text) history_.push_back(text);
    if (history_.size() > kHistoryLines) history_.pop_front();
    events.push_back({.kind = EditorEvent::Kind::kSubmitted, .text = text});
  }
  recalled_ = history_.size();
}

void LineEditor::recall(std::size_t index) {
  if (recalled_ == history_.size()) draft_ = line_;
  recalled_ = index;
  line_ = index == history_.size() ? draft_ : history_[index];
  cursor_ = line_.size();
}

// An edit can join what were two clusters (a mark, a joiner, half a flag): the cursor never stays inside one.
void LineEditor::settle_cursor(std::size_t at) {
  cursor_ = grapheme_boundary(line_, at);
}

// Words are what stands between spaces.
std::size_t LineEditor::word_left() const {
  std::size_t at = cursor_;
  while (at > 0 && line_[at - 1] == ' ') --at;
  while (at > 0 && line_[at - 1] != ' ') --at;
  const std::size_t boundary = grapheme_boundary(line_, at);
  return boundary < cursor_ ? boundary
                            : previous_grapheme(line_, cursor_);  // a mark on a space is one cluster
}

std::size_t LineEditor::word_right() const {
  std::size_t at = cursor_;
  while (at < line_.size() && line_[at] == ' ') ++at;
  while (at < line_.size() && line_[at] != ' ') ++at;
  return grapheme_boundary(line_, at);
}

}  // namespace hubbub
