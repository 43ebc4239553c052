"""Training a challenger: here in seconds, or as a durable job at a provider."""
