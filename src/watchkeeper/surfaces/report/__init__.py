"""One self-contained page: what broke, where and since when; then how every column moved."""
