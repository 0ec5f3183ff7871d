"""``python -m watchkeeper``."""

from watchkeeper.surfaces.cli.main import main

main()
