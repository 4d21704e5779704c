"""`python -m prompt_lint`, without the working directory on the path: a repository may hold a `yaml.py` of its own."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]

from prompt_lint.cli.main import main

main()
