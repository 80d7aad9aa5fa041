// The end of the machine: after the program, and after a panic.
#pragma once

// Registers what process_end_machine and panic call.
void shutdown_init(void);
