"""What no domain owns: times, files, addresses, processes, logs."""
