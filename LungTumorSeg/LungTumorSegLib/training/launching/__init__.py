"""A run's processes started, listened to, and ended."""
