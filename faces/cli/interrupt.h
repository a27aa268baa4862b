// Ctrl-C (or a polite kill) asks for an end between two steps; a second one ends the program at once.
#pragma once

#include <atomic>

namespace oddshot::cli {

// Set by SIGINT and SIGTERM from now on.
const std::atomic<bool>& stop_on_interrupt();

}  // namespace oddshot::cli
