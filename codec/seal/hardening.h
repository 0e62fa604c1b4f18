// What a process that holds secrets asks of its system.
#pragma once

namespace hubbub::seal {

// No core dump holds our memory, and no other process of the same user may look into it. Where the system
// knows no such thing, nothing happens: it is one wall more, not the only one.
void keep_memory_private() noexcept;

}  // namespace hubbub::seal
