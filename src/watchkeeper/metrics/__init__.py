"""What is computed: one file, one metric, a pure function over a stack of cells with its declaration."""
