#include "codec/wire/element.h"

namespace hubbub {

std::optional<Element> ElementReader::next() {
  if (reader_.finish() || !reader_.ok()) return std::nullopt;
  Element element;
  element.type = static_cast<ElementType>(reader_.u8());
  element.body = reader_.bytes(reader_.u16());
  if (!reader_.ok()) return std::nullopt;
  return element;
}

std::optional<DropReason> ElementReader::problem() const {
  return reader_.ok() ? std::nullopt : std::optional(DropReason::kTruncated);
}

}  // namespace hubbub
