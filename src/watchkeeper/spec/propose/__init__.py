"""A first monitor file from a look at a table: what each column is, and why."""
