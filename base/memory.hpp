#pragma once
// Memory that a long-lived process no longer needs.
namespace stack {

/// Gives back what nothing uses now: free heap pages, and the pages of the program's own code and constants, which the kernel
/// maps generously around each first use and which cost a minor fault each when they are needed again (they stay in the page
/// cache). About 0.1 ms; for the moments when a burst of work is over.
void release_unused_memory();

}  // namespace stack
