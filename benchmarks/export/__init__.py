"""A measurement of the speed, memory and file size of large exports."""
