// Memory for Arrow's readers, bounded.
#pragma once

namespace arrow {
class MemoryPool;
}

namespace oddshot::data {

// One of Arrow's pools, but what would exceed the memory of this machine is refused with a status. A damaged or hostile file claims sizes
// as it pleases, Arrow asks for them before it reads, and a system that promises more memory than it has would grant them. Lives for ever.
arrow::MemoryPool* bounded_pool();

}  // namespace oddshot::data
